"""The parent of a process that has joined a sandbox: tells the caller outside how it fares, and ends it with them."""

import json
import os
import select
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from tunlab.kernel.syscalls import set_name

LOOKER = "tunlab-joined"  # as ps(1) shows what has joined a sandbox and is no other program


def guard(line: socket.socket, terminals: tuple[int, int], begin: Callable[[], NoReturn]) -> NoReturn:
    """Fork the process that is to `begin`; send a pidfd of it, then each of its states as `{"code": N}`.

    N is its exit code, -N for signal N; null for a process that was stopped. At the end of the line it is killed; at a
    word on it, its terminal is hung up. `terminals` are the two sides of that, -1 where it has none of its own. What it
    leaves in the background can go on printing there: we read it until nobody has it open.
    """
    try:
        os.setsid()  # the user's Ctrl-C and Ctrl-Z are not meant for us
        set_name(LOOKER)
        held, go = os.pipe2(os.O_CLOEXEC)
        child = os.fork()
        if child == 0:
            os.close(go)
            line.close()
            if terminals[0] >= 0:
                os.close(terminals[0])
            if os.read(held, 1):  # until the caller can hear of it
                begin()
        near = _watch(line, child, terminals, go)
        line.close()
        _read_on(near)
    finally:
        os._exit(1)


def _watch(line: socket.socket, child: int, terminals: tuple[int, int], go: int) -> int:
    """Let it begin, and wait until it has ended. Returns our side of its terminal, or -1."""
    near, far = terminals
    if far >= 0:
        os.close(far)
    wake, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):  # who reads from a pipe waits until nobody has it open any more
        os.dup2(nothing, fd)
    with suppress(OSError):
        socket.send_fds(line, [b"{}"], [os.pidfd_open(child)])
    os.write(go, b"x")
    sources = [line.fileno(), wake]
    while True:
        # Not reaped as long as the caller may signal it: until then its number is its own.
        state = os.waitid(os.P_PID, child, os.WEXITED | os.WSTOPPED | os.WNOHANG | os.WNOWAIT)
        if state:
            code = {os.CLD_EXITED: state.si_status, os.CLD_STOPPED: None}.get(state.si_code, -state.si_status)
            with suppress(OSError):
                line.send(json.dumps({"code": code}).encode())
            if state.si_code != os.CLD_STOPPED:
                while _heard(line):
                    pass
                os.waitid(os.P_PID, child, os.WEXITED)
                return near
            os.waitid(os.P_PID, child, os.WSTOPPED | os.WNOHANG)
        ready, _, _ = select.select(sources, [], [])
        if wake in ready:
            os.read(wake, 64)
        if line.fileno() in ready:
            if near >= 0:
                os.close(near)
                near = -1
            if not _heard(line):
                sources.remove(line.fileno())
                with suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGKILL)


def _heard(line: socket.socket) -> bytes:
    """A word of the caller's; nothing when it is gone."""
    with suppress(OSError):
        return line.recv(16)
    return b""


def _read_on(near: int) -> None:
    with suppress(OSError):  # EIO: nobody has it open any more (tty_ioctl(4))
        while near >= 0:
            select.select([near], [], [])
            os.read(near, 65536)
