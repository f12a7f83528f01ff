"""A program in a node that holds tun0, sends through it, closes it and opens it anew, as a test tells it to."""

import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strange import PATIENCE, TUNLAB, environment

DEVICE = "tun0"
# Each line: a command, and what it takes. Packets to 203.0.113.x leave by tun0, those to 127.0.0.1 by lo.
PROGRAM = """
import socket, subprocess, sys
from time import monotonic
from tunlab.kernel.tuntap import Tun
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
tun = None
def open_():
    global tun
    tun = Tun("tun0")
    tun.__enter__()
    subprocess.run(
        "ip link set lo up; sysctl -qw net.ipv6.conf.tun0.disable_ipv6=1;"
        "ip addr add 203.0.113.1/24 dev tun0; ip link set tun0 up", shell=True, check=True)
def close():
    tun.__exit__(None, None, None)
def send(port, size, count):
    for _ in range(int(count)):
        sender.sendto(b"x" * int(size), ("203.0.113.2", int(port)))
def flood(size, seconds):
    data, end = b"x" * int(size), monotonic() + float(seconds)
    while monotonic() < end:
        for _ in range(100):
            sender.sendto(data, ("127.0.0.1", 9))
print("on", flush=True)
for line in sys.stdin:
    command, *rest = line.split()
    {"open": open_, "close": close, "send": send, "flood": flood}[command](*rest)
    print("done", flush=True)
"""


class Carrier:
    """Such a program. Each method returns when it has done so."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def answered(self) -> None:
        """Wait until it has done what it was told last."""
        assert self._process.stdout
        assert select.select([self._process.stdout], [], [], PATIENCE)[0], "no answer"
        assert self._process.stdout.readline(), "it has ended"

    def begin(self, *words: str | int | float) -> None:
        """Tell it to do something, and do not wait."""
        assert self._process.stdin
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()

    def tell(self, *words: str | int | float) -> None:
        self.begin(*words)
        self.answered()

    def open(self) -> None:
        """Open the device, with its address, and up."""
        self.tell("open")

    def close(self) -> None:
        """Close it; being of this program only, the device is gone."""
        self.tell("close")

    def send(self, count: int, port: int = 9, size: int = 5) -> None:
        """UDP packets through the device: of 28 bytes and `size` more."""
        self.tell("send", port, size, count)


@contextmanager
def carrying(place: Path, node: str = "h1", opened: bool = True) -> Iterator[Carrier]:
    """Such a program in a node of the session below `place`."""
    program = place / "carrier"
    program.write_text(PROGRAM)
    words = [TUNLAB, "exec", node, "--", sys.executable, program]
    with subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(XDG_RUNTIME_DIR=place),
    ) as process:
        carrier = Carrier(process)
        try:
            carrier.answered()
            if opened:
                carrier.open()
            yield carrier
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)
