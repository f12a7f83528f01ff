"""Ends a sandbox from outside: asks its holder, then kills it, by a pidfd and never by a number or a name."""

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tunlab import paths
from tunlab.session.record import Session, start_time

PATIENCE = 5.0  # seconds between SIGTERM and SIGKILL, as the front has it
_DEAD_WITHIN = 5.0  # seconds after SIGKILL


def end(sessions: list[Session], uid: int, patience: float = PATIENCE) -> None:
    """End the sandboxes of a user, all at once. The front of each sees its holder's end and leaves too.

    A process that is not the holder of a sandbox of that user is left alone, whatever the record says.
    """
    with _opened(sessions, uid) as holders:
        for signum, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, _DEAD_WITHIN)):
            for pidfd in holders:
                with suppress(OSError):  # it has ended, or may not be told
                    signal.pidfd_send_signal(pidfd, signum)
                    signal.pidfd_send_signal(pidfd, signal.SIGCONT)  # it may be stopped, by Ctrl-Z
            deadline = time.monotonic() + seconds
            while holders and (left := deadline - time.monotonic()) > 0:
                ended, _, _ = select.select(holders, [], [], left)
                holders = [pidfd for pidfd in holders if pidfd not in ended]


def is_holder(session: Session, uid: int) -> bool:
    """Whether the process of the record is alive, and the holder of a sandbox of that user."""
    with _opened([session], uid) as found:
        return bool(found)


@contextmanager
def _opened(sessions: list[Session], uid: int) -> Iterator[list[int]]:
    """A pidfd of each that is a holder. It is opened first, and looked at while it holds the process fast."""
    opened: list[int] = []
    try:
        found = []
        for session in sessions:
            with suppress(OSError, OverflowError, KeyError):
                opened.append(os.pidfd_open(session.holder))
                if _holds_a_sandbox(session, uid) and not select.select([opened[-1]], [], [], 0)[0]:
                    found.append(opened[-1])
        yield found
    finally:
        for pidfd in opened:
            os.close(pidfd)


def _holds_a_sandbox(session: Session, uid: int) -> bool:
    """PID 1 of a namespace inside ours, of that user alone, that has made a sandbox's mounts and is as old as told."""
    process = Path("/proc", str(session.holder))
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    numbers = status["NSpid"].split()  # its pid in our namespace first, in its own last (proc(5))
    hosts = Path(f"{process}/root{paths.HOSTS}")
    return (
        set(status["Uid"].split()) == {str(uid)}
        and len(numbers) > 1
        and numbers[-1] == "1"
        and start_time(session.holder) == session.started
        and hosts.is_file()
    )
