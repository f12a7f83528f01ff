"""What another user's process has where we have a terminal: nothing to read, and pipes that we copy out.

A terminal that is handed to it could be read, and could have keys pushed into it (TIOCSTI, ioctl_tty(2)).
"""

import os
from contextlib import suppress
from typing import Self

_AT_ONCE = 1 << 20  # bytes; no pipe of a user holds more (pipe(7))


class StandIns:
    """For each of the descriptors 0 to 2 that is a terminal, where they are `wanted`. A context manager.

    `copied` maps the descriptors that we read to those that what was read is for.
    """

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._theirs: dict[int, int] = {}
        self.copied: dict[int, int] = {}

    def __enter__(self) -> Self:
        for fd in range(3):
            if not self._wanted or not os.isatty(fd):
                continue
            if fd == 0:
                self._theirs[fd] = os.open(os.devnull, os.O_RDONLY)
                continue
            ours, self._theirs[fd] = os.pipe()
            os.set_blocking(ours, False)
            self.copied[ours] = fd
        return self

    def __exit__(self, *_: object) -> None:
        for fd in self.copied:
            os.close(fd)

    def take(self) -> None:
        """In the process that is to have them."""
        for fd, theirs in self._theirs.items():
            os.dup2(theirs, fd)

    def leave_to_child(self) -> None:
        """In ours, once the other has begun."""
        for theirs in self._theirs.values():
            os.close(theirs)

    def copy(self, ours: int) -> bool:
        """Hand on what has arrived; False when no more can come."""
        try:
            data = os.read(ours, _AT_ONCE)
        except BlockingIOError:
            return True
        more = data != b""
        with suppress(OSError):
            while data:
                data = data[os.write(self.copied[ours], data) :]
        return more
