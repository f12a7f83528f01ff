"""How many packets a second `tunlab capture` and `tcpdump -w` keep without a drop, from the same flood, in turn.

Makes namespaces of its own (as root or as an ordinary user) with a veth pair: a process sends 84-byte IP packets into
one end, at rising rates and then as fast as it can, and the other end is captured into a file in memory. Both have a
ring of 2 MB, which is the default of both. Prints medians, asserts none. The aim: 0.9 of tcpdump, at least 0.6.
"""

import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tunlab import paths
from tunlab.errors import TunlabError
from tunlab.i18n import Words
from tunlab.kernel import sandbox
from tunlab.kernel.namespaces import NetworkNamespace
from tunlab.kernel.netlink import Netlink

ROUNDS = 3
SECONDS = 2.0  # of each flood
RATES = (300_000, 600_000, 900_000, 0)  # packets a second; 0: as fast as it can
MOST = 4_000_000  # packets of one flood, whatever the machine can do
IDLE = 5  # seconds
BUFFER = 2048  # KiB
BATCH = 64  # packets sent by one system call
QUIET = 1.2  # seconds without a new byte in the file: all is written; tcpdump lets the kernel keep a block for 1 s
_SOL_UDP, _UDP_SEGMENT = 17, 103  # linux/udp.h

TUNLAB = str(Path(sys.prefix) / "bin/tunlab")
STATION = "192.0.2.2"
PAYLOAD = 84 - 20 - 8


@dataclass
class Outcome:
    """One flood: packets a second that were sent, how many of them were captured, the capture's CPU time in seconds."""

    rate: float
    sent: int
    captured: int
    dropped: int
    cpu: float

    def whole(self) -> bool:
        return self.captured >= self.sent and not self.dropped


def main() -> None:
    if not shutil.which("tcpdump", path=paths.search_path()):
        sys.exit("tcpdump is missing")
    try:
        sys.exit(sandbox.run(lambda _: measure(), lambda _: None))
    except TunlabError as error:
        sys.exit(Words("en").error(error))


def measure() -> int:
    with NetworkNamespace("h1") as h1, NetworkNamespace("h2") as h2, Netlink(h1) as near, Netlink(h2) as far:
        near.add_veth("eth0", "eth0", h2)
        for end in (near, far):
            end.set_link("eth0", state="up")
            end.set_link("lo", state="up")
        near.add_address("eth0", "192.0.2.1/24")
        with h1.entered():
            # Sent 64 at once and cut into packets by the kernel in front of the device: nothing sends faster. To a
            # station that nobody is: the receiving stack throws them away behind the captures.
            ip("link", "set", "dev", "eth0", "gso_max_segs", "1")
            ip("neigh", "add", STATION, "lladdr", "02:00:00:00:00:99", "dev", "eth0")
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        with tempfile.TemporaryDirectory(dir=memory) as folder:
            compare(h1, h2, Path(folder))
        idle(h2)
    return 0


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, env=os.environ | {"PATH": paths.search_path()})


def commands(file: Path) -> dict[str, Sequence[str]]:
    # A root tcpdump becomes the user tcpdump, who may not write here.
    stay = ["-Z", "root"] if os.geteuid() == 0 else []
    return {
        "tcpdump": ["tcpdump", "-i", "eth0", "-n", "-B", str(BUFFER), *stay, "-w", str(file)],
        "tunlab": [TUNLAB, "capture", "--host", "eth0", "--buffer", f"{BUFFER}K", "--lang", "en", "-w", str(file)],
    }


def compare(h1: NetworkNamespace, h2: NetworkNamespace, folder: Path) -> None:
    best: dict[str, list[float]] = {name: [] for name in commands(folder)}
    print(f"{ROUNDS} rounds in turn, {SECONDS:g} s each, rings of {BUFFER} KiB; medians:")
    print("  asked for      by        sent kpps   captured kpps   dropped   ns of CPU a packet")
    every: dict[tuple[int, str], list[Outcome]] = {}
    for number in range(ROUNDS):
        for name in list(best) if number % 2 else list(reversed(best)):
            rates = []
            for rate in RATES:
                outcome = one(h1, h2, rate, commands(folder / "flood")[name], folder / "flood")
                every.setdefault((rate, name), []).append(outcome)
                rates.append(outcome.rate if outcome.whole() else 0)
            best[name].append(max(rates))
    for (rate, name), outcomes in sorted(every.items(), key=lambda item: (item[0][0] or MOST, item[0][1])):
        show(rate, name, outcomes)
    print("without a drop, kpps, the median of the rounds' best:")
    for name, rates in best.items():
        print(f"  {name:8} {median(rates) / 1000:6.0f}   (from {min(rates) / 1000:.0f} to {max(rates) / 1000:.0f})")
    ratio = median(ours / theirs if theirs else 1 for ours, theirs in zip(best["tunlab"], best["tcpdump"], strict=True))
    print(f"  tunlab / tcpdump: {ratio:.2f} (aim 0.9, floor 0.6)")


def show(rate: int, name: str, outcomes: Sequence[Outcome]) -> None:
    sent = median(each.rate for each in outcomes) / 1000
    captured = median(each.rate * min(each.captured, each.sent) / each.sent for each in outcomes) / 1000
    dropped = median(each.dropped for each in outcomes)
    cpu = median(each.cpu / max(each.captured, 1) for each in outcomes) * 1e9
    asked = f"{rate // 1000} kpps" if rate else "all it can"
    print(f"  {asked:12}   {name:8}   {sent:9.0f}   {captured:13.0f}   {dropped:7.0f}   {cpu:18.0f}")


def one(h1: NetworkNamespace, h2: NetworkNamespace, rate: int, command: Sequence[str], file: Path) -> Outcome:
    """One flood, captured by one program."""
    with h2.entered():
        environment = os.environ | {"PATH": paths.search_path()}
        capture = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    assert capture.stderr
    said = ""
    while "listening on" not in said and "capturing" not in said:
        line = capture.stderr.readline()
        if not line:
            sys.exit(f"{command[0]} ended: {said}")
        said += line
    began = cpu_of(capture.pid)
    sent, seconds = flood(h1, rate)
    until_quiet(file)
    cpu = cpu_of(capture.pid) - began
    capture.send_signal(signal.SIGINT)
    said += capture.stderr.read()
    capture.wait()
    file.unlink()
    captured, dropped = (re.search(pattern, said) for pattern in (r"(\d+) packets? captured", r"(\d+)\D* dropped by"))
    assert captured and dropped, said
    return Outcome(sent / seconds, sent, int(captured[1]), int(dropped[1]), cpu)


def flood(h1: NetworkNamespace, rate: int) -> tuple[int, float]:
    """Send from a process of its own; packets sent, and the seconds it took."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            with h1.entered():
                os.write(tell, struct.pack("qd", *send(rate)))
            status = 0
        finally:
            os._exit(status)
    os.close(tell)
    with os.fdopen(told, "rb") as answer:
        sent, seconds = struct.unpack("qd", answer.read())
    os.waitpid(pid, 0)
    return sent, seconds


def send(rate: int) -> tuple[int, float]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        sender.setsockopt(_SOL_UDP, _UDP_SEGMENT, PAYLOAD)
        sender.connect((STATION, 9))
        batch = bytes(PAYLOAD * BATCH)
        sent, began = 0, time.perf_counter()
        while (now := time.perf_counter() - began) < SECONDS and sent < MOST:
            if not rate or sent < now * rate:
                sender.send(batch)
                sent += BATCH
        return sent, time.perf_counter() - began


def until_quiet(file: Path) -> None:
    size, since = -1, time.monotonic()
    while time.monotonic() - since < QUIET:
        now = file.stat().st_size
        if now != size:
            size, since = now, time.monotonic()
        time.sleep(0.02)


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used: proc(5), fields 14 and 15 of stat."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle(h2: NetworkNamespace) -> None:
    """What a capture of silence costs."""
    with h2.entered(), tempfile.TemporaryDirectory() as folder:
        command = [TUNLAB, "capture", "--host", "--lang", "en", "-w", str(Path(folder) / "idle")]
        capture = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert capture.stderr
        capture.stderr.readline()
        began = cpu_of(capture.pid)
        time.sleep(IDLE)
        used = cpu_of(capture.pid) - began
        capture.send_signal(signal.SIGINT)
        capture.communicate()
    print(f"idle for {IDLE} s: {100 * used / IDLE:.1f} % of a core")


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, Linux {os.uname().release}")
    main()
