"""What the stack sends to the device, read as the device gives it, and made into packets no longer than its MTU."""

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

from tunlab.tunnel.fast import virtio
from tunlab.tunnel.fast.matrix import Bytes, Matrix
from tunlab.tunnel.fast.shape import TCP, Shape
from tunlab.tunnel.fast.split import split
from tunlab.tunnel.rows import Packet, Rows
from tunlab.tunnel.sending import Sending

MOST_ROWS = 64  # UDP_MAX_SEGMENTS of linux/udp.h, as long as it was that (until 6.9)
MOST_BYTES = 65507  # in a datagram over IPv4: 65535 without IP's and UDP's headers
_LONGEST = 65535 + virtio.LENGTH
_SKIPPED = 7  # packets
_FLAGS_OF_NONE = (errno.EOPNOTSUPP, errno.ENOSYS)


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
        self._skipping = 0

    def wait(self) -> Iterable[Rows]:
        """The next packet, or those that it stands for."""
        size = os.readv(self._tun, self._room) - virtio.LENGTH
        packet = self._view[:size]
        if self._header != virtio.NOTHING:
            front = virtio.read(self._header)
            if front.gso:
                return self._parts(self._memory[:size], front)
            front.complete(packet)
        return (Rows(packet, size),)

    def more(self) -> Iterable[Rows]:
        """All that wait in the device's queue; those of equal length together.

        Where nothing waited, nobody looks again for a while: in a conversation nothing ever waits, and looking takes
        time.
        """
        if self._skipping:
            self._skipping -= 1
            return ()
        return self._gathered()

    def _gathered(self) -> Iterator[Rows]:
        taken = row = 0
        self._skipping = _SKIPPED
        while (size := self._read(taken)) is not None:
            self._skipping = 0
            front = virtio.read(self._header)
            if front.gso:
                if taken:
                    yield from self._before_others(taken, row)
                yield from self._parts(self._memory[taken : taken + size], front)
                taken = 0
                continue
            front.complete(self._view[taken : taken + size])
            self._book.at_hand = True
            if taken and (size > row or taken + size > MOST_BYTES or taken == MOST_ROWS * row):
                yield from self._before_others(taken, row)
                self._view[:size] = self._view[taken : taken + size]
                taken = 0
            row = row if taken else size
            taken += size
            if size < row:
                yield Rows(self._view[:taken], row)
                taken = 0
        if taken:
            yield Rows(self._view[:taken], row)

    def _before_others(self, taken: int, row: int) -> Iterator[Rows]:
        self._book.follow = True
        yield Rows(self._view[:taken], row)
        self._book.follow = False

    def _read(self, at: int) -> int | None:
        """Bytes of the next packet, which is put there; None where none waits."""
        try:
            return os.preadv(self._tun, [self._header, self._view[at:]], -1, os.RWF_NOWAIT) - virtio.LENGTH
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno not in _FLAGS_OF_NONE:
                raise
            self._skipping = sys.maxsize  # Linux 5.10 and older
            return None

    def _parts(self, packet: Bytes, front: virtio.Virtio) -> Iterator[Rows]:
        self._book.at_hand = True
        shape = _shape(packet, front)
        if shape is None:
            yield Rows(packet.data, len(packet))
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
    """None where packet and `front` contradict each other: Linux before 6.11 passes on what a guest makes up."""
    length, start = len(packet), front.start
    version = int(packet[0]) >> 4
    least = start + (20 if front.protocol == TCP else 8)
    if not front.flags & virtio.NEEDS_CSUM or start % 4 or start < (40 if version == 6 else 20) or least > length:
        return None
    header = start + 4 * (int(packet[start + 12]) >> 4) if front.protocol == TCP else least
    if header < least or not front.size or header + front.size > min(length, 65535):
        return None
    return Shape(version, start, front.protocol, header)
