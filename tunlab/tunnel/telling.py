"""Reports packets to whoever listens in a sandbox, but never so many that the packets would have to wait for it."""

import os
import time

from tunlab.programs.report import Reporter

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

    def first(self, did: str, data: bytes) -> int:
        """The packet was `read` or `received`."""
        if self._reporter is None:
            return 0
        now = time.monotonic()
        self._left = min(AT_ONCE, self._left + (now - self._then) * A_SECOND)
        self._then = now
        if self._left < 1:
            return 0
        self._left -= 1
        self._reporter.packet(did, data)
        return self._reporter.number

    def second(self, did: str, data: bytes, cause: int) -> None:
        """What was made of it was `sent` or `written`."""
        if cause and self._reporter is not None:
            self._reporter.packet(did, data, cause)
