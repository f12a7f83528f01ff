"""The controlling terminal: whose turn it is, and the state in which it was found."""

import os
import signal
import termios
from contextlib import suppress
from typing import Any

SHOW_CURSOR = b"\x1b[?25h"


class Terminal:
    """The terminal on `fd`, as it was found. Only the front makes one, and only it gives the terminal away."""

    def __init__(self, fd: int = 0) -> None:
        self._fd = fd
        self._found: list[Any] = termios.tcgetattr(fd)
        self._lent: list[Any] = self._found

    def wait_for_turn(self) -> None:
        """Stop, as a background job that wants the terminal does, until our job is in the foreground."""
        while os.tcgetpgrp(self._fd) != os.getpgrp():
            _stop_own_job(signal.SIGTTIN)

    def give(self, group: int) -> None:
        """Make `group` the foreground process group, in the mode that it had last."""
        termios.tcsetattr(self._fd, termios.TCSADRAIN, self._lent)  # while we are still in the foreground
        os.tcsetpgrp(self._fd, group)

    def take_back(self) -> None:
        """Take the terminal back and put it into the mode in which it was found. A closed one is let be."""

        def restore() -> None:
            self._lent = termios.tcgetattr(self._fd)
            os.tcsetpgrp(self._fd, os.getpgrp())
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._found)
            os.write(self._fd, SHOW_CURSOR)

        with suppress(OSError, termios.error):  # it hung up: there is nobody to restore it for
            _with_output_allowed(restore)


def stop_own_job() -> None:
    """Stop our whole process group as Ctrl-Z would; return when it is continued."""
    _stop_own_job(signal.SIGTSTP)


def _stop_own_job(how: signal.Signals) -> None:
    before = signal.signal(how, signal.SIG_DFL)
    os.killpg(os.getpgrp(), how)
    signal.signal(how, before)


def _with_output_allowed(action: Any) -> None:
    # A background process that touches the terminal is stopped with SIGTTOU unless it ignores that.
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        action()
    finally:
        signal.signal(signal.SIGTTOU, before)
