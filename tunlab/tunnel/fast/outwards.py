"""From the stack to the peer: many packets in one call, each in a datagram of its own."""

import errno
import sys
from socket import socket
from typing import NoReturn

from tunlab.tunnel.fast.offloads import SOL_UDP, UDP_SEGMENT
from tunlab.tunnel.fast.source import Source
from tunlab.tunnel.rows import Rows
from tunlab.tunnel.sending import Sending


def outwards(tun: int, wire: socket, book: Sending, segments: bool) -> NoReturn:
    """For ever. What comes alone is sent at once; packets are gathered only where more than one waits.

    `segments`: the kernel knows UDP_SEGMENT.
    """
    source, sender = Source(tun, book), Sender(wire, book, segments)
    while True:
        for rows in source.wait():
            sender.send(rows)
        for rows in source.more():
            sender.send(rows)


class Sender:
    """Sends rows as the kernel lets it."""

    def __init__(self, wire: socket, book: Sending, segments: bool) -> None:
        self._wire = wire
        self._book = book
        self._segments = segments

    def send(self, rows: Rows) -> None:
        """Each row in a datagram of its own, all in one call; one by one where the kernel refuses that."""
        numbers = self._book.read_all(rows)
        if rows.count == 1:
            self._send_one(rows.data, numbers[0])
            return
        if self._segments:
            try:
                size = rows.size.to_bytes(2, sys.byteorder)
                self._wire.sendmsg([rows.data], [(SOL_UDP, UDP_SEGMENT, size)])
            except OSError as error:
                self._book.not_all_sent(error)
                if error.errno == errno.EIO:  # IPsec on the way; or no checksums by the device, before Linux 6.11
                    self._segments, self._book.without = False, "UDP_SEGMENT"
            else:
                self._book.all_sent(rows, numbers)
                return
        follow, self._book.follow = self._book.follow, True
        for packet, number in zip(rows, numbers, strict=True):
            self._send_one(packet, number)
        self._book.at_hand = self._book.follow = follow

    def _send_one(self, packet: memoryview, number: int) -> None:
        try:
            self._wire.send(packet)
        except OSError as error:
            self._book.not_sent(bytes(packet), error, number)
        else:
            self._book.sent(packet, number)
