"""Joins the user's terminal with that of a process: keys go in, output comes out, the size goes along."""

import fcntl
import os
import signal
import termios
import tty
from contextlib import suppress
from typing import Any, Self

from tunlab.kernel.holder import Ended
from tunlab.kernel.process import Process

_AT_ONCE = 65536  # bytes
_LAST_READS = 32  # of what one that has ended printed; each takes what has arrived, at most 4 KiB (n_tty)
_CLEAR_LINE = b"\r\x1b[K"
# What a killed editor leaves on (xterm's control sequences): the other screen, reports of the mouse and of focus,
# bracketed paste, a scroll region, which may only be taken off around a saved cursor, lines that are not wrapped, a
# hidden cursor, colours.
_PLAIN = (
    b"\x1b[?1047l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?1015l\x1b[?2004l"
    b"\x1b7\x1b[r\x1b8\x1b[?7h\x1b[?25h\x1b[0m"
)
# The other screen, by the sequence that also brings the cursor back; of one that did not save it, it goes astray.
_AWAY, _HOME = b"\x1b[?1049h", b"\x1b[?1049l"


class Relay:
    """The terminal on `fd` in raw mode, for as long as the block lasts: every key is the process's, Ctrl-C too.

    A context manager that leaves the terminal as it was found. `fileno()` is the user's side.
    """

    def __init__(self, process: Process, fd: int = 0, out: int = 1) -> None:
        self._process = process
        self._fd = fd
        self._out = out
        self._found: list[Any] = []
        self._typed = b""  # what the process's terminal did not take yet
        self._away = False  # on the other screen

    def __enter__(self) -> Self:
        self._handler = signal.signal(signal.SIGWINCH, lambda *_: self._resize())
        self._resize()
        with suppress(termios.error):  # it was closed; SIGHUP is on its way
            self._found = termios.tcgetattr(self._fd)
            tty.setraw(self._fd, termios.TCSADRAIN)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGWINCH, self._handler)
        with suppress(OSError):
            if os.environ.get("TERM", "dumb") != "dumb":
                os.write(self._out, (_HOME if self._away else b"") + _PLAIN)
        with suppress(termios.error):
            if self._found:
                termios.tcsetattr(self._fd, termios.TCSADRAIN, self._found)

    def fileno(self) -> int:
        return self._fd

    def keys(self) -> bytes:
        """Hand on what was typed. Raises Ended where the terminal was closed: only our controlling one sends SIGHUP."""
        try:
            typed = os.read(self._fd, _AT_ONCE)
        except OSError:  # EIO (tty_ioctl(4))
            typed = b""
        if not typed:
            raise Ended(signal.SIGHUP)
        self._typed += typed
        self.flush()
        return typed

    def flush(self) -> None:
        """Hand on what is still waiting; a terminal that nobody reads takes no more than 4 KiB (n_tty)."""
        with suppress(OSError):
            self._typed = self._typed[os.write(self._process.fileno(), self._typed) :] if self._typed else b""

    def output(self) -> None:
        """Show what the process printed."""
        with suppress(OSError):
            data = os.read(self._process.fileno(), _AT_ONCE)
            if _AWAY in data or _HOME in data:
                self._away = data.rfind(_AWAY) > data.rfind(_HOME)
            while data:
                data = data[os.write(self._out, data) :]

    def last_output(self) -> None:
        """Show what is still to be had of a process that has ended; what it left behind may print for ever."""
        for _ in range(_LAST_READS):
            self.output()

    def at_prompt(self) -> bool:
        """Whether the process itself has its terminal, and not a command that it runs."""
        with suppress(OSError):
            return os.tcgetpgrp(self._process.fileno()) == self._process.pid
        return False

    def say(self, text: str, redraw: bytes) -> None:
        """Put a line of ours in the place of the prompt; `redraw` is the key that has that drawn again below it."""
        with suppress(OSError):
            os.write(self._out, _CLEAR_LINE + text.encode() + b"\r\n")
        self._typed += redraw
        self.flush()

    def _resize(self) -> None:
        with suppress(OSError):
            size = fcntl.ioctl(self._fd, termios.TIOCGWINSZ, bytes(8))
            fcntl.ioctl(self._process.fileno(), termios.TIOCSWINSZ, size)
