"""What a program of ours at the far end of a tun device is made of: open it, and serve it for ever."""

import argparse
import os
import sys
from collections.abc import Callable

from tunlab.errors import KernelError
from tunlab.kernel.errno_names import name_of
from tunlab.kernel.tuntap import Flags, Tun
from tunlab.model.packet import LinkType
from tunlab.programs.report import Reporter

BUFFER = 65536  # bytes: no packet is longer

Serve = Callable[[Tun, Reporter], None]
Take = Callable[[Tun, bytes, Reporter], None]


def command_line(doc: str | None) -> argparse.ArgumentParser:
    """What every such program understands."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--device", default="", help="the device's name; without it the kernel picks one")
    return parser


def run(doc: str | None, purpose: str, buffer: int, take: Take) -> int:
    """Open the device that the command line names and call `take` for each packet read, for ever.

    Reads at most `buffer` bytes of a packet. Returns the exit status.
    """
    return serve(command_line(doc).parse_args().device, purpose, taking(buffer, take))


def taking(buffer: int, take: Take) -> Serve:
    """What calls `take` for each packet read, for ever."""

    def serve_all(tun: Tun, report: Reporter) -> None:
        while True:
            packet = os.read(tun.fd, buffer)
            report.packet("read", packet)
            take(tun, packet, report)

    return serve_all


def _link(flags: Flags) -> LinkType:
    if flags & Flags.TAP:
        return LinkType.ETHERNET
    return LinkType.RAW if flags & Flags.NO_PI else LinkType.PI


def serve(device: str, purpose: str, work: Serve, flags: Flags = Flags.TUN | Flags.NO_PI) -> int:
    """Open a device, say so, and let `work` serve it. Returns 1 when the device cannot be had, as tun.c does."""
    try:
        with Tun(device, flags) as tun:
            report = Reporter(tun.name, _link(flags))
            print(f"Open tun/tap device: {tun.name} for {purpose}...", flush=True)
            work(tun, report)
    except KernelError as error:
        print(f"Allocating interface: {error.errno_name}", file=sys.stderr)
        return 1
    except OSError as error:  # EBADFD or EFAULT: the device was deleted
        print(f"Reading from interface: {name_of(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
