"""The Python twin of tun.c: opens a tun device and prints the length of each packet that it reads, nothing else."""

import sys

from tunlab.kernel.tuntap import Flags, Tun
from tunlab.programs.far_end import command_line, serve, taking
from tunlab.programs.report import Reporter

BUFFER = 1504  # bytes: 1500 as in tun.c, and the packet information


def take(_tun: Tun, packet: bytes, _report: Reporter) -> None:
    print(f"Read {len(packet)} bytes from tun/tap device", flush=True)


def main() -> int:
    parser = command_line(__doc__)
    parser.add_argument("--multi-queue", action="store_true", help="one of several that read: IFF_MULTI_QUEUE")
    parser.add_argument(
        "--packet-info", action="store_true", help="4 bytes in front of each packet, flags and protocol: no IFF_NO_PI"
    )
    parser.add_argument("--tap", action="store_true", help="a tap device: whole Ethernet frames")
    wanted = parser.parse_args()
    flags = Flags.TAP if wanted.tap else Flags.TUN
    if not wanted.packet_info:
        flags |= Flags.NO_PI
    if wanted.multi_queue:
        flags |= Flags.MULTI_QUEUE
    return serve(wanted.device, "reading", taking(BUFFER, take), flags)


if __name__ == "__main__":
    sys.exit(main())
