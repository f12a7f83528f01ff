"""What a machine with one Ethernet card answers: who has its address, and echo requests to it."""

from collections.abc import Container
from ipaddress import IPv4Address, IPv6Address, ip_address

from tunlab.packet.craft import swap_and_answer
from tunlab.packet.scapy_loader import load_scapy

_HEADER = 14  # bytes of Ethernet


def answer_as_guest(frame: bytes, mac: str, addresses: Container[IPv4Address | IPv6Address]) -> bytes | None:
    """The Ethernet frame that answers one, from a machine with these addresses; None where it would be silent.

    `mac` is in lower case. Answered are ARP (RFC 826), neighbour solicitations (RFC 4861) and echo requests.
    """
    load_scapy()
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, IPv6
    from scapy.layers.l2 import ARP, Ether

    if len(frame) < _HEADER:
        return None
    asked = Ether(frame)
    around = Ether(dst=asked.src, src=mac)
    if ARP in asked:
        arp = asked[ARP]
        if arp.op != 1 or _address(arp.pdst) not in addresses:
            return None
        return bytes(around / ARP(op=2, hwsrc=mac, psrc=arp.pdst, hwdst=arp.hwsrc, pdst=arp.psrc))
    if ICMPv6ND_NS in asked:
        target, asker = asked[ICMPv6ND_NS].tgt, asked[IPv6].src
        if _address(target) not in addresses or asker == "::":  # somebody who wants the address has to find another
            return None
        told = ICMPv6ND_NA(R=0, S=1, O=1, tgt=target) / ICMPv6NDOptDstLLAddr(lladdr=mac)
        return bytes(around / IPv6(src=target, dst=asker, hlim=255) / told)
    packet = asked.payload
    if asked.dst.lower() != mac or not isinstance(packet, IP | IPv6) or _address(packet.dst) not in addresses:
        return None
    answer = swap_and_answer(frame[_HEADER:])
    return None if answer is None else frame[6:12] + bytes.fromhex(mac.replace(":", "")) + frame[12:14] + answer


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:  # of ARP about something else than IPv4
        return None
