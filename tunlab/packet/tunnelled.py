"""Whether the payload of a UDP datagram is a whole IP packet: a tunnel, whatever its port."""

from tunlab.packet.checksums import is_right
from tunlab.packet.names import PROTOCOLS


def is_whole_packet(payload: bytes) -> bool:
    """A simple VPN puts one IP packet into each datagram and has no port of its own, so the bytes must tell.

    Chance would have to hit the version, the length of exactly these bytes, and the header's checksum. IPv6 has
    none; there the next header must be one that is known.
    """
    version = payload[0] >> 4 if payload else 0
    if version == 4 and len(payload) >= 20:
        header = 4 * (payload[0] & 0x0F)
        return header >= 20 and int.from_bytes(payload[2:4]) == len(payload) and is_right(payload[:header])
    if version == 6 and len(payload) >= 40:
        return int.from_bytes(payload[4:6]) == len(payload) - 40 and payload[6] in PROTOCOLS
    return False
