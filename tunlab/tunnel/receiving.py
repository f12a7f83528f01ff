"""What the process that receives does beside the path itself: it counts, reports, and meets what the kernel refuses."""

import errno
from collections.abc import Sequence

from tunlab.tunnel import counts
from tunlab.tunnel.rows import Packet, Rows
from tunlab.tunnel.telling import Telling
from tunlab.tunnel.whole import Malformed

# What an ICMP message about something that we sent becomes (icmp_err_convert of net/ipv4/icmp.c, and net/ipv6/icmp.c).
_OF_ICMP = frozenset(
    (
        errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENONET, errno.EMSGSIZE,
        errno.EPROTO, errno.ENOPROTOOPT, errno.EOPNOTSUPP, errno.EACCES,
    )
)  # fmt: skip
_COUNTED = {
    errno.EIO: counts.WRITE_DOWN,
    errno.ENOBUFS: counts.WRITE_FULL,
    errno.ENOMEM: counts.WRITE_FULL,
    errno.EAGAIN: counts.WRITE_FULL,
}
GONE = (errno.EBADFD, errno.EFAULT)  # the device was deleted (tun_get() and tun_ring_recv() of drivers/net/tun.c)


class Receiving:
    def __init__(self, book: counts.Counts, telling: Telling) -> None:
        self._cells = book.cells
        self._telling = telling

    def received(self, datagram: Packet) -> int:
        """A datagram came. The number under which it was reported, or 0."""
        self._cells[counts.RECEIVED] += 1
        self._cells[counts.RECEIVED_BYTES] += len(datagram)
        return self._telling.first("received", datagram)

    def received_all(self, rows: Rows) -> Sequence[int]:
        """A datagram for each row came. Their numbers."""
        self._cells[counts.RECEIVED] += rows.count
        self._cells[counts.RECEIVED_BYTES] += len(rows.data)
        return self._telling.first_of("received", rows)

    def all_written(self, rows: Rows, start: int, causes: Sequence[int]) -> None:
        """As many rows as there are causes, from `start` on, were written."""
        self._cells[counts.WRITTEN] += len(causes)
        if any(causes):
            for place, cause in enumerate(causes, start):
                self._telling.second("written", rows[place], cause)

    def written(self, packet: Packet, cause: int) -> None:
        """Its packet was written."""
        self._cells[counts.WRITTEN] += 1
        if cause:
            self._telling.second("written", packet, cause)

    def refused(self, fault: Malformed) -> None:
        """There is no packet in it."""
        self._cells[fault.count] += 1

    def not_received(self, error: OSError) -> None:
        """Instead of a datagram came an error, of an ICMP message as a rule. Raises what is none."""
        if error.errno not in _OF_ICMP:
            raise error
        if error.errno == errno.ECONNREFUSED:
            self._cells[counts.ICMP_CLOSED] += 1
        elif error.errno != errno.EMSGSIZE:  # the path is narrower than it was: the next one that is too big will tell
            self._cells[counts.ICMP_UNREACHABLE] += 1

    def not_written(self, error: OSError, count: int = 1) -> None:
        """The device did not take so many packets. Raises the error where it will take none any more."""
        if error.errno in GONE:
            raise error
        self._cells[_COUNTED.get(error.errno or 0, counts.WRITE_REFUSED)] += count
