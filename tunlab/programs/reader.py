"""The Python twin of tun.c: opens a tun device and prints the length of each packet that it reads, nothing else."""

import sys

from tunlab.kernel.tuntap import Tun
from tunlab.programs.far_end import run
from tunlab.programs.report import Reporter

BUFFER = 1500  # bytes, as in tun.c


def take(_tun: Tun, packet: bytes, _report: Reporter) -> None:
    print(f"Read {len(packet)} bytes from tun/tap device", flush=True)


if __name__ == "__main__":
    sys.exit(run(__doc__, "reading", BUFFER, take))
