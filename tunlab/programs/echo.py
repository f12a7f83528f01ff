"""Answers the echo requests that it reads from a tun device: swaps the addresses with scapy and writes them back."""

import argparse
import os
import sys

from tunlab.errors import KernelError
from tunlab.kernel.tuntap import Tun
from tunlab.packet.craft import swap_and_answer
from tunlab.programs.report import Reporter

BUFFER = 65536  # bytes: no packet is longer


def main() -> int:
    parser = argparse.ArgumentParser(prog="echo", description=__doc__)
    parser.add_argument("--device", default="", help="the device's name; without it the kernel picks one")
    wanted = parser.parse_args().device
    report = Reporter()
    try:
        with Tun(wanted) as tun:
            print(f"Open tun/tap device: {tun.name} for answering...", flush=True)
            while True:
                packet = os.read(tun.fd, BUFFER)
                report.packet("read", packet)
                answer = swap_and_answer(packet)
                if answer is None:
                    print(f"Read {len(packet)} bytes, nothing to answer", flush=True)
                    continue
                os.write(tun.fd, answer)
                report.packet("written", answer)
                print(f"Read {len(packet)} bytes, wrote {len(answer)} bytes back", flush=True)
    except KernelError as error:
        print(f"Allocating interface: {error.errno_name}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
