"""The live view of `tunlab inspect` on a terminal of its own: what it shows, what is pressed, how it ends."""

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from strange import TUNLAB, environment
from terminal import PATIENCE, Terminal

from tunlab.i18n import Words

SMALL, LARGE = (80, 24), (120, 30)
UP, DOWN, ESCAPE, BACKSPACE = b"\x1b[A", b"\x1b[B", b"\x1b", b"\x7f"
ADDRESS = "203.0.113.1/24"  # of the device of carrier.py: with it on the screen, packets are captured


class View:
    """What it shows is compared without white space: a sentence may go on in the next line."""

    def __init__(self, terminal: Terminal, words: Words) -> None:
        self.terminal = terminal
        self.words = words

    def shows(self, wanted: str, **values: object) -> bool:
        """Whether the screen has that sentence, by its key, or that text."""
        sentence = self.words(wanted, **values) if self.words.find(wanted) else wanted
        try:
            return _squeezed(sentence) in _squeezed(self.terminal.text())
        except IndexError:  # pyte: half a wide character, at the edge of a screen that has just become narrower
            return False

    def expect(self, wanted: str, patience: float = PATIENCE, **values: object) -> Self:
        self.terminal.wait_until(lambda: self.shows(wanted, **values), f"{wanted} {values}", patience)
        return self

    def expect_none(self, wanted: str, **values: object) -> Self:
        self.terminal.wait_until(lambda: not self.shows(wanted, **values), f"end of {wanted} {values}")
        return self

    def press(self, keys: bytes | str, wanted: str, **values: object) -> Self:
        """Press keys and wait until the screen shows that."""
        self.terminal.type(keys.encode() if isinstance(keys, str) else keys)
        return self.expect(wanted, **values)

    def enter(self, key: str, line: str, wanted: str, **values: object) -> Self:
        """Press a key that asks for a line, type that, and Enter; the question is gone then."""
        self.press(f"{key}{line}\r", wanted, **values)
        return self.expect_none({"f": "inspect_ask_filter", "w": "inspect_ask_write", "/": "inspect_ask_search"}[key])

    def typed(self, line: str) -> Self:
        """Wait until this is what is being typed: the line above that of the keys."""
        self.terminal.wait_until(lambda: self.terminal.text().splitlines()[-2] == line, f"line {line!r}")
        return self

    def current(self) -> str:
        """The row under the cursor, its parts with one blank between them."""
        rows = [line for line in self.terminal.text().splitlines() if line.startswith("> ")]
        return " ".join(rows[0].split()) if rows else ""

    def at(self, number: int) -> Self:
        """Wait until the cursor stands on the packet of that number."""
        self.terminal.wait_until(lambda: self.current().startswith(f"> {number} "), f"cursor on {number}")
        return self

    def marked(self) -> str:
        """The bytes in brackets."""
        return " ".join(re.findall(r"\[([0-9a-f ]+)\]", self.terminal.text()))

    def counted(self, key: str) -> int:
        """The number in a sentence on the screen, 0 where it is not there."""
        pattern = re.escape(_squeezed(self.words(key, count=7))).replace("7", r"(\d+)")
        found = re.search(pattern, _squeezed(self.terminal.text()))
        return int(found[1]) if found else 0

    def ended(self, status: int) -> None:
        """It ended with that status, and left the terminal as it was."""
        terminal = self.terminal
        assert terminal.end() == status, terminal.text()
        assert terminal.mode() == terminal.mode_at_first and terminal.shows_cursor()
        into, back = terminal.written.rfind(b"\x1b[?1049h"), max(map(terminal.written.rfind, _BACK))
        assert into <= back, "it is still on the alternate screen"
        assert b"Traceback" not in terminal.written, terminal.text()


_BACK = (b"\x1b[?1049l", b"\x1b[?1047l")


@contextmanager
def looking(
    place: Path,
    line: str = "tun0",
    language: str = "en",
    size: tuple[int, int] = SMALL,
    term: str = "xterm-256color",
    wanted: str = ADDRESS,
    **variables: str,
) -> Iterator[View]:
    """`tunlab inspect LINE` on a terminal, from when it shows `wanted`."""
    words = [TUNLAB, "inspect", "--lang", language, *shlex.split(line)]
    with Terminal(words, environment(XDG_RUNTIME_DIR=place, **variables), *size, term) as terminal:
        view = View(terminal, Words(language))
        yield view.expect(wanted) if wanted else view


def _squeezed(text: str) -> str:
    return "".join(text.split())
