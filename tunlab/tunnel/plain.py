"""The mode that hides nothing: a datagram is one whole IP packet, and what is none is refused."""

from tunlab.tunnel import counts
from tunlab.tunnel.rows import Packet

OVERHEAD = 0  # bytes that this mode adds to a packet


class Malformed(Exception):
    """The datagram is no IP packet; `count` is the cell that counts why."""

    def __init__(self, count: int) -> None:
        super().__init__(counts.NAMES[count])
        self.count = count


def wrap(packet: Packet) -> Packet:
    """What goes into the datagram."""
    return packet


def unwrap(datagram: Packet) -> Packet:
    """The packet in it. Raises Malformed where version, lengths or the IPv4 header's checksum do not hold.

    RFC 791, section 3.1; RFC 8200, section 3. A header's ones' complement sum is its remainder modulo 65535 (RFC 1071):
    65536, what a 16-bit word is worth more than the next one, leaves 1.
    """
    size = len(datagram)
    if not size:
        raise Malformed(counts.EMPTY)
    version = datagram[0] >> 4
    if version == 4:
        header = 4 * (datagram[0] & 0x0F)
        if header < 20 or size < header:
            raise Malformed(counts.HEADER_LENGTH)
        if datagram[2] << 8 | datagram[3] != size:
            raise Malformed(counts.TOTAL_LENGTH)
        if int.from_bytes(datagram[:header]) % 0xFFFF:
            raise Malformed(counts.CHECKSUM)
    elif version == 6:
        if size < 40:
            raise Malformed(counts.HEADER_LENGTH)
        if (datagram[4] << 8 | datagram[5]) + 40 != size:
            raise Malformed(counts.TOTAL_LENGTH)
    else:
        raise Malformed(counts.VERSION)
    return datagram
