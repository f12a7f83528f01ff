"""The keyboard: one key at a time, without Enter and without echo."""

import os
import termios
from contextlib import suppress
from typing import Any

_NAMES = {"\r": "enter", "\n": "enter"}


class Keyboard:
    """The terminal on standard input, in a mode in which each key arrives at once. A context manager.

    Ctrl-C and Ctrl-Z keep their meaning.
    """

    def __init__(self, fd: int = 0) -> None:
        self._fd = fd

    def __enter__(self) -> "Keyboard":
        self._before: list[Any] = termios.tcgetattr(self._fd)
        mode = termios.tcgetattr(self._fd)
        mode[3] &= ~(termios.ICANON | termios.ECHO)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 0, 0
        termios.tcsetattr(self._fd, termios.TCSADRAIN, mode)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(termios.error):  # it was closed
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def fileno(self) -> int:
        return self._fd

    def pressed(self) -> list[str]:
        """The keys pressed since the last call; `enter`, or the character itself."""
        try:
            typed = os.read(self._fd, 1024).decode(errors="ignore")
        except OSError:  # the terminal is closed; SIGHUP is on its way
            return []
        return [_NAMES.get(character, character) for character in typed]

    def drop(self) -> None:
        """Forget what was typed ahead."""
        with suppress(termios.error):  # it was closed
            termios.tcflush(self._fd, termios.TCIFLUSH)
