"""Reports packets to whoever listens in a sandbox, but never so many that the packets would have to wait for it."""

import os
import time
from collections.abc import Sequence

from tunlab.programs.report import Reporter
from tunlab.tunnel.rows import Packet, Rows

AT_ONCE, A_SECOND = 500, 100  # packets of each direction: all of a ping's and a trace's, a small part of a flood's


class Telling:
    """Of one of the two processes: `part` is 0 or 1, `leader` the pid of the first. Outside of a sandbox it is silent.

    A packet's first report has a number, its second one names that as the cause. 0 is the number of a packet that is
    not reported.
    """

    def __init__(self, device: str, part: int, leader: int) -> None:
        self._reporter = None
        if "TUNLAB_REPORTS" in os.environ:
            self._reporter = Reporter(device, program="tunnel", part=part, parts=2, leader=leader)
        self._left = float(AT_ONCE)
        self._then = time.monotonic()

    def first(self, did: str, data: Packet) -> int:
        """The packet was `read` or `received`."""
        return self._told(self._reporter, did, data) if self._reporter is not None and self._allowed() else 0

    def first_of(self, did: str, rows: Rows) -> Sequence[int]:
        """All of these were; a number for each."""
        if self._reporter is None or not (told := min(self._allowed(), rows.count)):
            return (0,) * rows.count
        return [self._told(self._reporter, did, rows[each]) if each < told else 0 for each in range(rows.count)]

    def _allowed(self) -> int:
        """How many may be reported now."""
        now = time.monotonic()
        self._left = min(AT_ONCE, self._left + (now - self._then) * A_SECOND)
        self._then = now
        return int(self._left)

    def _told(self, reporter: Reporter, did: str, data: Packet) -> int:
        self._left -= 1
        reporter.packet(did, bytes(data))
        return reporter.number

    def second(self, did: str, data: Packet, cause: int) -> None:
        """What was made of it was `sent` or `written`."""
        if cause and self._reporter is not None:
            self._reporter.packet(did, bytes(data), cause)
