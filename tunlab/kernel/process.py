"""A program of a lab: a process in a node, on a terminal of its own, so that its output comes as it prints it."""

import os
import pty
import signal
import sys
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

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

    def close(self) -> None:
        """Give its terminal up."""
        os.close(self._terminal)

    def _send(self, signum: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signum)  # it leads a group of its own, and its children are in it


def spawn(words: Sequence[str], node: NetworkNamespace, environment: Mapping[str, str], directory: Path) -> Process:
    """Start `words` in a node. Raises KernelError where exec(3) is refused (ENOENT: no such program)."""
    with attempting(f"start {words[0]}"):
        ours, theirs = pty.openpty()
        _plain_output(theirs)
        told, tell = os.pipe2(os.O_CLOEXEC)
        sys.stdout.flush()
        pid = os.fork()
    if pid == 0:
        try:
            _become(words, node, theirs, dict(environment), directory)
        except OSError as error:
            os.write(tell, str(error.errno).encode())
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


def _become(
    words: Sequence[str], node: NetworkNamespace, terminal: int, environment: dict[str, str], directory: Path
) -> None:
    os.setsid()
    for fd in range(3):
        os.dup2(terminal, fd)
    for signum in (signal.SIGPIPE, signal.SIGTTOU, signal.SIGTTIN, signal.SIGINT, signal.SIGTERM, signal.SIGTSTP):
        signal.signal(signum, signal.SIG_DFL)
    setns(node.fileno(), CLONE_NEWNET)
    # What `ip netns exec` does: a /sys that shows this node's devices, for this process alone.
    unshare(CLONE_NEWNS)
    mount("none", "/", None, MS_REC | MS_SLAVE)
    mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    become_real_user()
    os.chdir(directory)
    os.execvpe(words[0], list(words), environment)


def _plain_output(terminal: int) -> None:
    mode = termios.tcgetattr(terminal)
    mode[1] &= ~termios.OPOST
    mode[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(terminal, termios.TCSANOW, mode)
