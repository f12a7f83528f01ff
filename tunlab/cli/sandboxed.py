"""Runs something as the holder of a new sandbox, with a session record that others find it by."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from tunlab import paths
from tunlab.errors import TunlabError
from tunlab.kernel import sandbox
from tunlab.kernel.holder import FrontLine
from tunlab.kernel.terminal import Terminal
from tunlab.session import record
from tunlab.session.record import TOPOLOGY, Session

Holder = Callable[[FrontLine, str], int]


def in_session(lab: str, holder: Holder, keep: Sequence[Path], terminal: Terminal | None = None) -> int:
    """Run `holder(front, session)` in a sandbox and return its exit status. Raises TunlabError.

    `keep` are the folders that the holder needs: they are seen inside even below /run.
    """
    folder = paths.sessions(os.geteuid())
    session = record.claim(folder, lab)

    def born(pid: int) -> None:
        record.write(folder, record.Session(session, lab, pid, record.start_time(pid)))

    try:
        return sandbox.run(lambda front: holder(front, session), born, terminal, [each.resolve() for each in keep])
    finally:
        record.remove(folder, session)


def as_topology(name: str, holder: Callable[[FrontLine], int], keep: Sequence[Path], detached: bool) -> int:
    """Run `holder(front)` in the sandbox of a topology, which is the only session of that name.

    Returns its exit status. A `detached` one that wants to live on without us has 0, and its record stays: the one who
    ends it takes that away. Raises TunlabError, `up_runs` where the name is taken.
    """
    folder = paths.sessions(os.geteuid())

    def session(pid: int) -> Session:
        return Session(name, name, pid, record.start_time(pid), TOPOLOGY)

    if not record.take(folder, session(os.getpid())):
        raise TunlabError("up_runs", session=name)
    lives_on = False
    try:
        status = sandbox.run(
            holder, lambda pid: record.write(folder, session(pid)), None, [each.resolve() for each in keep], detached
        )
        lives_on = detached and status == 0
        return status
    finally:
        if not lives_on:
            record.remove(folder, name)
