"""The front: outside the sandbox, between the holder and whoever started us."""

import os
import selectors
import signal
import socket
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from tunlab.kernel.errno_names import attempting
from tunlab.kernel.holder import END_SIGNALS, GO, IMPATIENCE, FrontLine, heeded
from tunlab.kernel.terminal import Terminal, stop_own_job

PATIENCE = 5.0  # seconds between passing a signal on and SIGKILL


class Front:
    """Waits for the holder, passes signals on, stops and continues with it, and restores the terminal."""

    def __init__(self, line: socket.socket, terminal: Terminal | None) -> None:
        self._line = line
        self._terminal = terminal
        self._ending: int | None = None  # the first signal that asked us to end
        self._asked = 0.0  # when it did
        self._handlers: dict[int, object] = {}
        self._wake, self._woken = -1, -1
        self._arrived = bytearray()  # signals that we have not passed on yet
        self.holder = 0
        self.left = False  # the holder lives on by itself, and is not our business any more

    def __enter__(self) -> Self:
        with attempting("pipe"):
            self._wake, self._woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        for signum in heeded((*END_SIGNALS, signal.SIGTSTP)):
            self._handlers[signum] = signal.signal(signum, lambda *_: None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(-1)
        for signum, handler in self._handlers.items():
            signal.signal(signum, handler)  # type: ignore[arg-type]
        os.close(self._wake)
        os.close(self._woken)
        if self.holder:
            self._end_holder()
        self._line.close()

    def leave_to_parent(self) -> None:
        """In the forked maker: its signals must not wake the front."""
        signal.set_wakeup_fd(-1)

    def adopt(self, holder: int) -> None:
        """The holder is our child from now on: its maker has gone and we are its subreaper."""
        self.holder = holder

    def tell(self, word: bytes) -> None:
        """Say a word to the holder; to one that has died, nothing."""
        with suppress(OSError):
            self._line.send(word)

    def supervise(self) -> int:
        """Let the holder go, and return its exit status when it has ended."""
        if not self._take_turn():
            self._end_holder()
            return 128 + self._arrived[0]
        self.tell(GO)
        try:
            return self.wait()
        finally:
            if self._terminal:
                self._terminal.take_back()

    def wait(self) -> int:
        """Wait for the holder's end; 128+N if signal N ended it. 0 where it wants no front any more (`left`)."""
        if not self.holder:  # its maker was killed before there was one
            return 128 + signal.SIGKILL
        pidfd = os.pidfd_open(self.holder)
        try:
            with selectors.DefaultSelector() as selector:
                for fd in (pidfd, self._wake, self._line.fileno()):
                    selector.register(fd, selectors.EVENT_READ)
                while True:
                    self._pass_on()
                    ready = selector.select(PATIENCE if self._ending else None)
                    fds = {key.fd for key, _ in ready}
                    if pidfd in fds:
                        return self._status()
                    if not fds:
                        os.kill(self.holder, signal.SIGKILL)
                    if self._line.fileno() in fds and not self._hear():
                        selector.unregister(self._line)
                    if self.left:
                        self.holder = 0
                        return 0
        finally:
            os.close(pidfd)

    def _hear(self) -> bool:
        try:
            said = self._line.recv(64)
        except OSError:
            return False
        if said == FrontLine.STOP:
            self._suspend()
        # Who asks it to end in that moment means it all the same: it hears of it, and we wait.
        self.left = said == FrontLine.UP and self._ending is None and not self._asked_to_end()
        return said != b""

    def _pass_on(self) -> None:
        self._collect()
        while self._arrived:
            signum = self._arrived.pop(0)
            if signum == signal.SIGTSTP:
                self._suspend()
            elif signum in END_SIGNALS:
                if self._ending is None:
                    self._ending, self._asked = signum, time.monotonic()
                again = time.monotonic() - self._asked > IMPATIENCE
                os.kill(self.holder, signal.SIGKILL if again else signum)

    def _collect(self) -> None:
        with suppress(BlockingIOError):
            self._arrived += os.read(self._wake, 64)

    def _suspend(self) -> None:
        os.kill(self.holder, signal.SIGSTOP)
        os.waitid(os.P_PID, self.holder, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        if self._terminal:
            self._terminal.take_back()
        stop_own_job()
        # Asked to end in the background, where the terminal is the shell's: without a word, then.
        os.kill(self.holder, signal.SIGCONT if self._take_turn() else signal.SIGKILL)

    def _take_turn(self) -> bool:
        """Give the terminal to the holder when it is our turn; False when a signal asks us to end first."""
        if self._terminal is None:
            return True
        while not self._asked_to_end():
            if self._terminal.wait_for_turn():
                self._terminal.give(self.holder)
                return True
        return False

    def _asked_to_end(self) -> bool:
        self._collect()
        self._arrived = bytearray(signum for signum in self._arrived if signum in END_SIGNALS)
        return bool(self._arrived)

    def _status(self) -> int:
        _, status = os.waitpid(self.holder, 0)
        self.holder = 0
        code = os.waitstatus_to_exitcode(status)
        if code >= 0:
            return code
        return 128 + (self._ending or -code)

    def _end_holder(self) -> None:
        os.kill(self.holder, signal.SIGKILL)
        os.waitpid(self.holder, 0)
        self.holder = 0
