"""The append-only log of a run: the one truth that screens, files and checks read."""

import time
from collections.abc import Callable

from tunlab.model.events import Entry, Happening

Reader = Callable[[Entry], None]


class EventLog:
    """Stamps what happens and hands it to its readers, in order. `lab` marks the entries of a section's part.

    `step` is the step that is going on: whatever happens belongs to it.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._readers: list[Reader] = []
        self.lab = ""
        self.step = ""

    def follow(self, reader: Reader) -> None:
        """Hand every later entry to `reader`."""
        self._readers.append(reader)

    def leave(self, reader: Reader) -> None:
        """Hand nothing more to `reader`."""
        self._readers.remove(reader)

    def add(self, what: Happening) -> None:
        """Something happened."""
        entry = Entry(time.monotonic() - self._began, self.lab, what)
        for reader in self._readers:
            reader(entry)

    def now(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began
