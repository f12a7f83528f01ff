"""The headers of a packet from the outside in, tunnels included, and where each begins."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from tunlab.model.packet import LinkType
from tunlab.packet.headers import (
    ESP,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPES_VLAN,
    ICMP,
    ICMPV6,
    PACKET_INFORMATION,
    TCP,
    UDP,
    Datagram,
    datagram,
)
from tunlab.packet.identity import is_echo
from tunlab.packet.tunnelled import is_whole_packet

ETHERNET, VLAN, IPV4, IPV6 = "Ethernet", "VLAN", "IPv4", "IPv6"
UNKNOWN, QUOTING, NOTICE = "unknown", "ICMP error", "ICMP"
INTERNET = (IPV4, IPV6)
# RFC 792 and RFC 4443, the messages that quote the packet which they are about; a redirect stops no packet.
ERRORS = {ICMP: (3, 4, 11, 12), ICMPV6: (1, 2, 3, 4)}

_IP_IN_IP, _IPV6_IN_IP, _GRE = 4, 41, 47
_ETHERNET_IN_GRE = 0x6558


class Header(NamedTuple):
    """`offset` and `size` in bytes. An `unknown` one is what stands before a packet that was found by other means."""

    name: str
    offset: int
    size: int

    @property
    def end(self) -> int:
        return self.offset + self.size


def internet_header(data: bytes, offset: int) -> tuple[Header, Datagram] | None:
    """The IP header at `offset`, extension headers included, and the packet; None where there is none."""
    packet = datagram(data[offset:])
    if packet is None:
        return None
    if packet.version == 4:
        return Header(IPV4, offset, 4 * (data[offset] & 0x0F)), packet
    length = int.from_bytes(data[offset + 4 : offset + 6])
    there = min(length, len(data) - offset - 40)
    return Header(IPV6, offset, 40 + there - len(packet.payload)), packet


def headers(data: bytes, link: LinkType) -> tuple[Header, ...]:
    """All that can be told by the bytes themselves. Never raises."""
    return tuple(_LINKS[link](data, 0))


def headers_to(data: bytes, link: LinkType, goal: int) -> tuple[Header, ...]:
    """The headers from the outside to the IP header at `goal`, which is the last one.

    Where the headers say nothing of it, what lies between is one that is unknown.
    """
    before = [header for header in headers(data, link) if header.end <= goal]
    end = before[-1].end if before else 0
    gap = (Header(UNKNOWN, end, goal - end),) if end < goal else ()
    found = internet_header(data, goal)
    return (*before, *gap, *((found[0],) if found else ()))


def _frame(data: bytes, offset: int) -> Iterator[Header]:
    """IEEE 802.3 and 802.1Q."""
    if len(data) < offset + 14:
        return
    yield Header(ETHERNET, offset, 14)
    ethertype, end = int.from_bytes(data[offset + 12 : offset + 14]), offset + 14
    while ethertype in ETHERTYPES_VLAN and len(data) >= end + 4:
        yield Header(VLAN, end, 4)
        ethertype, end = int.from_bytes(data[end + 2 : end + 4]), end + 4
    if ethertype in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
        yield from _internet(data, end)


def _with_information(data: bytes, offset: int) -> Iterator[Header]:
    if len(data) >= offset + PACKET_INFORMATION.size:
        yield Header("PI", offset, PACKET_INFORMATION.size)
        yield from _internet(data, offset + PACKET_INFORMATION.size)


def _internet(data: bytes, offset: int) -> Iterator[Header]:
    found = internet_header(data, offset)
    if found is None:
        return
    header, packet = found
    yield header
    if packet.fragment is not None and packet.fragment.offset:
        return
    if packet.protocol in (_IP_IN_IP, _IPV6_IN_IP):
        yield from _internet(data, header.end)
    elif packet.protocol == UDP:
        yield from _datagram(data, header.end)
    elif packet.protocol == TCP and len(packet.payload) >= 20:
        yield Header("TCP", header.end, 4 * (packet.payload[12] >> 4))
    elif packet.protocol == _GRE:
        yield from _gre(data, header.end)
    elif packet.protocol == ESP and len(packet.payload) >= 8:
        yield Header("ESP", header.end, 8)
    elif packet.protocol in ERRORS and len(packet.payload) >= 8:
        yield from _message(data, header.end, packet)


def _message(data: bytes, offset: int, packet: Datagram) -> Iterator[Header]:
    """An ICMP message; an echo may be a tunnel too, but none that can be told by its bytes."""
    if packet.payload[0] in ERRORS[packet.protocol]:
        yield Header(QUOTING, offset, 8)
        yield from _internet(data, offset + 8)
    elif not is_echo(packet):
        yield Header(NOTICE, offset, 8)


def _datagram(data: bytes, offset: int) -> Iterator[Header]:
    """A whole packet in it, or VXLAN (RFC 7348, section 5), whatever its port."""
    yield Header("UDP", offset, 8)
    inside = data[offset + 8 :]
    if is_whole_packet(inside):
        yield from _internet(data, offset + 8)
    elif inside[:4] == b"\x08\0\0\0" and inside[7:8] == b"\0":
        yield Header("VXLAN", offset + 8, 8)
        yield from _frame(data, offset + 16)


def _gre(data: bytes, offset: int) -> Iterator[Header]:
    """RFC 2784 and 2890: a checksum, a key and a sequence number may come first, four bytes each."""
    if len(data) < offset + 4:
        return
    flags, kind = struct.unpack_from("!BxH", data, offset)
    if data[offset + 1] & 7 or flags & 0x40:
        return
    header = Header("GRE", offset, 4 + 4 * (flags & 0xB0).bit_count())
    yield header
    if kind in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
        yield from _internet(data, header.end)
    elif kind == _ETHERNET_IN_GRE:
        yield from _frame(data, header.end)


_LINKS = {LinkType.ETHERNET: _frame, LinkType.RAW: _internet, LinkType.PI: _with_information}
