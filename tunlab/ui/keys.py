"""The keyboard: one key at a time, without Enter and without echo."""

import codecs
import os
import re
import select
import termios
from contextlib import suppress
from typing import Any

from tunlab.ui.output import HungUp

ENTER, BACKSPACE, ESCAPE, CLEAR, OTHER = "enter", "backspace", "escape", "clear", "other"
PASTED = "pasted:"  # in front of a text that came as one paste
_NAMES = {"\r": ENTER, "\n": ENTER, "\x7f": BACKSPACE, "\b": BACKSPACE, "\x15": CLEAR, "\x1b": ESCAPE}
_PASTE_ON, _PASTE_OFF = b"\x1b[?2004h", b"\x1b[?2004l"  # bracketed paste, as xterm has it

# What a terminal sends (ECMA-48, 5.4 and 5.6; xterm's control sequences): each is one key, or none.
_TOKEN = re.compile(
    r"\x1b\[200~(?P<paste>.*?)\x1b\[201~"
    r"|\x1b\[M..."  # a mouse button, as X10 tells it
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # arrows, function keys, answers to questions that nobody asked
    r"|\x1bO."
    r"|\x1b[PX^_\]].*?(?:\x1b\\|\x07)"  # a string
    r"|\x1b(?=\x1b)"
    r"|\x1b[^\[OPX^_\]\x1b]"
    r"|[^\x1b]",
    re.DOTALL,
)
_LONGEST = 1 << 20  # characters of what is still incomplete


class Keyboard:
    """The terminal on standard input, in a mode in which each key arrives at once. A context manager.

    Ctrl-C and Ctrl-Z keep their meaning. `out` is where the terminal is asked to mark what is pasted.
    """

    def __init__(self, fd: int = 0, out: int = 1) -> None:
        self._fd = fd
        self._out = out
        self._before: list[Any] = []
        self._begun = ""  # a sequence of which the rest has not come yet
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="ignore")

    def __enter__(self) -> "Keyboard":
        with suppress(termios.error):  # it was closed; SIGHUP is on its way
            self._before = termios.tcgetattr(self._fd)
        self.come_back()
        return self

    def __exit__(self, *_: object) -> None:
        self.step_aside()

    def step_aside(self) -> None:
        """Leave the terminal as it was found: somebody else reads it now."""
        self._ask_for_marks(_PASTE_OFF)
        with suppress(termios.error):
            if self._before:
                termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def come_back(self) -> None:
        """Read single keys again."""
        self._begun = ""
        self._ask_for_marks(_PASTE_ON)
        if not self._before:
            return
        mode = [*self._before[:6], list(self._before[6])]
        mode[3] &= ~(termios.ICANON | termios.ECHO)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 0, 0
        with suppress(termios.error):
            termios.tcsetattr(self._fd, termios.TCSADRAIN, mode)

    def fileno(self) -> int:
        return self._fd

    def pressed(self) -> list[str]:
        """The keys pressed since the last call: the character itself, one of the names above, or a pasted text.

        Raises HungUp where the terminal was closed.
        """
        try:
            data = os.read(self._fd, 65536)
        except OSError as error:
            raise HungUp from error
        if not data and self._hung_up():  # SIGHUP comes only from our controlling terminal
            raise HungUp
        typed = self._decoder.decode(data)
        text = self._begun + typed
        keys: list[str] = []
        end = 0
        while found := _TOKEN.match(text, end):
            end = found.end()
            keys.append(_name(found))
        self._begun = text[end:]
        if self._begun == "\x1b" and not typed:  # nothing followed: it was the key itself
            keys.append(ESCAPE)
            self._begun = ""
        elif len(self._begun) > _LONGEST or (not typed and not self._begun.startswith("\x1b[200~")):
            self._begun = ""
        return keys

    def drop(self) -> None:
        """Forget what was typed ahead."""
        self._begun = ""
        with suppress(termios.error):  # it was closed
            termios.tcflush(self._fd, termios.TCIFLUSH)

    def _hung_up(self) -> bool:
        """Whether the terminal was closed; a read says no more than that nothing was typed."""
        poll = select.poll()
        poll.register(self._fd, 0)
        return bool(poll.poll(0))

    def _ask_for_marks(self, sequence: bytes) -> None:
        if os.environ.get("TERM", "dumb") != "dumb":
            with suppress(OSError):
                os.write(self._out, sequence)


def _name(found: re.Match[str]) -> str:
    if found["paste"] is not None:
        return PASTED + found["paste"]
    key = found[0]
    return _NAMES.get(key, key if len(key) == 1 and key.isprintable() else OTHER)
