"""Runs something as the holder of a new sandbox, with a session record that others find it by."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from tunlab import paths
from tunlab.kernel import sandbox
from tunlab.kernel.holder import FrontLine
from tunlab.kernel.terminal import Terminal
from tunlab.session import record

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
