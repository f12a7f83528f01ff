"""What the process that sends does beside the path itself: it counts, reports, and meets what the kernel refuses."""

import errno
import os
from collections.abc import Sequence

from tunlab.tunnel import counts
from tunlab.tunnel.mode import Mode
from tunlab.tunnel.rows import Packet, Rows
from tunlab.tunnel.telling import Telling
from tunlab.tunnel.too_big import may_be_fragmented, too_big
from tunlab.tunnel.wire import Wire

_COUNTED = {
    errno.ECONNREFUSED: counts.SEND_CLOSED,
    errno.ENETUNREACH: counts.SEND_UNREACHABLE,
    errno.EHOSTUNREACH: counts.SEND_UNREACHABLE,
    errno.ENETDOWN: counts.SEND_UNREACHABLE,
    errno.EHOSTDOWN: counts.SEND_UNREACHABLE,
    errno.ENOBUFS: counts.SEND_FULL,
    errno.ENOMEM: counts.SEND_FULL,
    errno.EAGAIN: counts.SEND_FULL,
    errno.EMSGSIZE: counts.TOO_BIG,
    errno.ENOKEY: counts.NO_KEY,
}


class Sending:
    """`room`: of the latest packet that was too big, how many bytes it might have had; 0 while there was none.

    `without`: what it has turned out that the kernel does not do on the way to the peer, or nothing.
    `at_hand`: a packet has been read, and is not yet counted as what became of it. `follow`: and not only the one
    that is counted next.
    """

    def __init__(self, tun: int, wire: Wire, mode: Mode, book: counts.Counts, front: bytes, telling: Telling) -> None:
        self._tun = tun
        self._wire = wire
        self._mode = mode
        self._cells = book.cells
        self._front = front
        self._telling = telling
        self.room = 0
        self.without = ""
        self.at_hand = self.follow = False

    def read(self, packet: Packet) -> int:
        """A packet was read. The number under which it was reported, or 0."""
        self.at_hand = True
        self._cells[counts.READ] += 1
        self._cells[counts.READ_BYTES] += len(packet)
        return self._telling.first("read", packet)

    def read_all(self, rows: Rows) -> Sequence[int]:
        """All of these were read. Their numbers."""
        self.at_hand = True
        self._cells[counts.READ] += rows.count
        self._cells[counts.READ_BYTES] += len(rows.data)
        return self._telling.first_of("read", rows)

    def all_sent(self, rows: Rows, causes: Sequence[int]) -> None:
        """All of them were sent."""
        self._cells[counts.SENT] += rows.count
        if any(causes):
            for datagram, cause in zip(rows, causes, strict=True):
                self._telling.second("sent", datagram, cause)
        self.at_hand = self.follow

    def not_all_sent(self, error: OSError) -> None:
        """Nothing of it was sent; now each is tried by itself. What was said of an earlier packet is not said again."""
        if error.errno == errno.ECONNREFUSED:
            self._cells[counts.SEND_CLOSED] += 1

    def sent(self, datagram: Packet, cause: int) -> None:
        """It was sent."""
        self._was_sent(datagram, cause)
        self.at_hand = self.follow

    def not_sent(self, packet: Packet, error: OSError, cause: int) -> None:
        """Its sending was refused.

        The error may have waited at the socket since an ICMP message about an earlier packet (udp(7)), and then the
        packet was not even looked at: only a second error is about this one.
        """
        self._meet(packet, error, cause)
        self.at_hand = self.follow

    def _meet(self, packet: Packet, error: OSError, cause: int) -> None:
        room = self._room()
        if error.errno == errno.EMSGSIZE and len(packet) > room:
            self._too_big(packet, room, cause)
            return
        if error.errno == errno.ECONNREFUSED:
            self._cells[counts.SEND_CLOSED] += 1
        again = self._try(packet, cause)
        if again is not None and again.errno == errno.EMSGSIZE:
            self._too_big(packet, self._room(), cause)
        elif again is not None:
            self._cells[_COUNTED.get(again.errno or 0, counts.SEND_FAILED)] += 1

    def _try(self, packet: Packet, cause: int) -> OSError | None:
        try:
            datagram = self._mode.wrapping.wrap(packet)
            self._wire.socket.send(datagram)
        except OSError as error:
            return error
        self._was_sent(datagram, cause)
        return None

    def _was_sent(self, datagram: Packet, cause: int) -> None:
        self._cells[counts.SENT] += 1
        if cause:
            self._telling.second("sent", datagram, cause)

    def _room(self) -> int:
        return self._wire.room() - self._mode.overhead

    def _too_big(self, packet: Packet, room: int, cause: int) -> None:
        """Have it go in fragments where it may, else tell its sender how large one may be."""
        self.room = room
        self._cells[counts.TOO_BIG] += 1
        if may_be_fragmented(bytes(packet)):
            with self._wire.fragmenting():
                refused = self._try(packet, cause)
            self._cells[counts.FRAGMENTED if refused is None else counts.SEND_FAILED] += 1
            return
        answer = too_big(bytes(packet), room)
        if answer is None:
            return
        try:
            os.write(self._tun, self._front + answer)
        except OSError:  # the device has just gone down
            return
        self._cells[counts.TOO_BIG_TOLD] += 1
        self._telling.second("written", answer, cause)
