"""What the stack sends to the device, read as the device gives it, and made into packets no longer than its MTU."""

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

from tunlab.tunnel.fast import virtio
from tunlab.tunnel.fast.gathering import MOST_BYTES, MOST_ROWS, Gathering
from tunlab.tunnel.fast.matrix import Bytes, Matrix
from tunlab.tunnel.fast.shape import TCP, Shape
from tunlab.tunnel.fast.split import split
from tunlab.tunnel.rows import Packet, Rows
from tunlab.tunnel.sending import Sending

_LONGEST = 65535


class Source:
    """`book.at_hand` is set while packets are read and not yet handed out."""

    def __init__(self, tun: int, book: Sending) -> None:
        self._tun = tun
        self._book = book
        self._header = bytearray(virtio.LENGTH)
        self._view = memoryview(bytearray(2 * _LONGEST))
        self._room: list[Packet] = [self._header, self._view]
        self._memory = np.frombuffer(self._view, np.uint8)
        self._split_view = memoryview(bytearray(_LONGEST))
        self._split = np.frombuffer(self._split_view, np.uint8)
        self._matrix = lru_cache(64)(self._new_matrix)
        self._front = virtio.read(self._header)
        self._gathering = Gathering(self._view, self._read, self._parts)

    def wait(self) -> Iterable[Rows]:
        """The next packet, or those that it stands for."""
        size = os.readv(self._tun, self._room) - virtio.LENGTH
        packet = self._view[:size]
        if self._header != virtio.NOTHING and self._is_whole(packet):
            return self._parts(size)
        return (Rows(packet, size),)

    def more(self) -> Iterable[Rows]:
        """All that wait in the device's queue."""
        found = self._gathering.more()
        return self._followed(found) if found else ()

    def _followed(self, found: Iterable[Rows]) -> Iterator[Rows]:
        for rows in found:
            self._book.follow |= self._gathering.holds
            yield rows
            self._book.follow = False

    def _read(self, at: int) -> tuple[int, bool] | None:
        try:
            size = os.preadv(self._tun, [self._header, self._view[at:]], -1, os.RWF_NOWAIT) - virtio.LENGTH
        except OSError:  # nothing waits; or what wait() will hear of; or Linux 5.10 and older, which gathers nothing
            return None
        self._book.at_hand = True
        return size, self._header != virtio.NOTHING and self._is_whole(self._view[at : at + size])

    def _is_whole(self, packet: memoryview) -> bool:
        """Whether it stands for several; if not, it has its checksum afterwards."""
        self._front = front = virtio.read(self._header)
        if not front.gso:
            front.complete(packet)
        return bool(front.gso)

    def _parts(self, size: int) -> Iterator[Rows]:
        self._book.at_hand = True
        packet, front = self._memory[:size], self._front
        shape = _shape(packet, front)
        if shape is None:
            yield Rows(packet.data, size)
            return
        matrix = self._matrix(shape, shape.header + front.size)
        begin, left = 0, 1
        while left:
            end, left = split(packet, matrix, begin)
            begin += len(matrix.rows)
            self._book.follow = left > 0
            yield Rows(self._split_view[:end], matrix.size)

    def _new_matrix(self, shape: Shape, size: int) -> Matrix:
        return Matrix(self._split[: max(size, min(MOST_BYTES, MOST_ROWS * size))], shape, size)


def _shape(packet: Bytes, front: virtio.Virtio) -> Shape | None:
    """None where the two contradict each other: before 6.11 Linux passes on what a guest or a raw socket has set."""
    length, start = len(packet), front.start
    version = int(packet[0]) >> 4
    least = start + (20 if front.protocol == TCP else 8)
    if not front.flags & virtio.NEEDS_CSUM or start % 4 or start < (40 if version == 6 else 20) or least > length:
        return None
    header = start + 4 * (int(packet[start + 12]) >> 4) if front.protocol == TCP else least
    if header < least or not front.size or header + front.size > min(length, 65535):
        return None
    return Shape(version, start, front.protocol, header)
