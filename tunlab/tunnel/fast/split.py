"""One packet of the stack that is longer than the device's MTU, split into the packets that it stands for.

What the kernel would do itself: tcp_gso_segment() of net/ipv4/tcp_offload.c, __udp_gso_segment() of
net/ipv4/udp_offload.c.
"""

import sys

import numpy as np

from tunlab.tunnel.fast.matrix import Bytes, Matrix, in_host_order
from tunlab.tunnel.fast.shape import CWR, FIN, PSH, TCP, UDP, Shape

_MODULUS = np.uint32(0xFFFF)
_ENOUGH = 0xFFFF * 0xFFFF  # a multiple of 65535 above every sum, so that differences stay positive


def split(packet: Bytes, matrix: Matrix, begin: int = 0) -> tuple[int, int]:
    """Fill the matrix with the packets from number `begin` on: as many as are left, or find place.

    The checksum's field of the packet holds the pseudo-header's sum only, as the device tells of all that are longer.

    Returns how many bytes of the matrix they take, and how many packets there are yet to come.
    """
    shape, size, payload_size = matrix.shape, matrix.size, matrix.payload_size
    payload = packet[shape.header + begin * payload_size :]
    total = -(-len(payload) // payload_size)
    count = min(total, len(matrix.rows))
    payload = payload[: count * payload_size]
    full, rest = divmod(len(payload), payload_size)
    matrix.payload[:full] = payload[: full * payload_size].reshape(full, payload_size)
    if rest:
        matrix.payload[full, :rest] = payload[full * payload_size :]
        matrix.payload[full, rest:] = 0
    last = shape.header + (rest or payload_size)
    first = packet[: shape.header].tobytes()
    _headers(first, matrix, begin, count, last, ends=count == total)
    _checksums(_pseudo_sum(first, shape, size - len(packet)), matrix, count, last)
    return (count - 1) * size + last, total - count


def _headers(first: bytes, matrix: Matrix, begin: int, count: int, last: int, ends: bool) -> None:
    """Everything but the transport's checksum, which is left 0."""
    shape, size = matrix.shape, matrix.size
    header = bytearray(first)
    counts_down = _ip(header, shape, size, begin, count)
    t = shape.transport
    flags = header[t + 13] if shape.protocol == TCP else 0
    if shape.protocol == TCP:
        sequence = int.from_bytes(header[t + 4 : t + 8]) + begin * matrix.payload_size
        header[t + 4 : t + 8] = (sequence & 0xFFFFFFFF).to_bytes(4)
        header[t + 13] = flags & ~(FIN | PSH | CWR)
    else:
        header[t + 4 : t + 6] = (size - t).to_bytes(2)
    header[t + shape.checksum : t + shape.checksum + 2] = bytes(2)
    matrix.words[:count] = matrix.step[:count] + np.frombuffer(header, ">u4").astype(np.uint32)
    if not counts_down:
        _count_down(matrix, header, count)
    end = matrix.rows[count - 1]
    if shape.protocol == TCP:
        if ends:
            end[t + 13] |= flags & (FIN | PSH)
        if begin == 0:
            matrix.rows[0, t + 13] |= flags & CWR
    if last != size:
        _shorten(end, shape, size, last)


def _ip(header: bytearray, shape: Shape, size: int, begin: int, count: int) -> bool:
    """The IP header of row 0. Whether its checksum simply counts down to the last row's."""
    if shape.version == 6:
        header[4:6] = (size - 40).to_bytes(2)
        return True
    identification = (int.from_bytes(header[4:6]) + begin) & 0xFFFF
    header[2:4] = size.to_bytes(2)
    header[4:6] = identification.to_bytes(2)
    header[10:12] = bytes(2)
    checksum = -int.from_bytes(header[: shape.transport]) % 0xFFFF
    header[10:12] = checksum.to_bytes(2)
    return count <= checksum and identification + count <= 0x1_0000


def _count_down(matrix: Matrix, header: bytearray, count: int) -> None:
    """IPv4's header checksum where it, or the identification, passes 0 and has borrowed from its neighbour."""
    first, checksum = int.from_bytes(header[4:6]), int.from_bytes(header[10:12])
    places = matrix.rows[:count, 8:12]
    places[:, :2] = np.frombuffer(header, np.uint8)[8:10]
    identifications = (first + np.arange(count)) & 0xFFFF
    places[:, 2:].view(">u2")[:, 0] = (checksum + first - identifications) % 0xFFFF


def _shorten(end: Bytes, shape: Shape, size: int, last: int) -> None:
    """The lengths in the last packet."""
    if shape.version == 6:
        end[4:6].view(">u2")[0] = last - 40
    else:
        end[2:4].view(">u2")[0] = last
        checksum = end[10:12].view(">u2")
        checksum[0] = (int(checksum[0]) + size - last) % 0xFFFF
    if shape.protocol == UDP:
        place = shape.transport + 4
        end[place : place + 2].view(">u2")[0] = last - shape.transport


def _pseudo_sum(first: bytes, shape: Shape, longer: int) -> int:
    """A row's, of the packet's own, which is in its checksum's field: that has the address at the end of a route.

    `longer`: bytes that a row has more than the packet.
    """
    place = shape.transport + shape.checksum
    return (int.from_bytes(first[place : place + 2], sys.byteorder) + in_host_order(longer)) % 0xFFFF


def _checksums(pseudo: int, matrix: Matrix, count: int, last: int) -> None:
    """RFC 1071: what makes the sum of a packet's transport, with its pseudo-header, a multiple of 65535."""
    shape = matrix.shape
    sums = matrix.sums(count)
    if last != matrix.size:
        sums[-1] += in_host_order(last - matrix.size)
    found = (np.uint32(_ENOUGH - pseudo) - sums) % _MODULUS
    if shape.protocol == UDP:
        found[found == 0] = 0xFFFF  # RFC 768: 0 says that there is none
    matrix.checksums[:count] = found
