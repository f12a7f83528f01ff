"""The second process of an endpoint: it ends with the first, and the first hears why it has ended."""

import os
import pickle
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, Self

from tunlab.errors import Status, TunlabError
from tunlab.kernel.syscalls import PR_SET_PDEATHSIG, prctl

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGALRM)


class OtherHalf:
    """A context manager. `work` runs in the process, for ever; `pid` is its own."""

    def __init__(self, work: Callable[[], NoReturn]) -> None:
        self._work = work
        self._lives = False
        self.pid = 0

    def __enter__(self) -> Self:
        self._told, tell = os.pipe2(os.O_CLOEXEC)
        first = os.getpid()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            self.pid = os.fork()
            if self.pid == 0:
                self._be(first, tell)
            self._lives = True
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(tell)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        os.close(self._told)

    def check(self) -> None:
        """Raises TunlabError where it has ended: what it raised itself, or how it was ended."""
        if not self._lives:
            return
        found, status = os.waitpid(self.pid, os.WNOHANG)
        if not found:
            return
        self._lives = False
        said = os.read(self._told, 1 << 16)
        if said:
            key, values = pickle.loads(said)
            raise TunlabError(key, Status.ENVIRONMENT, **values)
        raise TunlabError("tunnel_half_ended", code=os.waitstatus_to_exitcode(status))

    def end(self) -> None:
        """End it and wait until it is gone."""
        if self._lives:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self._lives = False

    def _be(self, first: int, tell: int) -> NoReturn:
        """The process itself: Ctrl-C is for the first one, which ends this."""
        try:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            for each in _SIGNALS:
                signal.signal(each, signal.SIG_DFL if each != signal.SIGINT else signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            if os.getppid() == first:
                self._work()
        except TunlabError as error:
            os.write(tell, pickle.dumps((error.key, error.values)))
        finally:
            os._exit(Status.ENVIRONMENT)
