"""Runs a function inside a sandbox that somebody else holds, from another terminal.

caller  stays in the host's namespaces, passes signals on or relays its terminal, waits, returns the status
middle  becomes the sandbox's owner, joins the namespaces, forks twice, and is gone
guard   the holder's child: tells the caller how `main` fares, and ends it when the caller is gone
main    runs in the sandbox; a process of its PID namespace, so that it cannot outlive the holder

All that is in the sandbox has its parent there. A process with its parent outside would keep the sandbox from ending
for as long as that one does not reap it: because it is stopped, or is an init that reaps nobody.
"""

import fcntl
import json
import os
import pty
import select
import signal
import socket
import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from tunlab import paths
from tunlab.errors import KernelError
from tunlab.kernel.errno_names import attempting
from tunlab.kernel.escort import Escort, is_dying, pid_of, session_ended, session_odd
from tunlab.kernel.guard import guard
from tunlab.kernel.holder import Ended
from tunlab.kernel.leaving import close_all_but, leave
from tunlab.kernel.namespaces import open_named
from tunlab.kernel.stand_ins import StandIns
from tunlab.kernel.syscalls import (
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    PR_SET_PDEATHSIG,
    capabilities_permitted,
    prctl,
    raise_ambient,
    setns,
)
from tunlab.kernel.user import real_uid

Answer = TypeVar("Answer")
ANSWERS_WITHIN = 2.0  # seconds
_JOINED_WITHIN = 5.0  # seconds; it takes milliseconds


def run(pidfd: int, uid: int, gid: int, main: Callable[[], int], terminal: bool, keep: Sequence[int] = ()) -> int:
    """Run `main` in the sandbox whose holder `pidfd` refers to, and return its status, 128+N if signal N ended it.

    Root becomes `uid` and `gid` first, the sandbox's owner. `main` begins in the sandbox's own network namespace, in a
    session of its own (setsid(2)), with all capabilities ambient, and should import nothing: the files may be others.
    Of what we have open it has descriptors 0 to 2, and those that it needs: `keep`.

    With `terminal`, descriptors 0 and 1 are the user's terminal, and `main` has a new one that is joined with it. So a
    sandbox's processes never have the terminal of who looks into it, and its mode is restored whoever is killed.
    Without, the first three are inherited, and the signals that ask us to end are passed on. Where another user's
    process would inherit a terminal of root's, there are stand-ins.

    The caller has one thread. Raises KernelError where the kernel refuses, and TunlabError
    (`session_ended`) where the holder dies.
    """
    with Escort(pidfd, terminal) as escort, StandIns(not terminal and uid != os.geteuid()) as stand_ins:
        if terminal and not escort.take_turn():
            return 128 + escort.asked()
        near, far = _terminals(uid) if terminal else (-1, -1)
        try:
            with _started(escort, pidfd, (uid, gid), main, (near, far), stand_ins, keep) as (started, line):
                return escort.wait(started, near, line, stand_ins)
        except Ended as ended:  # before `main` was there
            return 128 + ended.signum
        finally:
            if terminal:
                os.close(near)
                os.close(far)  # as long as we have it open, nobody's closing it is an end-of-file


def ask(pidfd: int, uid: int, gid: int, question: Callable[[], Answer]) -> Answer:
    """What `question` returns in that sandbox: JSON-able data. Raises as `run` does, and SystemExit after a signal.

    TunlabError (`session_odd`) where there is no answer, or none in two seconds: the sandbox's owner may stop or end
    whatever is in it. So the question is to change nothing, and what comes back is not to be trusted.
    """
    answer = os.memfd_create("answer")

    def main() -> int:
        nothing = os.open(os.devnull, os.O_RDWR)
        for fd in range(3):
            os.dup2(nothing, fd)
        os.write(answer, json.dumps(question()).encode())
        return 0

    try:
        with (
            Escort(pidfd, terminal=False, patience=ANSWERS_WITHIN) as escort,
            _started(escort, pidfd, (uid, gid), main, (-1, -1), StandIns(wanted=False), [answer]) as (started, line),
        ):
            escort.wait_for_answer(started, line)
        told: Answer = json.loads(os.pread(answer, os.fstat(answer).st_size, 0))
    except Ended as ended:
        sys.exit(128 + ended.signum)
    except ValueError as error:
        raise session_odd() from error
    finally:
        os.close(answer)
    return told


@contextmanager
def _started(
    escort: Escort,
    pidfd: int,
    owner: tuple[int, int],
    main: Callable[[], int],
    terminals: tuple[int, int],
    stand_ins: StandIns,
    keep: Sequence[int],
) -> Iterator[tuple[int, socket.socket]]:
    """A pidfd of `main`, and the line to its guard; at the end of the block `main` has ended, or is killed.

    Raises as Escort.hear does.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    with attempting("socketpair"):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with attempting("fork"):
            middle = os.fork()
        if middle == 0:
            escort.leave_to_parent()
            stand_ins.take()
            # What root has open is not for the sandbox's owner.
            close_all_but((*keep, pidfd, theirs.fileno(), *terminals))
            _join(theirs, pidfd, owner, main, terminals)
        theirs.close()
        stand_ins.leave_to_child()
        _wait_for_end(middle)
        escort.hear(ours)
        started = _begun(ours, pidfd)
        try:
            yield started, ours
        finally:
            os.close(started)


def _wait_for_end(middle: int) -> None:
    """Its owner may have stopped it. No signal cuts it short: what it forks would be left to an init of the host's."""
    ended = os.pidfd_open(middle)
    try:
        if not select.select([ended], [], [], _JOINED_WITHIN)[0]:
            raise session_odd()
    finally:
        os.close(ended)
        os.kill(middle, signal.SIGKILL)
        os.waitpid(middle, 0)


def enter_node(name: str) -> None:
    """Inside: be in that node's network namespace from here on. Raises KernelError where there is none."""
    with attempting(f"ip netns exec {name}"):
        node = open_named(name)
        try:
            setns(node, CLONE_NEWNET)
        finally:
            os.close(node)


def stay_with_caller() -> None:
    """Inside: end with the guard, which ends with the caller. To be said again after taking another uid (prctl(2))."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def node_names() -> list[str]:
    """Inside: the nodes that there are. Raises KernelError where the folder of their names is gone."""
    with attempting("ip netns list"):
        return sorted(path.name for path in paths.NETNS.iterdir())


def _terminals(uid: int) -> tuple[int, int]:
    """A new terminal: our side, and that of `main`, which is its user's own as any terminal is."""
    with attempting("openpty"):
        near, far = pty.openpty()
        os.set_blocking(near, False)
        with suppress(OSError):  # before `main` asks how large it is
            fcntl.ioctl(far, termios.TIOCSWINSZ, fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8)))
        owner = uid or real_uid()
        if owner != os.geteuid():
            os.fchown(far, owner, -1)
    return near, far


def _join(
    line: socket.socket, pidfd: int, owner: tuple[int, int], main: Callable[[], int], terminals: tuple[int, int]
) -> NoReturn:
    """The middle process: never returns to the caller's code."""
    try:
        flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | _user_namespace(pidfd)
        if owner[0] != os.geteuid():
            with attempting("setuid"):
                os.setgroups([])
                os.setgid(owner[1])
                os.setuid(owner[0])
            sys.meta_path.insert(0, _Refusing())
        with attempting("setns"):
            setns(pidfd, flags)
        with attempting("fork"):
            child = os.fork()
            if child:
                os.waitpid(child, 0)
            elif os.fork() == 0:  # whose parent is gone at once: the holder adopts it
                guard(line, terminals, lambda: _begin(main, terminals[1]))
    except KernelError as error:
        with suppress(OSError):  # the caller has died
            line.send(json.dumps({"errno": error.errno_name, "attempt": error.attempt}).encode())
    finally:
        os._exit(1)


class _Refusing:
    """Finds no module: what is imported in another user's sandbox would be theirs to choose."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        raise ImportError(f"{name} was to be imported in another user's sandbox")


def _begin(main: Callable[[], int], far: int) -> NoReturn:
    """In the sandbox. Never returns either."""

    def joined() -> int:
        os.setsid()
        if far >= 0:
            fcntl.ioctl(far, termios.TIOCSCTTY, 0)
            for fd in range(3):
                if fd < 2 or os.isatty(fd):  # `2>file` stays what it is
                    os.dup2(far, fd)
        stay_with_caller()
        raise_ambient(capabilities_permitted())
        return main()

    leave(joined)


def _user_namespace(pidfd: int) -> int:
    """The flag to join its user namespace, or 0 where that is ours: a root's sandbox has none, and EINVAL follows."""
    holder = pid_of(pidfd)
    with suppress(OSError):
        ours, theirs = (Path(f"/proc/{pid}/ns/user").stat() for pid in ("self", holder))
        return 0 if (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino) else CLONE_NEWUSER
    return CLONE_NEWUSER


def _begun(line: socket.socket, pidfd: int) -> int:
    """A pidfd of `main`, for the guard knows it by another pid than we. Raises TunlabError where there is none."""
    data, descriptors, _, _ = socket.recv_fds(line, 65536, 1)
    if descriptors:
        return descriptors[0]
    if is_dying(pidfd):
        raise session_ended()
    report: dict[str, Any] = json.loads(data or b"{}")
    if not report:  # the guard could not be forked, or was killed
        raise KernelError("EAGAIN", "fork")
    raise KernelError(report["errno"], report["attempt"])
