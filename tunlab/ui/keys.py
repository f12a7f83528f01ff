"""The keyboard: one key at a time, without Enter and without echo."""

import codecs
import os
import re
import termios
from contextlib import suppress
from typing import Any

ENTER, BACKSPACE, ESCAPE, CLEAR, OTHER = "enter", "backspace", "escape", "clear", "other"
_NAMES = {"\r": ENTER, "\n": ENTER, "\x7f": BACKSPACE, "\b": BACKSPACE, "\x15": CLEAR, "\x1b": ESCAPE}
# What a terminal sends for arrows, function keys and their like (ECMA-48, 5.4); each is one key.
_KEY = re.compile(r"\x1b[\[O][0-9;?]*[A-Za-z~]|\x1b[^\[O]|.", re.DOTALL)


class Keyboard:
    """The terminal on standard input, in a mode in which each key arrives at once. A context manager.

    Ctrl-C and Ctrl-Z keep their meaning.
    """

    def __init__(self, fd: int = 0) -> None:
        self._fd = fd
        self._before: list[Any] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")

    def __enter__(self) -> "Keyboard":
        with suppress(termios.error):  # it was closed; SIGHUP is on its way
            self._before = termios.tcgetattr(self._fd)
        self.come_back()
        return self

    def __exit__(self, *_: object) -> None:
        self.step_aside()

    def step_aside(self) -> None:
        """Leave the terminal as it was found: somebody else reads it now."""
        with suppress(termios.error):  # it was closed
            if self._before:
                termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def come_back(self) -> None:
        """Read single keys again."""
        if not self._before:
            return
        mode = [*self._before[:6], list(self._before[6])]
        mode[3] &= ~(termios.ICANON | termios.ECHO)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 0, 0
        with suppress(termios.error):
            termios.tcsetattr(self._fd, termios.TCSADRAIN, mode)

    def fileno(self) -> int:
        return self._fd

    def pressed(self) -> list[str]:
        """The keys pressed since the last call: the character itself, or one of the names above."""
        try:
            typed = self._decoder.decode(os.read(self._fd, 1024))
        except OSError:  # the terminal is closed; SIGHUP is on its way
            return []
        return [_name(key) for key in _KEY.findall(typed)]

    def drop(self) -> None:
        """Forget what was typed ahead."""
        with suppress(termios.error):  # it was closed
            termios.tcflush(self._fd, termios.TCIFLUSH)


def _name(key: str) -> str:
    return _NAMES.get(key, key if len(key) == 1 and key.isprintable() else OTHER)
