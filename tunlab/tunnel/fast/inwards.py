"""From the peer to the stack: many datagrams in one call, and those that are parts of one packet as that packet."""

import os
from collections.abc import Sequence
from functools import lru_cache
from socket import socket
from typing import NoReturn

import numpy as np

from tunlab.tunnel.fast import virtio
from tunlab.tunnel.fast.arrivals import Arrivals
from tunlab.tunnel.fast.join import how_many, joined
from tunlab.tunnel.fast.matrix import Matrix
from tunlab.tunnel.fast.shape import TCP, Shape, joinable
from tunlab.tunnel.mode import Unwrapping
from tunlab.tunnel.receiving import Receiving
from tunlab.tunnel.rows import Packet, Rows
from tunlab.tunnel.whole import Malformed, whole


def inwards(tun: int, wire: socket, mode: Unwrapping, book: Receiving, joins_udp: bool) -> NoReturn:
    """For ever."""
    arrivals = Arrivals(wire)
    sink = Sink(tun, arrivals.view, mode, book, joins_udp)
    while True:
        try:
            sink.write(arrivals.wait())
            for rows in arrivals.more():
                sink.write(rows)
        except OSError as error:
            book.not_received(error)


class Sink:
    """Writes to the device what is in the datagrams that lie at the beginning of `view`."""

    def __init__(self, tun: int, view: memoryview, mode: Unwrapping, book: Receiving, joins_udp: bool) -> None:
        self._tun = tun
        self._mode = mode
        self._book = book
        self._joins_udp = joins_udp
        self._memory = np.frombuffer(mode.view or view, np.uint8)
        self._matrix = lru_cache(64)(lambda shape, size: Matrix(self._memory, shape, size))

    def write(self, rows: Rows) -> None:
        """Each as it is, or several as the packet of which they are parts."""
        if rows.count == 1:
            self._write_one(rows.data)
            return
        numbers = self._book.received_all(rows)
        for start, packets in self._mode.unwrap_all(rows, self._book.refused):
            self._write_all(packets, numbers[start : start + packets.count])

    def _write_all(self, rows: Rows, numbers: Sequence[int]) -> None:
        self._memory[len(rows.data) : rows.count * rows.size] = 0
        start = 0
        while start < rows.count:
            start += self._write_from(start, rows, numbers)

    def _write_one(self, datagram: memoryview) -> None:
        """The packet in it as it is."""
        number = self._book.received(datagram)
        try:
            packet = self._mode.unwrap(datagram)
            os.writev(self._tun, (virtio.NOTHING, packet))
        except Malformed as fault:
            self._book.refused(fault)
        except OSError as error:
            self._book.not_written(error)
        else:
            self._book.written(packet, number)

    def _write_from(self, start: int, rows: Rows, numbers: Sequence[int]) -> int:
        """How many have been written, or refused."""
        try:
            packet = whole(rows[start])
        except Malformed as fault:
            self._book.refused(fault)
            return 1
        done = 1
        parts: Sequence[Packet] = (virtio.NOTHING, packet)
        left = rows.count - start
        shape = joinable(packet) if left > 1 else None
        if shape is not None and self._may_join(shape, packet, rows.data[(start + 1) * rows.size :]):
            matrix = self._matrix(shape, rows.size).below(start)
            last = len(rows.data) - (rows.count - 1) * rows.size
            done = how_many(matrix, left, last)
            if done > 1:
                parts = joined(matrix, done, last if done == left else rows.size)
        try:
            os.writev(self._tun, parts)
        except OSError as error:
            self._book.not_written(error, done)
        else:
            self._book.all_written(rows, start, numbers[start : start + done])
        return done

    def _may_join(self, shape: Shape, packet: Packet, following: memoryview) -> bool:
        """A cheap look at what mostly tells them apart: addresses and ports."""
        if shape.protocol != TCP and not self._joins_udp:
            return False
        begin = 12 if shape.version == 4 else 8
        end = shape.transport + 4
        return bool(packet[begin:end] == following[begin:end])
