"""Packets of one flow that came one after the other, joined into one for the stack: as its own GRO would do it.

tcp_gro_receive() of net/ipv4/tcp_offload.c, inet_gro_receive() of net/ipv4/af_inet.c. Stricter than these: only what
`split` would make the same packets of again, byte for byte: no checksum that holds but that nobody would write so, no
packet without payload, none that IPv4's way of counting down takes for another protocol's.
"""

from typing import NamedTuple

import numpy as np

from tunlab.tunnel.fast import virtio
from tunlab.tunnel.fast.matrix import Matrix, Words, in_host_order
from tunlab.tunnel.fast.shape import ACK, ECE, FIN, PSH, TCP, UDP, Shape, pseudo_sum

_ALONE = 0xFF ^ (ACK | ECE)  # with any other flag, a packet ends what was joined before it, or stays by itself
_ENDS = (FIN | PSH) << 16  # in the word with TCP's flags
_MODULUS = np.uint32(0xFFFF)
_UPPER, _LOWER = 0xFFFF_0000, 0x0000_FFFF
_UNUSUAL = {TCP: b"\xff\xff", UDP: b"\0\0"}  # 0 is written so; RFC 768: there is none


class Joined(NamedTuple):
    """What is to be written: the device's header, those of the packet, and its payload."""

    virtio: bytes
    header: bytes
    payload: memoryview


def how_many(matrix: Matrix, count: int, last: int) -> int:
    """How many of the first `count` rows are one packet's parts: 1 where the first stays alone.

    The last row has `last` bytes, and 0 behind these. The first is whole: its IP header holds.
    """
    shape = matrix.shape
    header = matrix.rows[0, : shape.header].tobytes()
    if shape.protocol == TCP and header[shape.transport + 13] & _ALONE:
        return 1
    if last <= shape.header:  # it would be gone
        count, last = count - 1, matrix.size
    if shape.version == 4:
        count, last = _counting_down(header, matrix.size, count, last)
    if count == 1:
        return 1
    found = _alike(matrix, count, last)
    return found if found == 1 else max(1, _right(header, matrix, found, last if found == count else matrix.size))


def _counting_down(header: bytes, size: int, count: int, last: int) -> tuple[int, int]:
    """How many rows there are before IPv4's identification or header checksum passes 0, and the last one's bytes.

    Behind that a word that has counted down is no longer what stands in the header: it has borrowed from its neighbour.
    """
    checksum = header[10] << 8 | header[11]
    most = min(0x1_0000 - (header[4] << 8 | header[5]), checksum + 1) if checksum != 0xFFFF else 1
    if count > most:
        return most, size
    if last != size and checksum - (count - 1) + size - last >= 0xFFFF:
        return count - 1, size
    return count, last


def _alike(matrix: Matrix, count: int, last: int) -> int:
    """How many rows continue the first, as far as their headers tell."""
    shape = matrix.shape
    words = matrix.words[:count].astype(np.uint32)
    words -= matrix.step[:count]
    transport = shape.transport // 4
    if last != matrix.size:
        _lengthen(words[-1], shape, matrix.size - last)
    if shape.protocol != TCP:
        words[:, transport + 1] &= _UPPER
        return _same(words)
    words[:, transport + 4] &= _LOWER
    words[-1, transport + 3] &= ~np.uint32(_ENDS)
    found = _same(words)
    # One that ends a burst in the middle: it still belongs to the packets before it.
    if found < count and words[found, transport + 3] & _ENDS:
        words[found, transport + 3] &= ~np.uint32(_ENDS)
        return min(found + 1, _same(words))
    return found


def _same(words: Words) -> int:
    """How many rows are as the first one."""
    if words.tobytes() == words[0].tobytes() * len(words):
        return len(words)
    return int((words != words[0]).any(axis=1).argmax())


def _lengthen(end: Words, shape: Shape, missing: int) -> None:
    """A shorter packet's header, as it would be if the packet had all bytes.

    Words of one element are added to: numpy warns of a number alone that wraps around.
    """
    if shape.version == 4:
        end[0:1] += np.uint32(missing)
        end[2:3] -= np.uint32(missing)
    else:
        end[1:2] += np.uint32(missing << 16)
    if shape.protocol != TCP:
        place = shape.transport // 4 + 1
        end[place : place + 1] += np.uint32(missing << 16)


def _right(header: bytes, matrix: Matrix, count: int, last: int) -> int:
    """How many rows there are before the first whose checksum does not hold."""
    shape = matrix.shape
    sums = matrix.sums(count)
    pseudo = pseudo_sum(header, shape, matrix.size - shape.transport)
    if last != matrix.size:
        sums[-1] += np.uint32(in_host_order(last - matrix.size))
    sums %= _MODULUS
    checksums, unusual = matrix.checksums[:count], _UNUSUAL[shape.protocol]
    if unusual in checksums.tobytes():
        sums[checksums == int.from_bytes(unusual)] = _MODULUS  # which is no remainder
    right = np.uint32(-pseudo % 0xFFFF)
    # Bytes are compared in a fraction of the time that an array's any() takes.
    return count if sums.tobytes() == right.tobytes() * count else int((sums != right).argmax())


def joined(matrix: Matrix, count: int, last: int) -> Joined:
    """The first rows as one packet: as many as `how_many` has found. `last`: bytes in the last of them."""
    shape = matrix.shape
    t = shape.transport
    header = bytearray(matrix.rows[0, : shape.header].tobytes())
    payload = memoryview(matrix.payload[:count].tobytes())  # not reshape(): of 1 byte each, that is not in one piece
    payload = payload[: (count - 1) * matrix.payload_size + last - shape.header]
    total = shape.header + len(payload)
    if shape.version == 4:
        header[2:4] = total.to_bytes(2)
        header[10:12] = bytes(2)
        header[10:12] = (-int.from_bytes(header[:t]) % 0xFFFF).to_bytes(2)
    else:
        header[4:6] = (total - 40).to_bytes(2)
    if shape.protocol == TCP:
        header[t + 13] = matrix.rows[count - 1, t + 13]
        gso = virtio.GSO_TCPV4 if shape.version == 4 else virtio.GSO_TCPV6
    else:
        header[t + 4 : t + 6] = (total - t).to_bytes(2)
        gso = virtio.GSO_UDP_L4
    place = t + shape.checksum
    header[place : place + 2] = pseudo_sum(header, shape, total - t, "big").to_bytes(2)
    front = virtio.Virtio(virtio.NEEDS_CSUM, gso, shape.header, matrix.payload_size, t, shape.checksum)
    return Joined(front.packed(), bytes(header), payload)
