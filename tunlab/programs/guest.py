"""Plays a machine behind a tap device: answers ARP, neighbour solicitations and echo requests for its addresses."""

import argparse
import os
import sys
from ipaddress import IPv4Interface, IPv6Interface, ip_interface

from tunlab.kernel.tuntap import Flags, Tun
from tunlab.packet.guest_answers import answer_as_guest
from tunlab.packet.scapy_loader import load_scapy
from tunlab.programs.far_end import BUFFER, Take, command_line, serve, taking
from tunlab.programs.report import Reporter

MAC = "52:54:00:00:00:01"  # QEMU's own prefix


def playing(addresses: list[IPv4Interface | IPv6Interface], mac: str) -> Take:
    """What takes each frame and answers as that machine."""
    own = {each.ip for each in addresses}

    def take(tun: Tun, frame: bytes, report: Reporter) -> None:
        answer = answer_as_guest(frame, mac, own)
        if answer is None:
            print(f"Read {len(frame)} bytes, nothing to answer", flush=True)
            return
        os.write(tun.fd, answer)
        report.packet("written", answer, cause=report.number)
        print(f"Read {len(frame)} bytes, wrote {len(answer)} bytes back", flush=True)

    return take


def mac_address(text: str) -> str:
    """Six pairs of hexadecimal digits, in lower case; of one machine, not of many."""
    octets = [int(each, 16) for each in text.split(":") if len(each) == 2]
    if len(octets) != 6 or text.count(":") != 5 or octets[0] & 1:
        raise argparse.ArgumentTypeError(f"not the MAC address of a machine: {text}")
    return text.lower()


def main() -> int:
    parser = command_line(__doc__)
    parser.add_argument(
        "--address", type=ip_interface, action="append", required=True, help="an address of the machine; repeatable"
    )
    parser.add_argument("--mac", type=mac_address, default=MAC, help=f"its MAC address ({MAC})")
    wanted = parser.parse_args()
    load_scapy()  # before the device is there, so that the first answer is as quick as the others
    take = playing(wanted.address, wanted.mac)
    return serve(wanted.device, "a guest", taking(BUFFER, take), Flags.TAP | Flags.NO_PI)


if __name__ == "__main__":
    sys.exit(main())
