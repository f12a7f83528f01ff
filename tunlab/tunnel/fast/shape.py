"""Where what stands in the headers of a TCP or UDP packet that can be split or joined."""

import sys
from typing import Literal, NamedTuple

from tunlab.tunnel.rows import Packet

ByteOrder = Literal["little", "big"]
TCP, UDP = 6, 17
FIN, PSH, ACK, ECE, CWR = 0x01, 0x08, 0x10, 0x40, 0x80  # RFC 9293, section 3.1


class Shape(NamedTuple):
    """`transport`: where TCP's or UDP's header begins; `header`: where the payload does. In bytes."""

    version: int
    transport: int
    protocol: int
    header: int

    @property
    def checksum(self) -> int:
        """Where the transport's checksum stands, from the beginning of the transport's header."""
        return 16 if self.protocol == TCP else 6


def joinable(packet: Packet) -> Shape | None:
    """That of a whole TCP or UDP packet without IP options or extension headers; None for all else, and for fragments.

    The packet's IP header holds. These are what the kernel's own GRO takes up (inet_gro_receive() of
    net/ipv4/af_inet.c, udp_gro_receive() of net/ipv4/udp_offload.c: UDP's length must be the packet's).
    """
    if packet[0] == 0x45:
        if packet[6] & 0xBF or packet[7]:
            return None
        return _shape(packet, 4, 20, packet[9])
    if packet[0] >> 4 == 6:
        return _shape(packet, 6, 40, packet[6])
    return None


def _shape(packet: Packet, version: int, transport: int, protocol: int) -> Shape | None:
    header = transport
    if protocol == TCP and len(packet) > transport + 20:
        header += 4 * (packet[transport + 12] >> 4)
        return Shape(version, transport, TCP, header) if transport + 20 <= header < len(packet) else None
    length = len(packet) - transport
    if protocol == UDP and length > 8 and packet[transport + 4] << 8 | packet[transport + 5] == length:
        return Shape(version, transport, UDP, transport + 8)
    return None


def pseudo_sum(packet: Packet, shape: Shape, length: int, byteorder: ByteOrder = sys.byteorder) -> int:
    """The pseudo-header's sum modulo 65535, for a transport header and payload of `length` bytes (RFC 9293, RFC 8200).

    In the host's byte order unless told: ones' complement sums may be made in either (RFC 1071, section 2B).
    """
    addresses = packet[12:20] if shape.version == 4 else packet[8:40]
    rest = shape.protocol.to_bytes(2) + length.to_bytes(2)
    return int.from_bytes(bytes(addresses) + rest, byteorder) % 0xFFFF
