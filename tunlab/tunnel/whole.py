"""Whether what has come is one whole IP packet: nothing else is written to the device, in any mode."""

from tunlab.tunnel import counts
from tunlab.tunnel.rows import Packet


class Malformed(Exception):
    """There is no packet in the datagram; `count` is the cell that counts why."""

    def __init__(self, count: int) -> None:
        super().__init__(counts.NAMES[count])
        self.count = count


def whole(packet: Packet) -> Packet:
    """The same. Raises Malformed where version, lengths or the IPv4 header's checksum do not hold.

    RFC 791, section 3.1; RFC 8200, section 3. A header's ones' complement sum is its remainder modulo 65535 (RFC 1071):
    65536, what a 16-bit word is worth more than the next one, leaves 1.
    """
    size = len(packet)
    if not size:
        raise Malformed(counts.EMPTY)
    version = packet[0] >> 4
    if version == 4:
        header = 4 * (packet[0] & 0x0F)
        if header < 20 or size < header:
            raise Malformed(counts.HEADER_LENGTH)
        if packet[2] << 8 | packet[3] != size:
            raise Malformed(counts.TOTAL_LENGTH)
        if int.from_bytes(packet[:header]) % 0xFFFF:
            raise Malformed(counts.CHECKSUM)
    elif version == 6:
        if size < 40:
            raise Malformed(counts.HEADER_LENGTH)
        if (packet[4] << 8 | packet[5]) + 40 != size:
            raise Malformed(counts.TOTAL_LENGTH)
    else:
        raise Malformed(counts.VERSION)
    return packet
