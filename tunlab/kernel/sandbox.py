"""A sandbox: fresh namespaces, a holder in them, and a front outside that waits.

    front   stays in the host's namespaces, owns the terminal, passes signals on, returns the status
    maker   makes the namespaces, forks the holder into them, and is gone
    holder  PID 1 of the new PID namespace; runs `main` and everything that a lab starts

When the holder dies, however it dies, the kernel kills all that it started and frees every device
(pid_namespaces(7), network_namespaces(7)): there is nothing to clean up.
"""

import errno
import json
import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from tunlab.errors import KernelError
from tunlab.kernel.errno_names import attempting
from tunlab.kernel.front import Front
from tunlab.kernel.holder import FURNISH, GO, Ended, FrontLine, become_holder, die_with_front
from tunlab.kernel.leaving import close_all_but, leave
from tunlab.kernel.probe import user_namespace_remedy
from tunlab.kernel.syscalls import (
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    PR_SET_CHILD_SUBREAPER,
    prctl,
    unshare,
)
from tunlab.kernel.terminal import Terminal

Main = Callable[[FrontLine], int]


def run(
    main: Main,
    born: Callable[[int], None],
    terminal: Terminal | None = None,
    keep: Sequence[Path] = (),
    detached: bool = False,
) -> int:
    """Run `main` as the holder of a new sandbox and return its exit status, 128+N if signal N ended it.

    `born` is called in the front with the holder's pid before `main` begins. With a `terminal`, the holder
    becomes its foreground process group. Folders of /run that are in `keep` stay to be seen inside. One that
    is `detached` has a session of its own (setsid(2)) and of what we have open only descriptors 0 to 2; when it says
    `let_go`, it lives on by itself, and 0 is returned. Raises KernelError when the kernel refuses the sandbox.
    """
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    sys.stdout.flush()
    sys.stderr.flush()
    with attempting("socketpair"):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with Front(ours, terminal) as front:
        with attempting("fork"):
            maker = os.fork()
        if maker == 0:
            front.leave_to_parent()
            ours.close()
            _make(theirs, main, keep, detached)
        theirs.close()
        os.waitpid(maker, 0)
        report = _heard(ours, socket.MSG_DONTWAIT)  # what the maker had to say is here by now
        if "pid" in report:
            front.adopt(report["pid"])
            front.tell(FURNISH)
            report = _heard(ours)  # the holder's
        if "errno" in report:
            raise KernelError(report["errno"], report["attempt"], report["remedy"])
        if "ready" not in report:
            return front.wait()  # killed before it could say anything
        born(front.holder)
        return front.supervise()


def _make(line: socket.socket, main: Main, keep: Sequence[Path], detached: bool) -> NoReturn:
    """The maker: never returns to the caller's code."""
    try:
        _enter_namespaces()
        with attempting("fork"):
            holder = os.fork()
        if holder:
            _report(line, pid=holder)
        else:
            _hold(line, main, keep, detached)
    except KernelError as error:
        _report(line, errno=error.errno_name, attempt=error.attempt, remedy=error.remedy)
    finally:
        os._exit(1)


def _hold(line: socket.socket, main: Main, keep: Sequence[Path], detached: bool) -> NoReturn:
    """The holder: never returns either; its exit ends the sandbox."""

    def hold() -> int:
        try:
            front = FrontLine(line)
            if detached:
                os.setsid()
                close_all_but((line.fileno(),))
            else:
                os.setpgid(0, 0)
            front.expect(FURNISH)
            become_holder(front, keep)
            _report(line, ready=True)
            front.expect(GO)
            die_with_front(front)
            return main(front)
        except KernelError as error:
            _report(line, errno=error.errno_name, attempt=error.attempt, remedy=error.remedy)
            return 1
        except Ended as ended:  # before `main` was ready for it
            return 128 + ended.signum

    leave(hold)


def _report(line: socket.socket, **fields: object) -> None:
    with suppress(OSError):  # the front has died; the next look at the line ends us
        line.send(json.dumps(fields).encode())


def _heard(line: socket.socket, flags: int = 0) -> dict[str, Any]:
    """The next report; empty when whoever should have made it was killed."""
    try:
        report: dict[str, Any] = json.loads(line.recv(65536, flags) or b"{}")
    except OSError:
        return {}
    return report


def _enter_namespaces() -> None:
    flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID
    if os.geteuid() == 0:
        with attempting("unshare --mount --net --pid", {errno.EPERM: "remedy_root_unshare"}):
            unshare(flags)
        return
    uid, gid = os.geteuid(), os.getegid()
    with attempting("unshare --user --mount --net --pid", _remedies()):
        unshare(flags | CLONE_NEWUSER)
    # Our own uid, not 0: programs that drop root (tcpdump first) call setgroups, which a user namespace
    # denies to a mapped root; with ambient capabilities they have nothing to drop.
    with attempting("write /proc/self/uid_map", _remedies()):
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _remedies() -> dict[int, str]:
    return dict.fromkeys((errno.EPERM, errno.EACCES, errno.ENOSPC, errno.EINVAL, errno.EUSERS), user_namespace_remedy())
