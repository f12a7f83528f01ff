"""A real terminal: a pty with a process on it, and a screen that shows what it draws."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pyte

PATIENCE = 20.0  # seconds for the screen to show something
ENTER, CONTROL_C, CONTROL_Z = b"\r", b"\x03", b"\x1a"


class Terminal:
    """A terminal of its own session, with a process in the foreground. A context manager: its end hangs up."""

    def __init__(
        self,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        columns: int = 80,
        lines: int = 24,
        term: str = "xterm-256color",
    ) -> None:
        self._command = [str(word) for word in command]
        self._environment = dict(environment) | {"TERM": term}
        self._size = (columns, lines)
        self._screen = pyte.HistoryScreen(columns, lines, history=2000)
        self._stream = pyte.ByteStream(self._screen)
        self.written = b""  # all that was ever drawn, for a message

    def __enter__(self) -> Self:
        self._fd, self._slave = pty.openpty()
        self.resize(*self._size)
        self.mode_at_first = self.mode()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                fcntl.ioctl(self._slave, termios.TIOCSCTTY, 0)
                for fd in range(3):
                    os.dup2(self._slave, fd)
                os.closerange(3, 256)
                for signum in (signal.SIGPIPE, signal.SIGINT, signal.SIGTSTP):
                    signal.signal(signum, signal.SIG_DFL)
                os.execvpe(self._command[0], self._command, self._environment)
            finally:
                os._exit(127)
        self._status: int | None = None
        return self

    def __exit__(self, *_: object) -> None:
        if self._fd >= 0:
            self.hang_up()
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def text(self) -> str:
        """What the screen shows now. A wide character fills two cells, of which the second is empty."""
        # Not pyte's own `display`: it fails where one half of a wide character was drawn over.
        screen = self._screen
        lines = ("".join(screen.buffer[y][x].data for x in range(screen.columns)) for y in range(screen.lines))
        return "\n".join(line.rstrip() for line in lines)

    def transcript(self) -> str:
        """What has scrolled off the screen since `clear`, and what it shows now."""
        columns = self._screen.columns
        above = ("".join(line[x].data for x in range(columns)).rstrip() for line in self._screen.history.top)
        return "\n".join([*above, self.text()])

    def shows_cursor(self) -> bool:
        return not self._screen.cursor.hidden

    def type(self, keys: bytes) -> None:
        """Press these keys."""
        os.write(self._fd, keys)

    def expect(self, wanted: str, patience: float = PATIENCE) -> None:
        """Wait until the screen shows `wanted`."""
        self.wait_until(lambda: wanted in self.text(), f"{wanted!r} on the screen", patience)

    def wait_until(self, state: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        """Draw until a state is reached."""
        deadline = time.monotonic() + patience
        while not state():
            left = deadline - time.monotonic()
            assert left > 0, f"no {what} within {patience:g} s:\n{self.text()}"
            self.draw(min(left, 0.05))

    def draw(self, patience: float) -> None:
        """Draw what arrives next; nothing when nothing does."""
        if select.select([self._fd], [], [], patience)[0]:
            data = os.read(self._fd, 65536)
            self.written += data
            self._stream.feed(data)

    def draw_for(self, seconds: float) -> None:
        """Draw all that arrives within this time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and not self.ended():
            self.draw(left)

    def clear(self) -> None:
        """Forget what the screen shows, so that the next `expect` is about what comes."""
        self.draw(0)
        self._screen.reset()

    def end(self, patience: float = PATIENCE) -> int:
        """Wait for the end of the process, drawing meanwhile; its status, 128+N for signal N."""
        self.wait_until(self.ended, "end of the process", patience)
        while select.select([self._fd], [], [], 0)[0]:
            self.draw(0)
        assert self._status is not None
        code = os.waitstatus_to_exitcode(self._status)
        return code if code >= 0 else 128 - code

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size; the kernel sends SIGWINCH to its foreground."""
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._screen.resize(lines, columns)

    def mode(self) -> list[Any]:
        """The terminal's settings."""
        return termios.tcgetattr(self._slave)

    def cooked(self) -> bool:
        """Whether it reads whole lines, and echoes them."""
        local = self.mode()[3]
        return bool(local & termios.ICANON and local & termios.ECHO)

    def foreground(self) -> int:
        """The process group that has the terminal."""
        return struct.unpack("i", fcntl.ioctl(self._fd, termios.TIOCGPGRP, bytes(4)))[0]

    def hang_up(self) -> None:
        """Close it, as closing its window does."""
        os.close(self._slave)
        os.close(self._fd)
        self._fd = -1

    def wait_for_end(self) -> int:
        """After `hang_up`: the status of the process, which must end by itself."""
        pidfd = os.pidfd_open(self.pid)
        try:
            assert select.select([pidfd], [], [], PATIENCE)[0], "it outlived its terminal"
        finally:
            os.close(pidfd)
        assert self.ended() and self._status is not None
        code = os.waitstatus_to_exitcode(self._status)
        return code if code >= 0 else 128 - code

    def ended(self) -> bool:
        """Whether the process has ended."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = status
        return self._status is not None
