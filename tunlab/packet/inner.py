"""The packet or frame that a tunnel's packet carries: VXLAN, GRE, IP in IP, and a whole packet in a UDP datagram."""

import struct

from tunlab.model.packet import LinkType
from tunlab.packet.headers import ETHERTYPE_IPV4, ETHERTYPE_IPV6, UDP, Datagram
from tunlab.packet.tunnelled import is_whole_packet

_IPV4, _IPV6, _GRE = 4, 41, 47
CARRIERS = frozenset((UDP, _IPV4, _IPV6, _GRE))

_VXLAN_PORTS = (4789, 8472)  # IANA's, and the one that Linux had before
_VXLAN_VALID = 0x08
_ETHERNET_IN_GRE = 0x6558


def inner(packet: Datagram) -> tuple[LinkType, bytes] | None:
    """What is carried, and what it begins with; None where that is no packet, or only a part of one."""
    if packet.fragment is not None:
        return None
    if packet.protocol == UDP:
        return _in_udp(packet.payload)
    if packet.protocol == _GRE:
        return _in_gre(packet.payload)
    if packet.protocol in (_IPV4, _IPV6) and packet.payload:
        return LinkType.RAW, packet.payload
    return None


def _in_udp(data: bytes) -> tuple[LinkType, bytes] | None:
    if len(data) < 28:
        return None
    port, length = struct.unpack_from("!2xHH", data)
    payload = data[8:length]
    if is_whole_packet(payload):
        return LinkType.RAW, payload
    if port in _VXLAN_PORTS and payload[:1] == bytes([_VXLAN_VALID]):  # RFC 7348, section 5
        return LinkType.ETHERNET, payload[8:]
    return None


def _in_gre(data: bytes) -> tuple[LinkType, bytes] | None:
    """RFC 2784 and 2890: a checksum, a key and a sequence number may come first, four bytes each."""
    if len(data) < 4 or data[1] & 7:
        return None
    kind = int.from_bytes(data[2:4])
    payload = data[4 + 4 * (data[0] & 0xB0).bit_count() :]
    if not payload or data[0] & 0x40:
        return None
    if kind in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
        return LinkType.RAW, payload
    return (LinkType.ETHERNET, payload) if kind == _ETHERNET_IN_GRE else None
