"""From the stack to the peer: many packets in one call, each in a datagram of its own."""

import errno
import sys
from collections.abc import Sequence
from socket import socket
from typing import NoReturn

from tunlab.tunnel.fast.offloads import SOL_UDP, UDP_SEGMENT
from tunlab.tunnel.fast.source import Source
from tunlab.tunnel.mode import Wrapping
from tunlab.tunnel.rows import Rows
from tunlab.tunnel.sending import Sending


def outwards(tun: int, wire: socket, mode: Wrapping, book: Sending, segments: bool) -> NoReturn:
    """For ever. What comes alone is sent at once; packets are gathered only where more than one waits.

    `segments`: the kernel knows UDP_SEGMENT.
    """
    source, sender = Source(tun, book), Sender(wire, mode, book, segments)
    while True:
        for rows in source.wait():
            sender.send(rows)
        for rows in source.more():
            sender.send(rows)


class Sender:
    """Sends rows as the kernel lets it."""

    def __init__(self, wire: socket, mode: Wrapping, book: Sending, segments: bool) -> None:
        self._wire = wire
        self._mode = mode
        self._book = book
        self._segments = segments

    def send(self, rows: Rows) -> None:
        """Each row in a datagram of its own, all in one call; one by one where the kernel refuses that."""
        numbers = self._book.read_all(rows)
        if rows.count == 1:
            self._send_one(rows.data, numbers[0])
            return
        follow, self._book.follow = self._book.follow, True
        done = 0
        if self._segments:
            try:
                for wrapped in self._mode.wrap_all(rows):
                    done += self._send_all(wrapped, numbers[done : done + wrapped.count])
            except OSError as error:
                self._book.not_all_sent(error)
        for number in range(done, rows.count):
            self._send_one(rows[number], numbers[number])
        self._book.at_hand = self._book.follow = follow

    def _send_all(self, wrapped: Rows, numbers: Sequence[int]) -> int:
        """How many. Raises OSError where nothing of it was sent."""
        if wrapped.count == 1:
            self._wire.send(wrapped.data)
        else:
            size = wrapped.size.to_bytes(2, sys.byteorder)
            try:
                self._wire.sendmsg([wrapped.data], [(SOL_UDP, UDP_SEGMENT, size)])
            except OSError as error:
                if error.errno == errno.EIO:  # IPsec on the way; or no checksums by the device, before Linux 6.11
                    self._segments, self._book.without = False, "UDP_SEGMENT"
                raise
        self._book.all_sent(wrapped, numbers)
        return wrapped.count

    def _send_one(self, packet: memoryview, number: int) -> None:
        try:
            datagram = self._mode.wrap(packet)
            self._wire.send(datagram)
        except OSError as error:
            self._book.not_sent(bytes(packet), error, number)
        else:
            self._book.sent(datagram, number)
