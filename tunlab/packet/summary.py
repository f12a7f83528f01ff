"""One line that says what a packet is, by struct and without scapy."""

import struct
from collections.abc import Callable
from socket import AF_INET, inet_ntop

from tunlab.model.packet import LinkType
from tunlab.packet.headers import (
    ETHERTYPE_ARP,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    Datagram,
    datagram,
    frame,
    internet,
    packet_information,
)
from tunlab.packet.icmp_text import icmp_text, icmpv6_text
from tunlab.packet.inner import CARRIERS, inner
from tunlab.packet.names import PROTOCOLS, TCP_FLAGS

_UDP_HEADER = struct.Struct("!HHH2x").unpack_from
_TCP_HEADER = struct.Struct("!HHIIBB6x").unpack_from
_TCP_FLAGS = [
    " ".join(flag for bit, flag in enumerate(TCP_FLAGS) if bits >> bit & 1) or "no flags" for bits in range(256)
]
_NESTED = 2  # how many packets within the packet are told


def summary(data: bytes, link: LinkType) -> str:
    """Such as "IP 10.0.0.1 > 10.0.0.2  UDP 1234 > 53  length 20". Never raises, never empty.

    A packet that another carries follows in brackets.
    """
    return _summary(data, link, _NESTED)


def _summary(data: bytes, link: LinkType, room: int) -> str:
    """`room`: how many packets within this one may be told."""
    if link is LinkType.RAW:
        return _internet(data, room)
    return _ethernet(data, room) if link is LinkType.ETHERNET else _with_information(data, room)


def _with_information(data: bytes, room: int) -> str:
    """Documentation/networking/tuntap.rst, section 3.2."""
    information = packet_information(data)
    if information is None:
        return f"PI cut off  {_size(data)}"
    flags, ethertype = information
    return f"PI flags {flags} proto 0x{ethertype:04x}  {_internet(internet(data, LinkType.PI), room)}"


def _ethernet(data: bytes, room: int) -> str:
    """The MAC addresses only where nothing more telling follows."""
    around = frame(data)
    if around is None:
        return f"Ethernet header cut off  {_size(data)}"
    vlans = "".join([f"VLAN {vlan}  " for vlan in around.vlans])
    if around.ethertype in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
        return vlans + _internet(around.payload, room)
    if around.ethertype == ETHERTYPE_ARP:
        return vlans + _arp(around.payload)
    kind = f"type 0x{around.ethertype:04x}" if around.ethertype >= 1536 else f"802.3 length {around.ethertype}"
    return f"{vlans}Ethernet {around.source.hex(':')} > {around.destination.hex(':')}  {kind}"


def _arp(data: bytes) -> str:
    """RFC 826, with Ethernet and IPv4 addresses: what Linux speaks."""
    if len(data) < 28:
        return f"ARP cut off  {_size(data)}"
    operation, mac, sender, target = struct.unpack_from("!6xH6s4s6x4s", data)
    if operation == 1:
        return f"ARP who has {inet_ntop(AF_INET, target)} tell {inet_ntop(AF_INET, sender)}"
    if operation == 2:
        return f"ARP {inet_ntop(AF_INET, sender)} is at {mac.hex(':')}"
    return f"ARP operation {operation}"


def _internet(data: bytes, room: int) -> str:
    packet = datagram(data)
    if packet is None:
        return _size(data) + (f", first byte 0x{data[0]:02x}" if data else "")
    name = "IP" if packet.version == 4 else "IPv6"
    line = f"{name} {packet.source} > {packet.destination}  {_payload(packet)}"
    if packet.missing:
        line += f"  truncated, {len(data)} of {len(data) + packet.missing} bytes"
    if room and packet.protocol in CARRIERS and (carried := inner(packet)):
        link, payload = carried
        line += f"  [{_summary(payload, link, room - 1)}]"
    return line


def _payload(packet: Datagram) -> str:
    name, text = _SPOKEN.get(packet.protocol, ("", _other))
    part = packet.fragment
    if part is None:
        return _whole(packet, name, text)
    where = f"fragment id 0x{part.identifier:04x} offset {part.offset} length {packet.announced}"
    where += ", more follow" if part.more else ", the last"
    if part.offset:
        return f"{name or _number(packet)}  {where}"
    return f"{_whole(packet, name, text)}  {where}"


def _whole(packet: Datagram, name: str, text: Callable[[Datagram], str]) -> str:
    try:
        return text(packet)
    except struct.error:
        return f"{name} header cut off"


def _udp(packet: Datagram) -> str:
    """RFC 768."""
    source, destination, length = _UDP_HEADER(packet.payload)
    size = f"length {length - 8}" if length >= 8 else f"bad length {length}"
    return f"UDP {source} > {destination}  {size}"


def _tcp(packet: Datagram) -> str:
    """RFC 9293, section 3.1."""
    source, destination, sequence, acknowledged, header, bits = _TCP_HEADER(packet.payload)
    ack = f" ack {acknowledged}" if bits & 0x10 else ""
    length = packet.announced - 4 * (header >> 4)
    size = f"length {length}" if length >= 0 else f"bad header length {4 * (header >> 4)}"
    return f"TCP {source} > {destination}  {_TCP_FLAGS[bits]} seq {sequence}{ack}  {size}"


def _other(packet: Datagram) -> str:
    return f"{_number(packet)}  length {packet.announced}"


def _number(packet: Datagram) -> str:
    name = PROTOCOLS.get(packet.protocol)
    return f"protocol {packet.protocol}" + (f" ({name})" if name else "")


def _size(data: bytes) -> str:
    return "1 byte" if len(data) == 1 else f"{len(data)} bytes"


_SPOKEN: dict[int, tuple[str, Callable[[Datagram], str]]] = {
    ICMP: ("ICMP", icmp_text),
    TCP: ("TCP", _tcp),
    UDP: ("UDP", _udp),
    ICMPV6: ("ICMPv6", icmpv6_text),
}
