"""Packets of one flow below each other in memory, one a row: a look at their header fields as columns."""

import sys
from copy import copy

import numpy as np
from numpy.typing import NDArray

from tunlab.tunnel.fast.shape import TCP, Shape

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint32]
_ID_STEP = 0x1_0000  # the identification is the upper half of its word
_CHECKSUM_STEP = 0xFFFF_FFFF  # one more in the identification is one less in the checksum


class Matrix:
    """`rows` of `size` bytes each, on memory of others; the last one in use may be shorter.

    `words` are the headers as big-endian words of 32 bits, in columns. In a row, a word is that
    of row 0 plus what `step` has there: TCP's sequence grows by the payload, IPv4's identification by one, and so its
    header checksum goes down by one. All others stay.
    """

    def __init__(self, memory: Bytes, shape: Shape, size: int) -> None:
        count = len(memory) // size
        self.shape = shape
        self.size = size
        self.payload_size = size - shape.header
        self.rows = memory[: count * size].reshape(count, size)
        self.payload = self.rows[:, shape.header :]
        self.words = self.rows[:, : shape.header].view(">u4")
        place = shape.transport + shape.checksum
        self.checksums = self.rows[:, place : place + 2].view(np.uint16)[:, 0]
        self.step = _steps(shape, self.payload_size, count)
        self._summed = self.rows[:, shape.transport :]

    def below(self, start: int) -> "Matrix":
        """The same from that row on."""
        if start == 0:
            return self
        rest = copy(self)
        for name in ("rows", "payload", "words", "checksums", "_summed"):
            setattr(rest, name, getattr(self, name)[start:])
        return rest

    def sums(self, count: int) -> NDArray[np.uint32]:
        """Of the first rows, the sum of transport header and payload in 16-bit words of the host's order.

        The rows have 0 where they have no data.
        """
        data = self._summed[:count]
        if data.shape[1] % 2:
            data = np.pad(data, ((0, 0), (0, 1)))
        total: NDArray[np.uint32] = np.add.reduce(data.view(np.uint16), axis=1, dtype=np.uint32)
        return total


def _steps(shape: Shape, payload_size: int, count: int) -> Words:
    one = np.zeros(shape.header // 4, np.uint32)
    if shape.version == 4:
        one[1], one[2] = _ID_STEP, _CHECKSUM_STEP
    if shape.protocol == TCP:
        one[shape.transport // 4 + 1] = payload_size
    return np.arange(count, dtype=np.uint32)[:, np.newaxis] * one


def in_host_order(change: int) -> int:
    """A number that a 16-bit word of the network has grown by, as it changes a sum in the host's order."""
    return int.from_bytes((change % 0xFFFF).to_bytes(2), sys.byteorder)
