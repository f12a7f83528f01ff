"""When each step of a lab began, in a file of the sandbox: so another terminal knows whose a packet is."""

import os
import stat
import time
from bisect import bisect_right
from contextlib import suppress

from tunlab import paths
from tunlab.packet.ring_blocks import Span

_NEVER = 1 << 63  # ns
_PIECE = 64 << 10  # bytes read at once
_LONGEST = 256  # bytes of a line; ours have 151 at most
_MOST = 10_000  # steps
# Somebody in the sandbox may have put something else there: a FIFO keeps nobody waiting, a link is not followed.
_CAREFULLY = os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


def note_step(lab: str, step: str) -> None:
    """A step begins now; an empty one ends the one before. Who plays it again gets a second line."""
    line = f"{time.time_ns()} {lab} {step}\n"
    with suppress(OSError):  # a packet without its step is no reason to end a lab
        descriptor = os.open(paths.STEPS, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _CAREFULLY, 0o644)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)


class StepTimes:
    """The steps that began so far, as comments of packets."""

    def __init__(self) -> None:
        self._read = 0
        self._begun = [0]
        self._comments = [""]

    def catch_up(self) -> None:
        """Read what was added to the file, a piece at a time; none is fine, not every sandbox plays a lab."""
        added = b""
        with suppress(OSError):
            descriptor = os.open(paths.STEPS, os.O_RDONLY | _CAREFULLY)
            try:
                if stat.S_ISREG(os.fstat(descriptor).st_mode):
                    added = os.pread(descriptor, _PIECE, self._read)
            finally:
                os.close(descriptor)
        whole = added if len(added) == _PIECE and b"\n" not in added else added[: added.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.split(b"\n"):
            self._learn(line)

    def span_at(self, time_ns: int) -> Span:
        """The comment at that time, such as "lab-1.4.3 step ping", and how long it holds."""
        number = bisect_right(self._begun, time_ns) - 1
        behind = self._begun[number + 1] if number + 1 < len(self._begun) else _NEVER
        return Span(self._begun[number], behind, self._comments[number])

    def _learn(self, line: bytes) -> None:
        """Lines that no lab of ours wrote are left out."""
        begun, _, rest = line.partition(b" ")
        lab, _, step = rest.decode(errors="replace").partition(" ")
        if len(line) > _LONGEST or len(self._begun) > _MOST or not begun.isdigit():
            return
        if self._begun[-1] <= int(begun) < _NEVER:
            self._begun.append(int(begun))
            self._comments.append(f"{lab} step {step}" if step else "")
