"""Where the headers of a packet end, by struct: Ethernet, IPv4, and IPv6 with its extension headers."""

import struct
import sys
from socket import AF_INET, AF_INET6, inet_ntop
from typing import NamedTuple

from tunlab.model.packet import LinkType

PACKET_INFORMATION = struct.Struct("!2sH")  # struct tun_pi of <linux/if_tun.h>: flags in host order, ethertype

# linux/if_ether.h
ETHERTYPE_IPV4 = 0x0800
ETHERTYPE_ARP = 0x0806
ETHERTYPE_IPV6 = 0x86DD
ETHERTYPES_VLAN = (0x8100, 0x88A8)

_IPV4 = struct.Struct("!2xHHHxB2x4s4s")
_IPV6 = struct.Struct("!4xHBx16s16s")

# www.iana.org/assignments/protocol-numbers
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
ESP = 50  # RFC 4303: what follows its header is encrypted
_FRAGMENT, _AUTHENTICATION = 44, 51
# hop-by-hop, routing, fragment, authentication, destination options, mobility: RFC 8200, 4302, 6275
_EXTENSIONS = frozenset((0, 43, _FRAGMENT, _AUTHENTICATION, 60, 135))


class Frame(NamedTuple):
    """An Ethernet frame without its header; `ethertype` below 1536 is a length (IEEE 802.3)."""

    destination: bytes
    source: bytes
    ethertype: int
    vlans: tuple[int, ...]
    payload: bytes


class Fragment(NamedTuple):
    """Which part of a larger datagram this is; `offset` in bytes."""

    identifier: int
    offset: int
    more: bool


class Datagram(NamedTuple):
    """An IP packet without its headers. `missing`: bytes that its header announces and the data lacks."""

    version: int
    source: str
    destination: str
    protocol: int
    payload: bytes
    missing: int
    fragment: Fragment | None

    @property
    def announced(self) -> int:
        """The payload's length in bytes as the IP header says it."""
        return len(self.payload) + self.missing


def frame(data: bytes) -> Frame | None:
    """The Ethernet frame in `data`; None where its header or a VLAN tag (IEEE 802.1Q) is cut off."""
    if len(data) < 14:
        return None
    ethertype, end = int.from_bytes(data[12:14]), 14
    vlans = []
    while ethertype in ETHERTYPES_VLAN:
        if len(data) < end + 4:
            return None
        tag, ethertype = struct.unpack_from("!HH", data, end)
        vlans.append(tag & 0x0FFF)
        end += 4
    return Frame(data[:6], data[6:12], ethertype, tuple(vlans), data[end:])


def packet_information(data: bytes) -> tuple[int, int] | None:
    """The flags and the ethertype in front of a packet from a tun without IFF_NO_PI; None where they are cut off."""
    if len(data) < PACKET_INFORMATION.size:
        return None
    flags, ethertype = PACKET_INFORMATION.unpack_from(data)
    return int.from_bytes(flags, sys.byteorder), ethertype


def internet(data: bytes, link: LinkType) -> bytes:
    """The bytes from the IP header on; none where the packet is not IP."""
    if link is LinkType.RAW:
        return data
    if link is LinkType.PI:
        return data[PACKET_INFORMATION.size :]
    around = frame(data)
    if around is None or around.ethertype not in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):
        return b""
    return around.payload


def datagram(data: bytes) -> Datagram | None:
    """The IP packet that `data` begins with, told by its first four bits; None for anything else.

    None also where the fixed part of the header is cut off or denies its own length.
    """
    version = data[0] >> 4 if data else 0
    if version == 4:
        return _ipv4(data)
    if version == 6:
        return _ipv6(data)
    return None


def _ipv4(data: bytes) -> Datagram | None:
    """RFC 791, section 3.1."""
    header = 4 * (data[0] & 0x0F)
    if header < 20 or len(data) < header:
        return None
    total, identifier, flags, protocol, source, destination = _IPV4.unpack_from(data)
    offset, more = 8 * (flags & 0x1FFF), bool(flags & 0x2000)
    return Datagram(
        4,
        inet_ntop(AF_INET, source),
        inet_ntop(AF_INET, destination),
        protocol,
        data[header:total],
        max(0, total - len(data)),
        Fragment(identifier, offset, more) if offset or more else None,
    )


def _ipv6(data: bytes) -> Datagram | None:
    """RFC 8200, sections 3 and 4. An extension header that is cut off stays in the payload."""
    if len(data) < 40:
        return None
    length, protocol, source, destination = _IPV6.unpack_from(data)
    payload = data[40 : 40 + length]
    missing = length - len(payload)
    fragment = None
    while protocol in _EXTENSIONS and (size := _extension_size(protocol, payload)) <= len(payload):
        if protocol == _FRAGMENT:
            place, identifier = struct.unpack_from("!2xHI", payload)
            fragment = Fragment(identifier, place & 0xFFF8, bool(place & 1))
        protocol, payload = payload[0], payload[size:]
        if fragment is not None and fragment.offset:
            break  # what follows is the middle of something, not a header
    return Datagram(
        6,
        inet_ntop(AF_INET6, source),
        inet_ntop(AF_INET6, destination),
        protocol,
        payload,
        missing,
        fragment,
    )


def _extension_size(protocol: int, payload: bytes) -> int:
    """Bytes of the extension header that `payload` begins with, at least 8, whether they are there or not."""
    if len(payload) < 8 or protocol == _FRAGMENT:
        return 8
    if protocol == _AUTHENTICATION:  # RFC 4302, section 2.2: in 4-byte units, less 2
        return 4 * (payload[1] + 2)
    return 8 * (payload[1] + 1)
