"""Inside the sandbox: PID 1, its mounts, its signals, and its line to the front."""

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

from tunlab import paths
from tunlab.kernel.errno_names import attempting
from tunlab.kernel.syscalls import (
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_REC,
    PR_SET_PDEATHSIG,
    capabilities_permitted,
    mount,
    prctl,
    raise_ambient,
)

FURNISH, GO = b"furnish", b"go"  # what the front says to the holder, in this order
END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Ended(BaseException):
    """A signal asked the run to end. Not an Exception: nothing on the way up may take it for an error."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


class FrontLine:
    """The holder's line to the world outside: its front, and the signals that reach it.

    An end-of-file on the line means that the front has died.
    """

    STOP = b"stop"

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._ending: int | None = None

    def expect(self, word: bytes) -> None:
        """Wait for the front's next word; leave when the front is gone."""
        if self._heard() != word:
            os._exit(128 + signal.SIGKILL)

    def check(self) -> None:
        """To be called often: raises Ended when a signal asked for that, and leaves when the front is gone.

        A signal is not obeyed where it arrives: that may be amid a netlink exchange, or an import.
        """
        if self._heard(socket.MSG_DONTWAIT) == b"":
            os._exit(128 + signal.SIGKILL)
        if self._ending is not None:
            signum, self._ending = self._ending, None
            raise Ended(signum)

    def end(self, signum: int) -> None:
        """A signal asks for the end; the second time it comes at once."""
        for each in END_SIGNALS:
            signal.signal(each, lambda again, _: os._exit(128 + again))
        self._ending = signum

    def ask_to_stop(self) -> None:
        """Have the front stop us both, as Ctrl-Z wants: PID 1 ignores its own SIGSTOP."""
        with suppress(OSError):  # it has died: `check` is next
            self._line.send(self.STOP)

    def _heard(self, flags: int = 0) -> bytes | None:
        """What the front said; None for nothing yet, empty when it is gone."""
        try:
            return self._line.recv(64, flags)
        except BlockingIOError:
            return None
        except ConnectionError:  # it died with a word of ours unread
            return b""


def become_holder(front: FrontLine) -> None:
    """Set up the new PID 1: signals first, then the mounts.

    Raises KernelError where the kernel refuses one of them.
    """
    _obey_signals(front)
    with attempting("mount /proc, /sys and /run in the sandbox", dict.fromkeys((1, 13), "remedy_sandbox")):
        _furnish()
    raise_ambient(capabilities_permitted())


def die_with_front(front: FrontLine) -> None:
    """A second line of defence, set when the front is our parent: SIGKILL when it dies (prctl(2))."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    front.check()


def _obey_signals(front: FrontLine) -> None:
    # PID 1 ignores every signal that it has no handler for.
    for signum in END_SIGNALS:
        signal.signal(signum, lambda number, _: front.end(number))
    signal.signal(signal.SIGTSTP, lambda *_: front.ask_to_stop())
    signal.signal(signal.SIGCHLD, lambda *_: None)  # so that it interrupts a wait
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.signal(signal.SIGTTIN, signal.SIG_IGN)


def _furnish() -> None:
    # On a shared `/`, systemd's default, our mounts would otherwise appear outside.
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    kept = os.open(runtime, os.O_PATH) if runtime.startswith("/run/") and Path(runtime).is_dir() else None
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64m")
    if kept is not None:
        Path(runtime).mkdir(parents=True)
        mount(f"/proc/self/fd/{kept}", runtime, None, MS_BIND | MS_REC)
        os.close(kept)
    paths.NETNS.mkdir()
    paths.WORK.mkdir(parents=True)
    hosts = paths.HOSTS
    hosts.write_text("127.0.0.1 localhost\n::1 localhost\n")
    if Path("/etc/hosts").is_file():
        mount(str(hosts), "/etc/hosts", None, MS_BIND)
