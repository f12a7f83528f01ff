"""Standard output, whose failure is an error like any other."""

import errno
import os
import select
import sys
from collections.abc import Callable
from io import TextIOBase

from tunlab.errors import TunlabError


class HungUp(Exception):
    """The terminal was closed: nobody is left to say anything to."""


def give_up() -> None:
    """Let standard output lead nowhere: what could not be written, and was told, would be tried again at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def unread() -> bool:
    """Whether standard output is a pipe that nobody reads any more: a write would tell, but so does poll(2)."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


class Output(TextIOBase):
    """Writes to standard output. Raises TunlabError where that fails, BrokenPipeError when nobody reads any more.

    A terminal that was closed raises HungUp: the SIGHUP that belongs to it may come later (tty_ioctl(4)).
    """

    encoding = "utf-8"

    def __init__(self) -> None:
        self._file = sys.stdout

    def write(self, text: str) -> int:
        return self._tried(lambda: self._file.write(text))

    def flush(self) -> None:
        self._tried(lambda: self._file.flush() or 0)

    def isatty(self) -> bool:
        return self._file.isatty()

    def fileno(self) -> int:
        return self._file.fileno()

    @staticmethod
    def _tried(action: Callable[[], int]) -> int:
        try:
            return action()
        except BrokenPipeError:
            raise
        except OSError as error:
            if error.errno == errno.EIO:
                raise HungUp from error
            raise TunlabError("output_failed", problem=error.strerror) from error
