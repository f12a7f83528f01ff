"""What a program of ours at the far end of a tun device is made of: open it, and take each packet as it comes."""

import argparse
import os
import sys
from collections.abc import Callable

from tunlab.errors import KernelError
from tunlab.kernel.tuntap import Tun
from tunlab.programs.report import Reporter

Take = Callable[[Tun, bytes, Reporter], None]


def run(doc: str | None, purpose: str, buffer: int, take: Take) -> int:
    """Open the device that the command line names and call `take` for each packet read, for ever.

    Reads at most `buffer` bytes of a packet. Returns 1 when the device cannot be had, as tun.c does.
    """
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--device", default="", help="the device's name; without it the kernel picks one")
    wanted = parser.parse_args().device
    report = Reporter()
    try:
        with Tun(wanted) as tun:
            print(f"Open tun/tap device: {tun.name} for {purpose}...", flush=True)
            while True:
                packet = os.read(tun.fd, buffer)
                report.packet("read", packet)
                take(tun, packet, report)
    except KernelError as error:
        print(f"Allocating interface: {error.errno_name}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
