"""Which process holds a sandbox: a record is only believed once a pidfd holds that process fast."""

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tunlab.kernel.holder import NAME
from tunlab.session.record import Session, start_time


def is_holder(session: Session, uid: int) -> bool:
    """Whether the process of the record is alive, and the holder of a sandbox of that user."""
    with opened([session], uid) as found:
        return bool(found)


@contextmanager
def opened(sessions: list[Session], uid: int) -> Iterator[list[int]]:
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
    """PID 1 of a namespace inside ours, of that user alone, named as only itself can name it, and as old as told.

    Nothing of it is a file in the sandbox: whoever is in there may remove any, and it must be possible to end it then.
    """
    process = Path("/proc", str(session.holder))
    status = dict(line.split(":", 1) for line in (process / "status").read_text(errors="replace").splitlines())
    numbers = status["NSpid"].split()  # its pid in our namespace first, in its own last (proc(5))
    return (
        set(status["Uid"].split()) == {str(uid)}
        and len(numbers) > 1
        and numbers[-1] == "1"
        and start_time(session.holder) == session.started
        and status["Name"].strip() == NAME
    )
