"""Joining a sandbox that somebody else holds: who one is in it, the status, the signals, and every kind of end."""

import os
import pty
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from held import PATIENCE, STRANGER, Held, held
from inside import forked, output

from tunlab.errors import KernelError, TunlabError
from tunlab.kernel import joined
from tunlab.kernel.escort import pid_of
from tunlab.kernel.guard import guard
from tunlab.kernel.process import become

pytestmark = pytest.mark.needs("sandbox")

NET_ADMIN, NET_RAW, SYS_ADMIN = 1 << 12, 1 << 13, 1 << 21


def ask(there: Held, question: Callable[[], Any], uid: int | None = None) -> Any:
    own = (os.geteuid(), os.getegid()) if uid is None else (uid, uid)
    return forked(lambda: joined.ask(there.pidfd, *own, question))


def run(there: Held, main: Callable[[], int], keep: Sequence[int] = ()) -> Any:
    """The status, or the error's key."""

    def call() -> int | str:
        try:
            return joined.run(there.pidfd, os.geteuid(), os.getegid(), main, terminal=False, keep=keep)
        except TunlabError as error:
            return error.key

    return forked(call)


def asked(there: Held, question: Callable[[], Any]) -> Any:
    """The answer, or the error's key."""

    def call() -> Any:
        os.setpgid(0, 0)  # a job of its own
        try:
            return joined.ask(there.pidfd, os.geteuid(), os.getegid(), question)
        except TunlabError as error:
            return error.key

    return forked(call)


def _states() -> Iterator[str]:
    """The beginning of each process's line in /proc/PID/stat."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            yield path.read_text(errors="replace")[:64]


def sh(script: str) -> int:
    become(["sh", "-c", script], os.environ)


# Inside


def test_it_is_a_process_of_the_sandbox() -> None:
    def inside() -> Any:
        user = Path("/proc/1/ns/user").stat().st_ino == Path("/proc/self/ns/user").stat().st_ino
        return [os.getpid() > 1, Path("/proc/1/comm").read_text(), os.getsid(0) == os.getpid(), user]

    with held() as there:
        assert ask(there, inside) == [True, "holder\n", True, True]


def test_it_is_the_user_with_ambient_capabilities() -> None:
    with held() as there:
        uid, gid, line = ask(there, lambda: output("sh", "-c", "id -u; id -g; grep CapAmb /proc/self/status")).split(
            "\n"
        )[:3]
    assert (int(uid), int(gid)) == (os.geteuid(), os.getegid())
    wanted = NET_ADMIN | NET_RAW | SYS_ADMIN
    assert int(line.split()[1], 16) & wanted == wanted


def test_a_node_is_entered_for_good() -> None:
    def inside() -> Any:
        before = output("ls", "/proc/self/ns/net", "-l").split()[-1]
        joined.enter_node("h2")
        return [
            before != output("ls", "/proc/self/ns/net", "-l").split()[-1],
            [line.split()[0] for line in output("ip", "-br", "link").splitlines()],
        ]

    with held() as there:
        assert ask(there, inside) == [True, ["lo", "eth0@if2"]]
        assert ask(there, joined.node_names) == ["h1", "h2"]


def test_a_node_that_is_not_there() -> None:
    def inside() -> str:
        try:
            joined.enter_node("h3")
        except KernelError as error:
            return f"{error.errno_name} {error.attempt}"
        return "entered"

    with held() as there:
        assert ask(there, inside) == "ENOENT ip netns exec h3"


@pytest.mark.needs("root")
def test_root_is_its_owner_and_no_more_inside() -> None:
    """Neither real root, nor open to the tools of those who are in it."""

    def inside() -> Any:
        status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines())
        outside = Path("/proc/self/uid_map").read_text().split()
        return [status["Uid"].split(), os.getgroups(), outside, int(status["CapEff"], 16) & SYS_ADMIN != 0]

    with held(uid=STRANGER) as there:
        me = str(STRANGER)
        assert ask(there, inside, STRANGER) == [[me] * 4, [], [me, me, "1"], True]
        # Root's own memory stays root's (ptrace(2), PR_SET_DUMPABLE).
        assert ask(there, lambda: Path("/proc/self/environ").stat().st_uid != STRANGER, STRANGER)


def test_of_what_its_caller_has_open_it_gets_what_it_needs() -> None:
    def inside() -> Any:
        names = []
        for path in Path("/proc/self/fd").iterdir():
            with suppress(OSError):  # that of the list itself
                names.append(str(path.readlink()))
        return names

    with held() as there, Path(__file__).open() as file:
        os.set_inheritable(file.fileno(), True)
        assert __file__ not in ask(there, inside)


@pytest.mark.needs("root")
def test_root_does_not_give_its_terminal_away() -> None:
    """Where only some of the descriptors are the terminal. What is printed reaches it all the same."""

    def call() -> Any:
        near, far = pty.openpty()
        _, pipe = os.pipe()
        for fd, what in enumerate((far, pipe, far)):
            os.dup2(what, fd)

        def main() -> int:
            os.write(2, b"said")
            return sum(os.isatty(fd) << fd for fd in range(3)) + (os.read(0, 1) != b"") * 8

        status = joined.run(there.pidfd, STRANGER, STRANGER, main, terminal=False)
        return status, os.read(near, 64)

    with held(uid=STRANGER) as there:
        assert forked(call) == (0, b"said")


# What comes back


@pytest.mark.parametrize(
    ("script", "status"), [("exit 0", 0), ("exit 3", 3), ("kill -TERM $$", 143), ("kill -KILL $$", 137)]
)
def test_the_status(script: str, status: int) -> None:
    with held() as there:
        assert run(there, lambda: sh(script)) == status


def test_an_answer_of_any_length() -> None:
    with held() as there:
        assert ask(there, lambda: "x" * 300_000) == "x" * 300_000


@pytest.mark.parametrize("question", [lambda: 1 / 0, lambda: os.kill(os.getpid(), signal.SIGKILL)])
def test_no_answer(question: Callable[[], Any]) -> None:
    with held() as there:
        assert asked(there, question) == "session_odd"


def test_nobody_follows_when_what_is_asked_is_stopped() -> None:
    with held() as there:
        assert asked(there, lambda: os.kill(os.getpid(), signal.SIGSTOP)) == "session_odd"


def test_a_guard_that_could_not_begin() -> None:
    """The session is still there."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.close()
    own = os.pidfd_open(os.getpid())
    with ours, pytest.raises(KernelError) as caught:
        joined._begun(ours, own)
    os.close(own)
    assert (caught.value.errno_name, caught.value.attempt) == ("EAGAIN", "fork")


# How it ends


def test_it_cannot_outlive_the_holder() -> None:
    with held() as there:

        def waiting() -> int:
            os.write(begun[1], b"x")
            signal.pause()
            return 0

        begun = os.pipe()
        killer = os.fork()
        if killer == 0:
            os.read(begun[0], 1)
            there.kill()
            os._exit(0)
        assert run(there, waiting, begun) == "session_ended"
        os.waitpid(killer, 0)
        assert there.ended()
        assert run(there, lambda: 0) == "session_ended"  # nor can it be joined any more


def test_it_ends_with_its_caller() -> None:
    with held() as there:
        told, tell = os.pipe()
        caller = os.fork()
        if caller == 0:

            def main() -> int:
                os.write(tell, b"begun")
                signal.pause()
                return 0

            joined.run(there.pidfd, os.geteuid(), os.getegid(), main, terminal=False, keep=[tell])
            os._exit(0)
        os.close(tell)
        assert os.read(told, 5) == b"begun"
        os.kill(caller, signal.SIGKILL)
        os.waitpid(caller, 0)
        assert select.select([told], [], [], PATIENCE)[0] and os.read(told, 1) == b"", "it outlived its caller"
        os.close(told)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP])
def test_signals_are_passed_on(signum: signal.Signals) -> None:
    with held() as there:

        def call() -> int:
            caller = os.getpid()
            told, tell = os.pipe()
            killer = os.fork()
            if killer == 0:
                os.read(told, 1)
                os.kill(caller, signum)
                os._exit(0)

            def main() -> int:
                signal.signal(signum, lambda *_: os._exit(42))
                os.write(tell, b"x")
                while True:
                    signal.pause()

            return joined.run(there.pidfd, os.geteuid(), os.getegid(), main, terminal=False, keep=[tell])

        assert forked(call) == 42


def test_stop_and_continue_go_along() -> None:
    """And while all are stopped, the sandbox can end: nobody has to reap what is in it."""
    with held() as there:
        told, tell = os.pipe()
        caller = os.fork()
        if caller == 0:
            os.setpgid(0, 0)  # a job of its own, which its parent, this test, could continue

            def main() -> int:
                os.write(tell, b"begun")
                signal.pause()
                return 0

            try:
                joined.run(there.pidfd, os.geteuid(), os.getegid(), main, terminal=False, keep=[tell])
            except TunlabError as error:
                os._exit(50 if error.key == "session_ended" else 51)
            os._exit(52)
        assert os.read(told, 5) == b"begun"
        os.kill(caller, signal.SIGTSTP)
        assert os.WIFSTOPPED(os.waitpid(caller, os.WUNTRACED)[1])
        there.kill()
        assert there.ended(), "a stopped caller keeps a sandbox from ending"
        os.kill(caller, signal.SIGCONT)
        assert os.waitstatus_to_exitcode(os.waitpid(caller, 0)[1]) == 50


def test_a_caller_is_not_bound_to_a_stopped_guard() -> None:
    def stop_guard() -> int:
        os.kill(os.getppid(), signal.SIGSTOP)
        return 3

    with held() as there:
        assert run(there, stop_guard) == 128 + signal.SIGKILL

        def call() -> Any:
            began, caller = time.monotonic(), os.getpid()
            if os.fork() == 0:
                while " (tunlab-joined) T " not in "".join(_states()):
                    os.sched_yield()
                os.kill(caller, signal.SIGTERM)
                os._exit(0)
            with pytest.raises(SystemExit) as end:
                joined.ask(there.pidfd, os.geteuid(), os.getegid(), stop_guard)
            return end.value.code, time.monotonic() - began < joined.ANSWERS_WITHIN

        assert forked(call) == (128 + signal.SIGTERM, True)


def test_it_is_not_reaped_while_its_caller_may_signal_it() -> None:
    def call() -> list[bool]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            ours.close()
            guard(theirs, (-1, -1), lambda: os._exit(5))
        theirs.close()
        _, [main], _, _ = socket.recv_fds(ours, 64, 1)
        assert ours.recv(64) == b'{"code": 5}'
        kept = pid_of(main) > 0
        ours.close()
        os.wait()
        return [kept, pid_of(main) > 0]

    assert forked(call) == [True, False]


def test_what_it_leaves_in_the_background_is_the_holders() -> None:
    """It stays after its end, and goes with the sandbox."""
    with held() as there:
        told, tell = os.pipe()

        def main() -> int:
            if os.fork() == 0:
                os.setsid()
                for fd in range(3, 256):  # the answer of `forked` among them
                    if fd != tell:
                        with suppress(OSError):
                            os.close(fd)
                while os.getppid() != 1:  # until it is adopted
                    os.sched_yield()
                os.write(tell, b"adopted")
                signal.pause()
            return 7

        assert run(there, main, [tell]) == 7
        os.close(tell)
        assert os.read(told, 7) == b"adopted"
        assert not select.select([told], [], [], 0)[0]
        there.kill()
        assert select.select([told], [], [], PATIENCE)[0] and os.read(told, 1) == b""
        os.close(told)
