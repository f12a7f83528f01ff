"""Ends a sandbox from outside: asks its holder, then kills it, by a pidfd and never by a number or a name."""

import select
import signal
import time
from contextlib import suppress
from pathlib import Path

from tunlab.kernel.escort import pid_of
from tunlab.session.holders import opened
from tunlab.session.record import Session

PATIENCE = 5.0  # seconds between SIGTERM and SIGKILL, as the front has it
_DEAD_WITHIN = 5.0  # seconds after SIGKILL
_LOOK = 0.1  # seconds between two looks at who is stopped: a signal may take a moment to stop a process


def end(sessions: list[Session], uid: int, patience: float = PATIENCE) -> None:
    """End the sandboxes of a user, all at once. The front of each sees its holder's end and leaves too.

    A process that is not the holder of a sandbox of that user is left alone, whatever the record says.
    """
    with opened(sessions, uid) as holders:
        for signum, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, _DEAD_WITHIN)):
            for pidfd in holders:
                with suppress(OSError):  # it has ended, or may not be told
                    signal.pidfd_send_signal(pidfd, signum)
            deadline = time.monotonic() + seconds
            while holders and (left := deadline - time.monotonic()) > 0:
                _wake(holders)
                ended, _, _ = select.select(holders, [], [], min(left, _LOOK))
                holders = [pidfd for pidfd in holders if pidfd not in ended]


def _wake(holders: list[int]) -> None:
    """Continue those that are stopped, as Ctrl-Z does it; one that is not would draw its screen anew."""
    for pidfd in holders:
        with suppress(OSError):
            if _is_stopped(pidfd):
                signal.pidfd_send_signal(pidfd, signal.SIGCONT)


def _is_stopped(pidfd: int) -> bool:
    stat = Path("/proc", str(pid_of(pidfd)), "stat").read_text(errors="replace")
    return stat.rpartition(")")[2].split()[0] == "T"
