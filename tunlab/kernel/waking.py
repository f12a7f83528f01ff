"""Signals as something that a loop can wait for: Python itself goes on waiting after a handler has run (PEP 475)."""

import os
import signal
from contextlib import suppress
from typing import Self

from tunlab.kernel.errno_names import attempting


class Waking:
    """Readable after any signal that has a handler. A context manager, for the main thread."""

    def __enter__(self) -> Self:
        with attempting("pipe"):
            self._wake, self._woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._former = signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._former)
        os.close(self._wake)
        os.close(self._woken)

    def fileno(self) -> int:
        """What is readable then."""
        return self._wake

    def drain(self) -> None:
        """Be ready for the next one."""
        with suppress(BlockingIOError):
            while os.read(self._wake, 64):
                pass
