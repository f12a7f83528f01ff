"""A shell on a terminal of its own, joined with the user's: keys, output, size, and the mode it is left in."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from inside import Sandboxed, nodes

from tunlab.kernel.process import Process, kill_session, pidfd, reap, spawn
from tunlab.kernel.relay import Relay

pytestmark = pytest.mark.needs("sandbox")

PATIENCE = 10.0  # seconds
SIZE = struct.pack("HHHH", 33, 111, 0, 0)


class Joined:
    """The user's keyboard and screen, a process, and the relay between them."""

    def __init__(self, user: int, process: Process, ended: Callable[[], bool], relay: Relay) -> None:
        self.user = user
        self.process = process
        self.ended = ended
        self.relay = relay
        self.seen = b""

    def type(self, keys: bytes) -> None:
        os.write(self.user, keys)

    def sees(self, wanted: bytes) -> bool:
        """Whether the user's screen shows that in time."""
        return self.turns_until(lambda: wanted in self.seen)

    def turns_until(self, state: Callable[[], bool]) -> bool:
        """Do what the lab's loop does, until a state is reached or our patience ends."""
        deadline = time.monotonic() + PATIENCE
        while not state():
            if time.monotonic() > deadline:
                return False
            ready, _, _ = select.select([self.relay, self.process, self.user], [], [], 0.05)
            if self.relay in ready:
                self.relay.keys()
            if self.process in ready:
                self.relay.output()
            if self.user in ready:
                self.seen += os.read(self.user, 65536)
            self.relay.flush()
            self.process.continue_if_stopped()
        return True


def with_shell(sandboxed: Sandboxed, act: Callable[[Joined], Any], *words: str) -> Any:
    """What `act` returns, called while a process of the node h1 is joined with a user's terminal."""

    def inside(_: Any) -> Any:
        user, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, SIZE)
        before = termios.tcgetattr(terminal)
        variables = {"PATH": os.environ["PATH"], "PS1": "ready$ "}
        with nodes("h1") as (h1,):
            process = spawn(words or ("sh", "-i"), h1.namespace, variables, Path("/"), interactive=True)
            with pidfd(process.pid) as ended, Relay(process, terminal, terminal) as relay, _killed(process):
                assert not termios.tcgetattr(terminal)[3] & (termios.ISIG | termios.ICANON | termios.ECHO)
                result = act(Joined(user, process, ended, relay))
            assert termios.tcgetattr(terminal) == before, "the terminal was not left as it was found"
        return result

    return sandboxed(inside)


@contextmanager
def _killed(process: Process) -> Iterator[None]:
    try:
        yield
    finally:
        kill_session(process.pid)
        process.close()


def test_keys_go_in_and_output_comes_out(sandboxed: Sandboxed) -> None:
    def act(shell: Joined) -> None:
        assert shell.sees(b"ready$")
        shell.type(b"read line; echo got=$line; ls /sys/class/net | tr '\\n' ,\rthis\r")
        assert shell.sees(b"got=this\r\nlo,"), shell.seen  # its node has no other device
        shell.type(b"tty; stty -a | head -n 1\r")
        assert shell.sees(b"/dev/pts/") and shell.sees(b"rows 33; columns 111"), shell.seen
        shell.type(b"exit\r")
        assert shell.turns_until(shell.ended)

    with_shell(sandboxed, act)


@pytest.mark.parametrize(("key", "status"), [(b"\x03", b"130"), (b"\x1c", b"131")])
def test_signals_of_the_keyboard_are_the_shells(sandboxed: Sandboxed, key: bytes, status: bytes) -> None:
    """They reach what runs in it, and nobody else: the test itself would die of them."""

    def act(shell: Joined) -> None:
        assert shell.sees(b"ready$")
        shell.type(b"echo be''fore; cat\r")
        assert shell.sees(b"before")
        shell.type(b"typed\r")
        assert shell.sees(b"typed\r\ntyped")  # cat has the terminal
        prompts = shell.seen.count(b"ready$")
        shell.type(key)
        assert shell.turns_until(lambda: shell.seen.count(b"ready$") > prompts)
        shell.type(b"echo status=$?\r")
        assert shell.sees(b"status=" + status), shell.seen
        assert not shell.ended()

    with_shell(sandboxed, act)


def test_a_new_size_goes_along(sandboxed: Sandboxed) -> None:
    def act(shell: Joined) -> None:
        assert shell.sees(b"ready$")
        fcntl.ioctl(shell.relay.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        os.kill(os.getpid(), signal.SIGWINCH)  # which the kernel sends to the foreground of a controlling terminal
        shell.type(b"stty size\r")
        assert shell.sees(b"40 120"), shell.seen

    with_shell(sandboxed, act)


def test_more_than_a_terminal_takes_at_once(sandboxed: Sandboxed) -> None:
    """Nobody reads yet: what is typed waits here, and then all of it arrives."""

    def act(shell: Joined) -> None:
        assert shell.sees(b"here")
        for _ in range(100):
            shell.type(b"x" * 200 + b"\r")
            shell.turns_until(lambda: not select.select([shell.relay], [], [], 0)[0])
        os.kill(shell.process.pid, signal.SIGUSR1)
        shell.type(b"end\r")
        assert shell.sees(b"lines=100"), shell.seen[-300:]

    script = "trap go=1 USR1; stty -echo; echo here; while [ -z $go ]; do :; done; n=0; " + (
        "while read line && [ $line != end ]; do n=$((n+1)); done; echo lines=$n"
    )
    with_shell(sandboxed, act, "sh", "-c", script)


def test_one_that_stops_itself_goes_on(sandboxed: Sandboxed) -> None:
    def act(shell: Joined) -> None:
        assert shell.sees(b"again"), shell.seen
        shell.type(b"\r")
        assert shell.turns_until(shell.ended)

    with_shell(sandboxed, act, "sh", "-c", "echo here; kill -STOP $$; echo again; read line")


def test_a_session_ends_with_its_background(sandboxed: Sandboxed) -> None:
    def act(shell: Joined) -> None:
        assert shell.sees(b"ready$")
        shell.type(b"trap '' HUP; sleep 1000 & echo j''ob=$!.\r")
        assert shell.turns_until(lambda: re.search(rb"job=\d+\.", shell.seen) is not None), shell.seen
        job = int(re.findall(rb"job=(\d+)", shell.seen)[0])
        assert Path(f"/proc/{job}").exists()
        kill_session(shell.process.pid)
        ended: set[int] = set()
        assert shell.turns_until(lambda: bool(ended.update(reap()) or {job, shell.process.pid} <= ended))

    with_shell(sandboxed, act)


def test_output_outlives_the_one_who_wrote_it(sandboxed: Sandboxed) -> None:
    def act(shell: Joined) -> None:
        assert shell.turns_until(shell.ended)
        shell.relay.output()
        assert shell.sees(b"last words"), shell.seen

    with_shell(sandboxed, act, "sh", "-c", "echo last words")
