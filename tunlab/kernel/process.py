"""A program of a lab: a process in a node, on a terminal of its own, so that its output comes as it prints it."""

import errno
import fcntl
import os
import pty
import select
import signal
import sys
import termios
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from tunlab.kernel.errno_names import attempting, refusal
from tunlab.kernel.namespaces import NetworkNamespace
from tunlab.kernel.syscalls import (
    CLONE_NEWNET,
    CLONE_NEWNS,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_REC,
    MS_SLAVE,
    mount,
    setns,
    unshare,
)
from tunlab.kernel.user import become_real_user

LONGEST = 65536  # bytes of a line; a longer one is cut


class Process:
    """A started process. `fileno()` is its terminal: readable when it has printed, at its end an EIO."""

    def __init__(self, pid: int, terminal: int) -> None:
        self.pid = pid
        self._terminal = terminal
        self._partial = b""

    def fileno(self) -> int:
        return self._terminal

    def lines(self) -> list[str] | None:
        """The whole lines that it has printed since the last call; None at the end of its output."""
        try:
            data = os.read(self._terminal, 65536)
        except BlockingIOError:
            return []
        except OSError:  # EIO: the last one that had the terminal open has closed it (tty_ioctl(4))
            data = b""
        if not data:
            rest, self._partial = self._partial, b""
            if rest:
                return [rest.decode(errors="replace")]
            return None
        *whole, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > LONGEST:
            whole.append(self._partial)
            self._partial = b""
        return [line.rstrip(b"\r").decode(errors="replace") for line in whole]

    def interrupt(self) -> None:
        """Send SIGINT, as Ctrl-C in its terminal would."""
        self._send(signal.SIGINT)

    def kill(self) -> None:
        """Send SIGKILL."""
        self._send(signal.SIGKILL)

    def continue_if_stopped(self) -> None:
        """Continue it where it has stopped itself, as bash's `suspend` does: nobody else would."""
        with suppress(ChildProcessError):
            if os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOHANG):
                self._send(signal.SIGCONT)

    def close(self) -> None:
        """Give its terminal up."""
        os.close(self._terminal)

    def _send(self, signum: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signum)  # it leads a group of its own, and its children are in it


def spawn(
    words: Sequence[str],
    node: NetworkNamespace,
    environment: Mapping[str, str],
    directory: Path,
    interactive: bool = False,
) -> Process:
    """Start `words` in a node. Raises KernelError where exec(3) is refused (ENOENT: no such program).

    `interactive`: its terminal is its controlling one and edits lines, as a shell needs it.
    """
    with attempting(f"start {words[0]}"):
        ours, theirs = pty.openpty()
        if not interactive:
            _plain_output(theirs)
        told, tell = os.pipe2(os.O_CLOEXEC)
        sys.stdout.flush()
        pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            if interactive:
                fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(theirs, fd)
            settle_in(node.fileno())
            os.chdir(directory)
            become(words, environment)
        except OSError as error:
            os.write(tell, str(error.errno).encode())
        except ValueError:  # an empty name, or a zero byte
            os.write(tell, str(errno.EINVAL).encode())
        finally:
            os._exit(127)
    os.close(theirs)
    os.close(tell)
    failed = os.read(told, 16)  # end-of-file when exec has closed it
    os.close(told)
    if failed:
        os.close(ours)
        raise refusal(OSError(int(failed), ""), " ".join(words))
    os.set_blocking(ours, False)
    return Process(pid, ours)


def reap() -> dict[int, int]:
    """The exit codes, by pid, of all children that have ended: the holder adopts every orphan."""
    ended: dict[int, int] = {}
    try:
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            ended[found[0]] = os.waitstatus_to_exitcode(found[1])
    except ChildProcessError:
        pass
    return ended


@contextmanager
def pidfd(pid: int) -> Iterator[Callable[[], bool]]:
    """Whether a child has ended, reaped or not: what the block gets is to be called."""
    fd = os.pidfd_open(pid)
    try:
        yield lambda: bool(select.select([fd], [], [], 0)[0])
    finally:
        os.close(fd)


def kill_session(leader: int) -> None:
    """SIGKILL to every process of a session (setsid(2)), in the background or not."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                if os.getsid(int(entry.name)) == leader:
                    os.kill(int(entry.name), signal.SIGKILL)


def settle_in(node: int) -> None:
    """For good: be in the node whose network namespace that descriptor is, as the user. Raises OSError."""
    setns(node, CLONE_NEWNET)
    # What `ip netns exec` does: a /sys that shows this node's devices, for this process alone.
    unshare(CLONE_NEWNS)
    mount("none", "/", None, MS_REC | MS_SLAVE)
    mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    become_real_user()


def become(words: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Be another program from here on. Raises OSError where exec(3) is refused."""
    for signum in (signal.SIGPIPE, signal.SIGTTOU, signal.SIGTTIN, signal.SIGINT, signal.SIGTERM, signal.SIGTSTP):
        signal.signal(signum, signal.SIG_DFL)
    os.execvpe(words[0], list(words), dict(environment))


def _plain_output(terminal: int) -> None:
    mode = termios.tcgetattr(terminal)
    mode[1] &= ~termios.OPOST
    mode[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(terminal, termios.TCSANOW, mode)
