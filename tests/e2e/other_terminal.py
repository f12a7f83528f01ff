"""A lab that runs in one terminal, so that another can join it: two nodes, and somebody who waits."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from strange import PATIENCE, environment

from tunlab.session import record

STRANGER = 64999  # a uid without an account

# argv: the uid whose sandbox it is to be. All is imported before: that user may not be able to read our files.
FRONT = """
import os, select, sys
from tunlab import paths
from tunlab.kernel import sandbox
from tunlab.kernel.namespaces import NetworkNamespace
from tunlab.kernel.process import reap
from tunlab.kernel.syscalls import prctl
from tunlab.session import record
uid = int(sys.argv[1])
if uid != os.geteuid():
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    prctl(4, 1)  # PR_SET_DUMPABLE, as of any process that they have started themselves
folder = paths.sessions(uid)
name = record.claim(folder, "lab-x")
def born(pid):
    record.write(folder, record.Session(name, "lab-x", pid, record.start_time(pid)))
def hold(front):
    with NetworkNamespace("h1"), NetworkNamespace("h2"):
        print(name, flush=True)
        while True:
            front.check()
            reap()
            select.select([], [], [], 0.02)
try:
    status = sandbox.run(hold, born)
finally:
    record.remove(folder, name)
sys.exit(status)
"""


class Lab:
    """Its session, and the folder in which that is found."""

    def __init__(self, front: subprocess.Popen[str], folder: Path, name: str) -> None:
        self.front = front
        self.name = name
        self.session = next(each for each in record.sessions(folder) if each.name == name)

    def kill(self) -> None:
        os.kill(self.session.holder, signal.SIGKILL)


@contextmanager
def running(place: Path, uid: int | None = None) -> Iterator[Lab]:
    """Such a lab, with its session below `place`; with `uid` another user's, where that user's sessions are."""
    surroundings = environment(XDG_RUNTIME_DIR=place)
    folder = place / "tunlab"
    if uid is not None:
        folder = Path(f"/tmp/tunlab-{uid}")
        del surroundings["XDG_RUNTIME_DIR"]
    front = subprocess.Popen(
        [sys.executable, "-c", FRONT, str(os.geteuid() if uid is None else uid)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=surroundings,
    )
    try:
        assert front.stdout
        name = front.stdout.readline().strip()
        assert name, "no sandbox"
        lab = Lab(front, folder, name)
        with suppress(ProcessLookupError):
            pidfd = os.pidfd_open(lab.session.holder)
            try:
                yield lab
                front.terminate()
                assert select.select([pidfd], [], [], PATIENCE)[0], "something keeps the sandbox from ending"
            finally:
                os.close(pidfd)
    finally:
        front.terminate()
        front.communicate(timeout=PATIENCE)
