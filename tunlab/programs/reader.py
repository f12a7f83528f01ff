"""The Python twin of tun.c: opens a tun device, prints the length of each packet that it reads, does nothing else."""

import argparse
import os
import sys

from tunlab.errors import KernelError
from tunlab.kernel.tuntap import Tun
from tunlab.programs.report import Reporter

BUFFER = 1500  # bytes, as in tun.c


def main() -> int:
    parser = argparse.ArgumentParser(prog="reader", description=__doc__)
    parser.add_argument("--device", default="", help="the device's name; without it the kernel picks one")
    wanted = parser.parse_args().device
    report = Reporter()
    try:
        with Tun(wanted) as tun:
            print(f"Open tun/tap device: {tun.name} for reading...", flush=True)
            while True:
                packet = os.read(tun.fd, BUFFER)
                report.packet("read", packet)
                print(f"Read {len(packet)} bytes from tun/tap device", flush=True)
    except KernelError as error:
        print(f"Allocating interface: {error.errno_name}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
