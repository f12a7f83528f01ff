"""A sandbox that somebody else holds, to be joined: two nodes with a cable between them."""

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from inside import nodes

from tunlab.kernel import sandbox
from tunlab.kernel.process import reap
from tunlab.kernel.syscalls import prctl

PATIENCE = 10.0  # seconds
STRANGER = 64999  # a uid without an account
_PR_SET_DUMPABLE = 4  # linux/prctl.h


class Held:
    """Its holder, as a pid and as a pidfd."""

    def __init__(self, holder: int, front: int) -> None:
        self.holder = holder
        self.front = front
        self.pidfd = os.pidfd_open(holder)

    def kill(self) -> None:
        os.kill(self.holder, signal.SIGKILL)

    def ended(self) -> bool:
        """Wait for the holder's end."""
        return bool(select.select([self.pidfd], [], [], PATIENCE)[0])


@contextmanager
def held(inside: Callable[[], object] = lambda: None, uid: int | None = None) -> Iterator[Held]:
    """Such a sandbox while the block lasts; `inside` is called in its holder first. With `uid`, it is that user's."""
    told, tell = os.pipe()
    front = os.fork()
    if front == 0:
        try:
            os.close(told)
            if uid is not None:
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)
                prctl(_PR_SET_DUMPABLE, 1)  # as any process that this user has started themselves
            os._exit(sandbox.run(lambda line: _hold(line, tell, inside), lambda pid: _say(tell, f"{pid}\n")))
        finally:
            os._exit(1)
    os.close(tell)
    with os.fdopen(told) as lines:
        holder = lines.readline()
        assert holder and lines.readline() == "ready\n", "no sandbox"
    there = Held(int(holder), front)
    try:
        yield there
    finally:
        os.kill(front, signal.SIGKILL)
        os.waitpid(front, 0)
        gone = there.ended()
        os.close(there.pidfd)
        assert gone, "the sandbox stays"


def _hold(line: Any, tell: int, inside: Callable[[], object]) -> int:
    with nodes("h1", "h2") as (h1, h2):
        h1.netlink.add_veth("eth0", "eth0", h2.namespace)
        inside()
        _say(tell, "ready\n")
        os.close(tell)
        while True:
            line.check()
            reap()
            select.select([], [], [], 0.02)


def _say(tell: int, text: str) -> None:
    os.write(tell, text.encode())
