"""What a router would tell the sender of a packet that is too big for the path: an ICMP or ICMPv6 error about it."""

import struct
from itertools import count

_IPV4 = struct.Struct("!BBHHHBBH4s4s")
_IPV6 = struct.Struct("!IHBB16s16s")
_ICMP, _ICMPV6 = 1, 58
_ICMP_ERRORS = (3, 4, 5, 11, 12)  # RFC 1122, section 3.2.2: no error is told about one of these
_LEAST_IPV6 = 1280  # RFC 8200, section 5: what every link carries
_QUOTED = {4: 576 - 20 - 8, 6: _LEAST_IPV6 - 40 - 8}  # RFC 1812, 4.3.2.3, and RFC 4443, 3.2: bytes, at most
_TTL = 64
_identification = count(1)


def may_be_fragmented(packet: bytes) -> bool:
    """Whether the datagram around it may be sent in fragments, as a tunnel of the kernel's decides it.

    IPv4: where the packet does not forbid it itself (RFC 2003, section 3.1). IPv6: where its sender cannot make it any
    smaller (RFC 2473, section 7.1).
    """
    if packet[0] >> 4 == 4:
        return not packet[6] & 0x40
    return len(packet) <= _LEAST_IPV6


def too_big(packet: bytes, room: int) -> bytes | None:
    """The error for its sender: only `room` bytes find place. None where no error may be told (RFC 1122, RFC 4443).

    It comes from where the packet was to go, as the stack would refuse it from an address of its own.
    """
    if packet[0] >> 4 == 4:
        return _icmp(packet, room) if len(packet) >= 20 else None
    return _icmpv6(packet, max(room, _LEAST_IPV6)) if len(packet) >= 40 else None


def _icmp(packet: bytes, room: int) -> bytes | None:
    """RFC 1191, section 4: destination unreachable, fragmentation needed, and the MTU in the second word."""
    header = 4 * (packet[0] & 0x0F)
    source, destination = packet[12:16], packet[16:20]
    later_fragment = (packet[6] << 8 | packet[7]) & 0x1FFF
    about_error = packet[9] == _ICMP and len(packet) > header and packet[header] in _ICMP_ERRORS
    if later_fragment or about_error or not _one_host(source) or not _one_host(destination):
        return None
    message = struct.pack("!BBHHH", 3, 4, 0, 0, room) + packet[: _QUOTED[4]]
    message = message[:2] + _checksum(message) + message[4:]
    around = (0x45, 0, 20 + len(message), next(_identification) & 0xFFFF, 0, _TTL, _ICMP)
    start = _IPV4.pack(*around, 0, destination, source)
    return start[:10] + _checksum(start) + start[12:] + message


def _one_host(address: bytes) -> bool:
    """Neither 0/8 nor a group, nor 240/4 with the broadcast address."""
    return 0 < address[0] < 224


def _icmpv6(packet: bytes, room: int) -> bytes | None:
    """RFC 4443, section 3.2: packet too big. Section 2.4: of a group's packet too, but to one host only."""
    source, destination = packet[8:24], packet[24:40]
    about_error = packet[6] == _ICMPV6 and len(packet) > 40 and packet[40] < 128
    if about_error or source[0] == 0xFF or not any(source) or destination[0] == 0xFF:
        return None
    message = struct.pack("!BBHI", 2, 0, 0, room) + packet[: _QUOTED[6]]
    pseudo = destination + source + struct.pack("!IxxxB", len(message), _ICMPV6)
    message = message[:2] + _checksum(pseudo + message) + message[4:]
    return _IPV6.pack(6 << 28, len(message), _ICMPV6, _TTL, destination, source) + message


def _checksum(data: bytes) -> bytes:
    """RFC 1071."""
    total = int.from_bytes(data) * (256 if len(data) % 2 else 1) % 0xFFFF
    return (0xFFFF - total).to_bytes(2)
