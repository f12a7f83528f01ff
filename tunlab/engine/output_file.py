"""What the programs of a topology in the background print, kept in a file of bounded size inside the sandbox."""

import os
from contextlib import suppress
from pathlib import Path

MOST_BYTES = 1 << 20  # of the file; then its older half goes


class OutputFile:
    """A file of lines; whoever is in the sandbox may read it, and may have removed it."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        os.fchmod(self._fd, 0o644)  # under sudo it is the real user who reads it

    def add(self, line: str) -> None:
        """One more line, if there is room: a full disk must not end what the line is about."""
        with suppress(OSError):
            self._add(line)

    def _add(self, line: str) -> None:
        data = line.encode(errors="replace") + b"\n"
        size = os.fstat(self._fd).st_size
        if size + len(data) > MOST_BYTES:
            kept = os.pread(self._fd, MOST_BYTES // 2, max(0, size - MOST_BYTES // 2))
            os.ftruncate(self._fd, 0)
            data = kept.partition(b"\n")[2] + data
        os.write(self._fd, data)
