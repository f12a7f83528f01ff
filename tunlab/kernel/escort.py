"""The caller's side while a function runs in somebody's sandbox: signals, the terminal, how it ended."""

import json
import math
import os
import select
import signal
import socket
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, Self

from tunlab.errors import Status, TunlabError
from tunlab.kernel.front import PATIENCE
from tunlab.kernel.holder import END_SIGNALS, IMPATIENCE, Ended, heeded
from tunlab.kernel.process import Process
from tunlab.kernel.relay import Relay
from tunlab.kernel.stand_ins import StandIns
from tunlab.kernel.terminal import Terminal, stop_own_job

_CONTROL_Z = b"\x1a"
_STOPPED_WITHIN = 0.2  # seconds; one that is amid vfork(2) cannot stop before its child goes on
_TOLD_WITHIN = 2.0  # seconds between an end and the word of it
_PF_EXITING = 0x4  # linux/sched.h; field 9 of /proc/PID/stat has a process's flags (proc(5))


def session_ended() -> TunlabError:
    """The holder died, and so did what had joined it. Who knows the session's name puts it in."""
    return TunlabError("session_ended", Status.ENVIRONMENT, session="")


def session_odd() -> TunlabError:
    """What was asked in the session got no sensible answer."""
    return TunlabError("session_odd", Status.ENVIRONMENT, session="")


class Escort:
    """Waits for a process in a sandbox, stops and continues with it, and passes on what is meant for it."""

    def __init__(self, holder: int, terminal: bool, patience: float = math.inf) -> None:
        self._holder = holder  # a pidfd
        self._deadline = time.monotonic() + patience
        self._main = -1  # a pidfd of what we wait for
        self._terminal = Terminal() if terminal else None
        self._handlers: dict[int, Any] = {}
        self._arrived = bytearray()  # signals that we have not seen to yet
        self._wake, self._woken = -1, -1
        self._asked = 0  # the signal that asks us to end, and with us what has our terminal
        self._stopped_by = 0.0  # when it counts as stopped at the latest; 0: nobody wants it to
        self._hung_up = False  # just now; its guard is to be told
        self._presses: list[tuple[float, int]] = []  # (when, signal): how it is brought to end
        self._told_by = math.inf  # when its guard has told of its end at the latest

    def __enter__(self) -> Self:
        self._wake, self._woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._former = signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        for signum in heeded(END_SIGNALS if math.isfinite(self._deadline) else (*END_SIGNALS, signal.SIGTSTP)):
            self._handlers[signum] = signal.signal(signum, _nothing)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()
        os.close(self._wake)
        os.close(self._woken)

    def leave_to_parent(self) -> None:
        """In a forked child: signals are as they were."""
        self._restore()
        signal.set_wakeup_fd(-1)

    def _restore(self) -> None:
        signal.set_wakeup_fd(self._former)
        for signum, handler in self._handlers.items():
            signal.signal(signum, handler)

    def asked(self) -> int:
        """The signal that asked us to end, or 0."""
        self._collect()
        return self._asked or next((signum for signum in self._arrived if signum in END_SIGNALS), 0)

    def take_turn(self) -> bool:
        """Wait in the background, as any job that wants the terminal; False when a signal asks us to end first."""
        while self._terminal and not self.asked():
            if self._terminal.wait_for_turn():
                return True
        return False

    def hear(self, source: int | socket.socket) -> None:
        """Wait until it is readable. Raises Ended when a signal asks us to end, and TunlabError at our deadline."""
        while True:
            signum = self.asked()  # before we look: what we wait for may be who sent it
            if select.select([source], [], [], 0)[0]:
                return
            if signum:
                raise Ended(signum)
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise session_odd()
            if signal.SIGTSTP in self._arrived:
                self._arrived.remove(signal.SIGTSTP)
                stop_own_job()
            select.select([source, self._wake], [], [], None if math.isinf(left) else left)

    def wait_for_answer(self, main: int, line: socket.socket) -> None:
        """Until `main`, a pidfd, has ended. It is killed where `hear` raises, and nobody follows when it is stopped."""
        try:
            code = None
            while code is None:
                self.hear(line)
                code = _told(line)
        except (Ended, TunlabError):
            signal.pidfd_send_signal(main, signal.SIGKILL)
            raise
        if code:
            self._status(code)  # it may be that the holder died
            raise session_odd()

    def wait(self, main: int, terminal: int, line: socket.socket, stand_ins: StandIns) -> int:
        """Wait for its end. Returns its status, 128+N if signal N ended it; TunlabError where the holder dies.

        `main` is a pidfd, `terminal` our side of its own, -1 where it has none; `line` is that to its guard.
        """
        self._main = main
        process = Process(pid_of(main), terminal)
        while True:
            with self._relayed(process) as relay:
                code = self._serve(process, line, relay, stand_ins)
            if code is not None:
                return self._status(code)
            self._stopped_by = 0.0
            stop_own_job()
            self._send(process, signal.SIGCONT)

    @contextmanager
    def _relayed(self, process: Process) -> Iterator[Relay | None]:
        if self.take_turn():
            with Relay(process) as relay:
                yield relay
        else:
            yield None

    def _serve(self, process: Process, line: socket.socket, relay: Relay | None, stand_ins: StandIns) -> int | None:
        """Until it has ended, then its exit code, -N for signal N; or until it is stopped, then None."""
        sources: list[Any] = [line, self._wake, self._main, *stand_ins.copied, *([process, relay] if relay else [])]
        while True:
            self._see_to_signals(process)
            if self._hung_up:
                with suppress(OSError):
                    line.send(b"hang up")
                self._hung_up = False
                sources, relay = [line, self._wake, self._main], None
            if 0 < self._stopped_by < time.monotonic():
                return None
            ready, _, _ = select.select(sources, [], [], self._patience())
            for source in stand_ins.copied:
                if source in ready and not stand_ins.copy(source):
                    sources.remove(source)
            if line in ready:
                if relay:
                    relay.last_output()
                for source in stand_ins.copied:
                    stand_ins.copy(source)
                return _told(line)
            if self._told_by < time.monotonic():  # its guard is stopped
                return -signal.SIGKILL
            if self._main in ready:
                sources.remove(self._main)
                self._told_by = time.monotonic() + _TOLD_WITHIN
            if relay and process in ready:
                relay.output()
            if relay and relay in ready:
                try:
                    typed = relay.keys()
                except Ended as ended:  # the user's terminal was closed
                    sources.remove(relay)
                    self._arrived.append(ended.signum)
                else:
                    self._heed_stop_key(typed, process, relay)
            elif relay:
                relay.flush()

    def _heed_stop_key(self, typed: bytes, process: Process, relay: Relay) -> None:
        """Ctrl-Z stops what has the terminal, unless it takes the key or the signal itself.

        The kernel does not do it: nobody in the process's own session could continue it (an orphaned group).
        """
        if _CONTROL_Z not in typed or not relay.at_prompt():
            return
        with suppress(termios.error, OSError):
            mode = termios.tcgetattr(process.fileno())
            if mode[3] & termios.ISIG and mode[6][termios.VSUSP] == _CONTROL_Z and not _takes(process.pid):
                self._stop(process)

    def _send(self, process: Process, signum: int) -> None:
        """To its whole group, unless it has ended: then the number may be another's."""
        if not select.select([self._main], [], [], 0)[0]:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signum)

    def _stop(self, process: Process) -> None:
        self._send(process, signal.SIGSTOP)
        self._stopped_by = time.monotonic() + _STOPPED_WITHIN

    # Signals

    def _collect(self) -> None:
        with suppress(BlockingIOError):
            self._arrived += os.read(self._wake, 64)

    def _see_to_signals(self, process: Process) -> None:
        self._collect()
        while self._arrived:
            signum = self._arrived.pop(0)
            if signum == signal.SIGTSTP:
                self._stop(process)
            elif signum in END_SIGNALS and self._terminal is None:
                self._send(process, signum)
                self._send(process, signal.SIGCONT)  # one that is stopped would not heed it
            elif signum in END_SIGNALS and not self._asked:
                self._asked, now = signum, time.monotonic()
                # A shell on a terminal obeys SIGHUP only.
                gentle = [] if signum == signal.SIGHUP else [(now, signum)]
                hung_up = now + IMPATIENCE * len(gentle)
                self._presses = [*gentle, (hung_up, signal.SIGHUP), (hung_up + PATIENCE, signal.SIGKILL)]
        while self._presses and self._presses[0][0] <= time.monotonic():
            signum = self._presses.pop(0)[1]
            self._send(process, signum)
            if signum == signal.SIGHUP:
                self._hang_up(process)

    def _hang_up(self, process: Process) -> None:
        """Close its terminal, as its guard will too.

        The signal alone may be too early for a shell that is about to read a key.
        """
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, process.fileno(), inheritable=False)
        os.close(nothing)
        self._hung_up = True

    def _patience(self) -> float | None:
        times = [when for when, _ in self._presses[:1]] + [self._stopped_by] * (self._stopped_by > 0)
        soonest = min([*times, self._told_by])
        return None if math.isinf(soonest) else max(0.0, soonest - time.monotonic())

    # The end

    def _status(self, code: int) -> int:
        if code == -signal.SIGKILL and not self._asked and is_dying(self._holder):
            if self._terminal:
                with suppress(OSError):
                    os.write(1, b"\n")  # below what it was writing
            raise session_ended()
        return code if code >= 0 else 128 + (self._asked or -code)


def is_dying(pidfd: int) -> bool:
    """Whether a process has ended or is about to, of its own or because it was killed."""
    try:
        stat = Path("/proc", str(pid_of(pidfd)), "stat").read_text(errors="replace")
    except OSError:
        return True
    return bool(int(stat.rpartition(")")[2].split()[6]) & _PF_EXITING)


def pid_of(pidfd: int) -> int:
    """The pid that a pidfd refers to, -1 when that has been reaped (pidfd_open(2))."""
    lines = Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))


def _takes(pid: int) -> bool:
    """Whether a process ignores SIGTSTP or has a handler for it."""
    status = dict(
        line.split(":", 1) for line in Path("/proc", str(pid), "status").read_text(errors="replace").splitlines()
    )
    return bool((int(status["SigIgn"], 16) | int(status["SigCgt"], 16)) >> (signal.SIGTSTP - 1) & 1)


def _told(line: socket.socket) -> int | None:
    """What the guard says: an exit code, or None for a process that was stopped. Of a guard that was killed, that."""
    try:
        said = line.recv(64)
    except OSError:
        said = b""
    code: int | None = json.loads(said)["code"] if said else -signal.SIGKILL
    return code


def _nothing(_: int, __: FrameType | None) -> None:
    """Wakes us, and no more."""
