"""At each SIGUSR1, writes an echo request into a tun device and reads what the kernel answers."""

import os
import select
import sys
import time

from tunlab.kernel.tuntap import Tun
from tunlab.model.packet import LinkType
from tunlab.packet.craft import echo_request
from tunlab.packet.echo import echo_of
from tunlab.packet.scapy_loader import load_scapy
from tunlab.packet.summary import summary
from tunlab.programs import on_signal
from tunlab.programs.far_end import BUFFER, Serve, command_line, serve
from tunlab.programs.report import Reporter

DATA = bytes(range(56))  # as much as ping(8) sends
PATIENCE = 2.0  # seconds to wait for the reply


def pinging(source: str, destination: str) -> Serve:
    """What serves the device: one request at each signal."""

    def work(tun: Tun, report: Reporter) -> None:
        sequence = 0
        while True:
            on_signal.wait()
            sequence = sequence % 0xFFFF + 1
            request = echo_request(source, destination, os.getpid() & 0xFFFF, sequence, DATA)
            try:
                os.write(tun.fd, request)
            except OSError as error:
                print(f"Writing: {error.strerror}", flush=True)
                continue
            report.packet("written", request)
            tell("Wrote", request)
            if not replied(tun, report, os.getpid() & 0xFFFF, sequence):
                print(f"No reply within {PATIENCE:g} s", flush=True)

    return work


def replied(tun: Tun, report: Reporter, identifier: int, sequence: int) -> bool:
    """Read and tell all that comes, until the reply does or the patience ends."""
    deadline = time.monotonic() + PATIENCE
    while select.select([tun.fd], [], [], max(0.0, deadline - time.monotonic()))[0]:
        packet = os.read(tun.fd, BUFFER)
        report.packet("read", packet)
        tell("Read", packet)
        if echo_of(packet, LinkType.RAW) == (True, identifier, sequence):
            return True
    return False


def tell(did: str, packet: bytes) -> None:
    print(f"{did} {len(packet)} bytes: {summary(packet, LinkType.RAW)}", flush=True)


def main() -> int:
    on_signal.block()
    parser = command_line(__doc__)
    parser.add_argument("--source", required=True, help="the address that the request seems to come from")
    parser.add_argument("--destination", required=True, help="an address of the kernel's side")
    wanted = parser.parse_args()
    load_scapy()  # before the device is there, so that the first request is as quick as the others
    return serve(wanted.device, "writing", pinging(wanted.source, wanted.destination))


if __name__ == "__main__":
    sys.exit(main())
