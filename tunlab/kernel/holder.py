"""Inside the sandbox: PID 1, its mounts, its signals, and its line to the front."""

import errno
import os
import signal
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tunlab.kernel.errno_names import attempting
from tunlab.kernel.furnish import furnish
from tunlab.kernel.syscalls import (
    PR_SET_PDEATHSIG,
    capabilities_permitted,
    prctl,
    raise_ambient,
)

FURNISH, GO = b"furnish", b"go"  # what the front says to the holder, in this order
END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
NAME = "holder"  # as ps(1) shows PID 1: a learner's `pkill tun` is meant for another process

IMPATIENCE = 1.0  # seconds after which asking again means: at once; timeout(1) and shells ask twice in a row
_REMEDIES = dict.fromkeys((errno.EPERM, errno.EACCES), "remedy_sandbox")


class Ended(BaseException):
    """A signal asked the run to end. Not an Exception: nothing on the way up may take it for an error."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


class FrontLine:
    """The holder's line to the world outside: its front, and the signals that reach it.

    An end-of-file on the line means that the front has died.
    """

    STOP, UP = b"stop", b"up"  # what the holder says to the front

    def __init__(self, line: socket.socket) -> None:
        self._line: socket.socket | None = line  # None: there is no front any more, and none is needed
        self._ending: int | None = None
        self._asked: float | None = None  # when a signal asked for the end first

    def expect(self, word: bytes) -> None:
        """Wait for the front's next word; leave when the front is gone."""
        if self._heard() != word:
            os._exit(128 + signal.SIGKILL)

    def check(self) -> None:
        """To be called often: raises Ended when a signal asked for that, and leaves when the front is gone.

        A signal is not obeyed where it arrives: that may be amid a netlink exchange, or an import.
        """
        if self._heard(socket.MSG_DONTWAIT) == b"":
            os._exit(128 + signal.SIGKILL)
        if self._ending is not None:
            signum, self._ending = self._ending, None
            raise Ended(signum)

    def end(self, signum: int) -> None:
        """A signal asks for the end; who asks again a moment later has it at once."""
        now = time.monotonic()
        if self._asked is None:
            self._asked, self._ending = now, signum
        elif now - self._asked > IMPATIENCE:
            os._exit(128 + signum)

    def ask_to_stop(self) -> None:
        """Have the front stop us both, as Ctrl-Z wants: PID 1 ignores its own SIGSTOP."""
        self._say(self.STOP)

    def let_go(self) -> None:
        """Live on without a front, and hold nothing of what its user has open. A signal ends us, and nothing else."""
        nothing = os.open(os.devnull, os.O_RDWR)
        for fd in range(3):
            os.dup2(nothing, fd)
        os.close(nothing)
        prctl(PR_SET_PDEATHSIG, 0)
        self._say(self.UP)
        if self._line:
            self._line.close()
            self._line = None

    def _say(self, word: bytes) -> None:
        with suppress(OSError):  # it has died: `check` is next
            if self._line:
                self._line.send(word)

    def _heard(self, flags: int = 0) -> bytes | None:
        """What the front said; None for nothing yet, empty when it is gone."""
        if self._line is None:
            return None
        try:
            return self._line.recv(64, flags)
        except BlockingIOError:
            return None
        except ConnectionError:  # it died with a word of ours unread
            return b""


def heeded(signals: Iterable[signal.Signals]) -> list[signal.Signals]:
    """Those that whoever started us did not have us ignore, as nohup(1) does with SIGHUP."""
    return [signum for signum in signals if signal.getsignal(signum) is not signal.SIG_IGN]


def become_holder(front: FrontLine, keep: Iterable[Path]) -> None:
    """Set up the new PID 1: signals first, then the mounts.

    Raises KernelError where the kernel refuses one of them.
    """
    _obey_signals(front)
    with suppress(OSError):
        Path("/proc/thread-self/comm").write_text(NAME)
    with attempting("mount /proc, /sys and /run in the sandbox", _REMEDIES):
        furnish(keep)
    raise_ambient(capabilities_permitted())


def die_with_front(front: FrontLine) -> None:
    """A second line of defence, set when the front is our parent: SIGKILL when it dies (prctl(2))."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    front.check()


def _obey_signals(front: FrontLine) -> None:
    # PID 1 ignores every signal that it has no handler for.
    for signum in heeded(END_SIGNALS):
        signal.signal(signum, lambda number, _: front.end(number))
    signal.signal(signal.SIGTSTP, lambda *_: front.ask_to_stop())
    signal.signal(signal.SIGCHLD, lambda *_: None)  # so that it interrupts a wait
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.signal(signal.SIGTTIN, signal.SIG_IGN)
