"""What a tunnel costs: throughput, round trip, small packets and CPU time, by tunlab and by others, in turn.

Two network namespaces on a veth pair of MTU 1500, in a sandbox of this run's own. Every tunnel stands all the time,
each with a device and a network of its own, MTU 1400; only one is used at a time, and the rounds are interleaved.

    throughput   one TCP stream of iperf3, cubic, there; what the receiver got
    round trip   one ICMP echo of 84 bytes after the other, by a raw socket of ours: the median of a round
    small        UDP packets of 64 bytes (36 of data) as fast as iperf3 can; what arrived, in packets a second
    CPU          of the processes of each endpoint while the TCP stream runs, in seconds a GB; none of the kernel's own

Then the throughput of some of them with several streams at once, of text (what iperf3 sends else cannot be compressed),
and with every offload of the veth pair switched off.
Prints figures, asserts none. Floors and aims stand beside the ratios. Needs iperf3; what else is missing is left out.

    bench_tunnel.py [ROUNDS [NAME...]]
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunnels import (
    COMPRESSED,
    DIRECT,
    ENCRYPTED,
    FAST,
    MTU,
    OPENVPN_GCM,
    OPENVPN_PLAIN,
    OPENVPN_TUNED,
    SIMPLE,
    TUNNELS,
    VXLAN,
    VXLAN_NO_GSO,
    WIREGUARD,
    Bench,
    Side,
    Tunnel,
    listens,
    surroundings,
    trips,
    two_nodes,
    wait,
    without_offloads,
)

from tunlab import paths
from tunlab.errors import TunlabError
from tunlab.i18n import Words
from tunlab.kernel import sandbox
from tunlab.kernel.offloads import offloads

ROUNDS = 5
SECONDS = 3  # of each TCP stream
SMALL_SECONDS = 2
ECHOES = 500
TEXT_BYTES = 200_000_000
TRIES = 4  # of a measurement by iperf3
STREAMS = (1, 2, 8)
PROGRAMS = (
    ("openvpn", "--version"), ("vtund", "-v"), ("socat", "-V"), ("wireguard-go", "--version"), ("iperf3", "--version"),
)  # fmt: skip
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    if shutil.which("iperf3", path=paths.search_path()) is None:
        sys.exit("iperf3 is missing (apt-get install iperf3)")
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    chosen = sys.argv[2:]
    try:
        sys.exit(sandbox.run(lambda _: measure(rounds, chosen), lambda _: None))
    except TunlabError as error:
        sys.exit(Words("en").error(error))


def measure(rounds: int, chosen: Sequence[str]) -> int:
    tunnels = []
    with tempfile.TemporaryDirectory() as folder, two_nodes() as sides:
        bench = Bench(sides, Path(folder))
        try:
            for number, (name, (programs, make)) in enumerate(TUNNELS.items()):
                if chosen and name not in (DIRECT, *chosen):
                    continue
                missing = [each for each in programs if shutil.which(each, path=paths.search_path()) is None]
                if missing:
                    print(f"{name} is left out: {' and '.join(missing)} not installed")
                    continue
                tunnel = Tunnel(name, number)
                make(bench, tunnel)
                tunnels.append(tunnel)
            server = sides[1].start(["iperf3", "-s"])
            bench.started.append(server)
            wait(lambda: listens(sides[1], 5201), "iperf3 does not listen")
            surroundings_told(sides[0])
            for number in range(rounds):
                for tunnel in tunnels if number % 2 == 0 else reversed(tunnels):
                    stream(bench, tunnel)
                    tunnel.trip.append(statistics.median(trips(bench, tunnel, ECHOES)))
                    small(bench, tunnel)
            several_streams(bench, tunnels, rounds)
            of_text(bench, tunnels, rounds)
            bare_veth(bench, tunnels, rounds)
        finally:
            bench.end()
    report(tunnels)
    return 0


def several_streams(bench: Bench, tunnels: Sequence[Tunnel], rounds: int) -> None:
    for _ in range(rounds):
        for tunnel in tunnels:
            if tunnel.name in (OPENVPN_TUNED, VXLAN, SIMPLE, FAST):
                for count in STREAMS:
                    tunnel.streams.setdefault(count, []).append(bits(bench, tunnel, "-P", str(count)))


def of_text(bench: Bench, tunnels: Sequence[Tunnel], rounds: int) -> None:
    """The project's own documentation, again and again; each packet is compressed by itself, so that does not help."""
    words = b"".join(each.read_bytes() for each in sorted(Path(__file__).parents[1].glob("docs/*.md")))
    text = bench.folder / "text"
    with text.open("wb") as file:
        while file.tell() < TEXT_BYTES:
            file.write(words)
    for _ in range(rounds):
        for tunnel in tunnels:
            if tunnel.name in (SIMPLE, FAST, COMPRESSED):
                before = sent_bytes(bench.sides[0])
                told = iperf(bench, tunnel, "-F", str(text), "-C", "cubic")["end"]
                tunnel.text.append(told["sum_received"]["bits_per_second"])
                tunnel.wire.append((sent_bytes(bench.sides[0]) - before) / told["sum_received"]["bytes"])


def sent_bytes(side: Side) -> int:
    """By eth0, with Ethernet's headers."""
    told = json.loads(side.run("ip", "-json", "-statistics", "link", "show", "dev", "eth0"))
    return int(told[0]["stats64"]["tx"]["bytes"])


def bare_veth(bench: Bench, tunnels: Sequence[Tunnel], rounds: int) -> None:
    for side in bench.sides:
        with side.namespace.entered():
            without_offloads("eth0")
    for _ in range(rounds):
        for tunnel in tunnels:
            if tunnel.name in (DIRECT, OPENVPN_PLAIN, SIMPLE, FAST):
                tunnel.bare.append(bits(bench, tunnel))


def bits(bench: Bench, tunnel: Tunnel, *words: str) -> float:
    """A second, as the receiver got them."""
    return iperf(bench, tunnel, "-t", str(SECONDS), "-C", "cubic", *words)["end"]["sum_received"]["bits_per_second"]


def stream(bench: Bench, tunnel: Tunnel) -> None:
    before = [seconds_of(pids) for pids in tunnel.pids]
    told = iperf(bench, tunnel, "-t", str(SECONDS), "-C", "cubic")
    received = told["end"]["sum_received"]
    tunnel.bits.append(received["bits_per_second"])
    tunnel.retransmits.append(told["end"]["sum_sent"]["retransmits"])
    for number, pids in enumerate(tunnel.pids):
        if pids:
            tunnel.cpu[number].append((seconds_of(pids) - before[number]) / (received["bytes"] / 1e9))


def small(bench: Bench, tunnel: Tunnel) -> None:
    told = iperf(bench, tunnel, "-u", "-b", "0", "-l", "36", "-t", str(SMALL_SECONDS))
    total = told["end"]["sum"]
    tunnel.small.append((total["packets"] - total["lost_packets"]) / total["seconds"])


def iperf(bench: Bench, tunnel: Tunnel, *words: str) -> dict[str, dict[str, dict[str, float]]]:
    """What it tells at its end; a second time where its control connection has drowned in the flood."""
    wanted = ["iperf3", "-J", "-c", tunnel.address(2), "-B", tunnel.address(1), *words]
    for _ in range(TRIES):
        with bench.sides[0].namespace.entered():
            said = subprocess.run(wanted, check=False, capture_output=True, text=True, env=surroundings()).stdout
        result: dict[str, dict[str, dict[str, float]]] = json.loads(said)
        if result["end"]:
            return result
        print(f"{tunnel.name}: iperf3 once more: {result.get('error')}", flush=True)
    sys.exit(1)


def seconds_of(pids: Sequence[int]) -> float:
    """utime and stime (proc_pid_stat(5))."""
    total = 0
    for pid in pids:
        fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


# Telling


def surroundings_told(side: Side) -> None:
    with side.namespace.entered():
        state = ", ".join(f"{each.name} {'on' if each.on else 'off'}" for each in offloads("eth0"))
    for program, option in PROGRAMS:
        if shutil.which(program, path=paths.search_path()):
            print(f"{program}: {version(program, option)}")
    print(f"eth0: {state}")
    print(f"congestion control of iperf3: cubic; MTU of eth0 1500, of the tunnels {MTU}")
    for name in ("rmem_default", "rmem_max", "wmem_default"):
        print(f"net.core.{name}: {Path('/proc/sys/net/core', name).read_text().strip()}", end="; ")
    print()


def version(program: str, option: str) -> str:
    done = subprocess.run([program, option], capture_output=True, text=True, check=False, env=surroundings())
    lines = (done.stdout + done.stderr).splitlines()
    return next((line.strip() for line in lines if "ersion" in line or "ver " in line or "iperf" in line
                 or "OpenVPN" in line), "?")[:70]  # fmt: skip


def report(tunnels: Sequence[Tunnel]) -> None:
    print(f"\n{len(tunnels[0].bits)} rounds in turn; minimum / median / maximum")
    print(f"  {'':18}  {'Gbit/s':>17}  {'sent anew':>9}  {'round trip us':>17}  {'64-byte kpps':>17}  CPU s/GB")
    for each in tunnels:
        cpu = " ".join(f"{statistics.median(side):5.2f}" for side in each.cpu if side)
        anew = int(statistics.median(each.retransmits))
        print(
            f"  {each.name:18}  {giga(each.bits)}  {anew:9}"
            f"  {three(each.trip, 0)}  {three([one / 1000 for one in each.small], 1)}  {cpu}"
        )
    print(f"\nGbit/s with {', '.join(map(str, STREAMS))} streams")
    for each in tunnels:
        if each.streams:
            print(f"  {each.name:18}  {'  '.join(giga(each.streams[count]) for count in STREAMS)}")
    print("\nGbit/s of text, and bytes at eth0 for each of its bytes")
    for each in tunnels:
        if each.text:
            print(f"  {each.name:18}  {giga(each.text)}  {three(each.wire, 2)}")
    print("\nGbit/s with every offload of both ends of the veth pair off")
    for each in tunnels:
        if each.bare:
            print(f"  {each.name:18}  {giga(each.bare)}")
    ratios({each.name: each for each in tunnels})


@dataclass(frozen=True)
class Ratio:
    """What is compared, of whom to whom, and what is wanted: of a round trip less, of all else more."""

    what: str
    measured: Callable[[Tunnel], list[float]]
    one: str
    other: str
    floor: float | str = "-"
    aim: float | str = "-"


THROUGHPUT, TRIP, SMALL, BARE = "throughput", "round trip", "64-byte packets", "throughput without offloads"
THROUGHPUT_OF_TEXT, BYTES_OF_TEXT = "throughput of text", "bytes of text at eth0"
RATIOS = (
    Ratio(THROUGHPUT, lambda of: of.bits, SIMPLE, OPENVPN_PLAIN, 1, 1.4),
    Ratio(TRIP, lambda of: of.trip, SIMPLE, OPENVPN_PLAIN, 1.3, 0.9),
    Ratio(SMALL, lambda of: of.small, SIMPLE, OPENVPN_PLAIN, 0.9, 1.2),
    Ratio(THROUGHPUT, lambda of: of.bits, FAST, OPENVPN_TUNED, 6, 9),
    Ratio(THROUGHPUT, lambda of: of.bits, FAST, VXLAN_NO_GSO, 1.5, 2),
    Ratio(THROUGHPUT, lambda of: of.bits, FAST, VXLAN, 0.25, 0.4),
    Ratio(BARE, lambda of: of.bare, FAST, OPENVPN_PLAIN, 1.2, 1.6),
    Ratio(SMALL, lambda of: of.small, FAST, OPENVPN_PLAIN, 0.9, 1.2),
    Ratio(TRIP, lambda of: of.trip, FAST, OPENVPN_PLAIN, 1.6, 1.1),
    Ratio(THROUGHPUT, lambda of: of.bits, ENCRYPTED, OPENVPN_GCM, 3, 4.5),
    Ratio(THROUGHPUT, lambda of: of.bits, ENCRYPTED, WIREGUARD),
    Ratio(TRIP, lambda of: of.trip, ENCRYPTED, OPENVPN_GCM),
    Ratio(THROUGHPUT_OF_TEXT, lambda of: of.text, COMPRESSED, FAST),
    Ratio(BYTES_OF_TEXT, lambda of: of.wire, COMPRESSED, FAST),
)


def ratios(tunnels: Mapping[str, Tunnel]) -> None:
    """Of the medians; and of the best rounds, since what else runs on the machine only ever makes a round worse."""
    print(f"\n{'ratios':68}  medians  best rounds  floor  aim")
    for each in RATIOS:
        if each.one in tunnels and each.other in tunnels:
            one, other = each.measured(tunnels[each.one]), each.measured(tunnels[each.other])
            best = min if each.what in (TRIP, BYTES_OF_TEXT) else max
            middle = statistics.median(one) / statistics.median(other)
            print(
                f"  {f'{each.what}, {each.one} / {each.other}':66}  {middle:7.2f}  {best(one) / best(other):11.2f}"
                f"  {each.floor:5}  {each.aim:3}"
            )


def giga(bits: Sequence[float]) -> str:
    return three([each / 1e9 for each in bits], 2)


def three(values: Sequence[float], digits: int) -> str:
    found = (min(values), statistics.median(values), max(values))
    return "/".join(f"{value:.{digits}f}".rjust(5) for value in found)


if __name__ == "__main__":
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, Linux {os.uname().release}")
    print(f"load of the last minute before it began: {os.getloadavg()[0]:.2f}")
    main()
