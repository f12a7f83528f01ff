"""What the process that sends attends to while it waits: signals, the device, the other process, the time."""

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Self

from tunlab.errors import TunlabError
from tunlab.kernel.tuntap import is_up
from tunlab.tunnel.other_half import OtherHalf

_SECONDS = 0.5  # from one look to the next: so late a device that went down is noticed
_RETRY, _FINISH = 0.001, 0.1  # seconds, when told to end: from look to look, and until a packet at hand is left


class Stopped(Exception):
    """SIGTERM or SIGINT has come."""


class Unheard(Exception):
    """What was to be told could not be: an OSError would be taken for one of the path's own."""

    def __init__(self, why: OSError) -> None:
        super().__init__(str(why))
        self.why = why


class Attending:
    """A context manager. In the block, exceptions come out of a system call that waits: signal handlers raise them.

    `notice` and `tell` are called from a handler: `notice` at each look, `tell` every `stats` seconds. `at_hand` says
    whether a packet has been read and is not yet counted to its end: the end waits a moment for that.

    A signal that comes between Python's last look and the system call does not end that one; the next look does.
    """

    def __init__(
        self,
        device: str,
        others: list[OtherHalf],
        stats: float | None,
        notice: Callable[[], None],
        tell: Callable[[], None],
        at_hand: Callable[[], bool],
    ) -> None:
        self._device = device
        self._others = others
        self._stats = stats
        self._notice = notice
        self._tell = tell
        self._at_hand = at_hand
        self._was_up = False
        self._busy = False
        self._end_by: float | None = None
        self._ended = False

    def __enter__(self) -> Self:
        with suppress(OSError):
            self._was_up = is_up(self._device)
        self._due = time.monotonic() + (self._stats or 0)
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._stop)
        for each in (signal.SIGALRM, signal.SIGCHLD):
            signal.signal(each, self._look)
        seconds = min(_SECONDS, self._stats or _SECONDS)
        signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGCHLD):
            signal.signal(each, signal.SIG_IGN if each != signal.SIGCHLD else signal.SIG_DFL)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if self._end_by is None:
            self._end_by = time.monotonic() + _FINISH
            signal.setitimer(signal.ITIMER_REAL, _RETRY, _RETRY)
            self._end_if_told()

    def _look(self, _number: int, _frame: FrameType | None) -> None:
        if self._end_by is not None:
            self._end_if_told()
            return
        if self._busy:
            return
        self._busy = True
        try:
            for each in self._others:
                each.check()
            self._look_at_device()
            self._notice()
            if self._stats is not None and time.monotonic() >= self._due:
                self._due += self._stats
                self._tell()
        except OSError as error:
            raise Unheard(error) from error
        finally:
            self._busy = False
        self._end_if_told()

    def _end_if_told(self) -> None:
        """A line that is being printed is finished first, and so is a packet, if it does not take long."""
        if self._end_by is None or self._busy or self._ended:
            return
        if self._at_hand() and time.monotonic() < self._end_by:
            return
        self._ended = True
        raise Stopped

    def _look_at_device(self) -> None:
        """One that was never up waits for that; one that has gone tells so itself."""
        with suppress(OSError):
            up = is_up(self._device)
            if self._was_up and not up:
                raise TunlabError("tunnel_device_down", device=self._device)
            self._was_up = up
