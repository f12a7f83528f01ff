"""The controlling terminal: whose turn it is, and the state in which it was found."""

import os
import signal
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tunlab.kernel.errno_names import attempting

SHOW_CURSOR = b"\x1b[?25h"


class Terminal:
    """The terminal on `fd`, as it was found. Only the front makes one, and only it gives the terminal away.

    A terminal that is not our controlling one (a container's, at times) has no foreground: only its mode is
    looked after.
    """

    def __init__(self, fd: int = 0) -> None:
        self._fd = fd
        self._found: list[Any] = termios.tcgetattr(fd)
        self._lent_mode: list[Any] = self._found
        self._lent = False
        self._controls_us = _controls_us(fd)

    def wait_for_turn(self) -> bool:
        """Have the kernel stop us, as any background job that wants the terminal, until we are in the foreground.

        False when a signal came first. Raises KernelError in the background of a terminal without a shell,
        where nobody could continue us.
        """
        if not self._controls_us:
            return True
        with attempting("tcsetpgrp"), _disposition(signal.SIGTTOU, signal.SIG_DFL):
            try:
                os.tcsetpgrp(self._fd, os.getpgrp())  # changes nothing in the foreground, and stops us elsewhere
            except InterruptedError:
                return False
        return True

    def give(self, group: int) -> None:
        """Make `group` the foreground process group, in the mode that it had last."""
        termios.tcsetattr(self._fd, termios.TCSADRAIN, self._lent_mode)  # while we are still in the foreground
        self._make_foreground(group)
        self._lent = True

    def take_back(self) -> None:
        """Take back what was given, in the mode in which it was found. A closed terminal is let be."""
        if not self._lent:
            return
        self._lent = False
        # A background process that touches the terminal is stopped with SIGTTOU unless it ignores that.
        with suppress(OSError, termios.error), _disposition(signal.SIGTTOU, signal.SIG_IGN):
            self._lent_mode = termios.tcgetattr(self._fd)
            self._make_foreground(os.getpgrp())
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._found)
            os.write(self._fd, SHOW_CURSOR)

    def _make_foreground(self, group: int) -> None:
        if self._controls_us:
            os.tcsetpgrp(self._fd, group)


def stop_own_job() -> None:
    """Stop our whole process group as Ctrl-Z would; return when it is continued."""
    with _disposition(signal.SIGTSTP, signal.SIG_DFL):
        os.killpg(os.getpgrp(), signal.SIGTSTP)


def _controls_us(fd: int) -> bool:
    try:
        os.tcgetpgrp(fd)
    except OSError:
        return False
    return True


@contextmanager
def _disposition(signum: signal.Signals, handler: Any) -> Iterator[None]:
    before = signal.signal(signum, handler)
    try:
        yield
    finally:
        signal.signal(signum, before)
