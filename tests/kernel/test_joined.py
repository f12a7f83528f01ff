"""Joining a sandbox that somebody else holds: who one is in it, the status, the signals, and every kind of end."""

import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from held import PATIENCE, STRANGER, Held, held
from inside import forked, output

from tunlab.errors import KernelError, TunlabError
from tunlab.kernel import joined
from tunlab.kernel.process import become

pytestmark = pytest.mark.needs("sandbox")

NET_ADMIN, NET_RAW, SYS_ADMIN = 1 << 12, 1 << 13, 1 << 21


def ask(there: Held, question: Callable[[], Any], uid: int | None = None) -> Any:
    own = (os.geteuid(), os.getegid()) if uid is None else (uid, uid)
    return forked(lambda: joined.ask(there.pidfd, *own, question))


def run(there: Held, main: Callable[[], int]) -> Any:
    """The status, or the error's key."""

    def call() -> int | str:
        try:
            return joined.run(there.pidfd, os.geteuid(), os.getegid(), main, terminal=False)
        except TunlabError as error:
            return error.key

    return forked(call)


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
        assert run(there, waiting) == "session_ended"
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

            joined.run(there.pidfd, os.geteuid(), os.getegid(), main, terminal=False)
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

            return joined.run(there.pidfd, os.geteuid(), os.getegid(), main, terminal=False)

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
                joined.run(there.pidfd, os.geteuid(), os.getegid(), main, terminal=False)
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

        assert run(there, main) == 7
        os.close(tell)
        assert os.read(told, 7) == b"adopted"
        assert not select.select([told], [], [], 0)[0]
        there.kill()
        assert select.select([told], [], [], PATIENCE)[0] and os.read(told, 1) == b""
        os.close(told)
