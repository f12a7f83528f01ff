"""When each step of a lab began, in a file of the sandbox: so another terminal knows whose a packet is."""

import os
import time
from bisect import bisect_right
from contextlib import suppress

from tunlab import paths
from tunlab.packet.ring_blocks import Span

_NEVER = 1 << 63  # ns


def note_step(lab: str, step: str) -> None:
    """A step begins now; an empty one ends the one before. Who plays it again gets a second line."""
    line = f"{time.time_ns()} {lab} {step}\n"
    with suppress(OSError):  # a packet without its step is no reason to end a lab
        descriptor = os.open(paths.STEPS, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
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
        """Read what was added to the file; none is fine, not every sandbox plays a lab."""
        with suppress(OSError), paths.STEPS.open("rb") as file:
            file.seek(self._read)
            added = file.read()
            whole = added[: added.rfind(b"\n") + 1]
            self._read += len(whole)
            for line in whole.decode(errors="replace").splitlines():
                self._learn(line)

    def span_at(self, time_ns: int) -> Span:
        """The comment at that time, such as "lab-1.4.3 step ping", and how long it holds."""
        number = bisect_right(self._begun, time_ns) - 1
        behind = self._begun[number + 1] if number + 1 < len(self._begun) else _NEVER
        return Span(self._begun[number], behind, self._comments[number])

    def _learn(self, line: str) -> None:
        """Lines that no lab of ours wrote are left out."""
        begun, _, rest = line.partition(" ")
        lab, _, step = rest.partition(" ")
        if begun.isdecimal() and self._begun[-1] <= int(begun) < _NEVER:
            self._begun.append(int(begun))
            self._comments.append(f"{lab} step {step}" if step else "")
