"""Where a run is written: paragraphs, headings and commands that scroll, in the language of the moment."""

import os
import shlex
from contextlib import suppress
from typing import IO, cast

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.verbs import SetSysctl, StartProgram, Verb
from tunlab.ui.look import ORDINARY, Look
from tunlab.ui.output import Output
from tunlab.ui.prose import plain, wrapped

MARGIN = 2
_OTHER = {"en": "zh", "zh": "en"}


def typed(verb: Verb) -> list[str]:
    """The commands of a verb as lines for a shell, which a program that stays must not keep busy."""
    lines = [shlex.join(command) for command in verb.commands()]
    return [*lines[:-1], f"{lines[-1]} &"] if isinstance(verb, StartProgram) else lines


class Page:
    """Writes to standard output. `words` changes with the language."""

    def __init__(self, words: Words, look: Look = ORDINARY) -> None:
        self.words = words
        self.look = look
        self.console = Console(highlight=False, file=cast(IO[str], Output()), theme=look.theme)
        self._gap = True  # the last line is empty
        self._columns = self.console.width
        self.fit()

    @property
    def width(self) -> int:
        """Columns."""
        return self.console.width

    def fit(self) -> bool:
        """Keep to the look's width on a terminal that may have been resized; whether it was."""
        if self.look.width is not None:
            with suppress(OSError):  # not a terminal
                columns = os.get_terminal_size(self.console.file.fileno()).columns
                self.console.width = min(self.look.width, columns or self.look.width)  # 0: it does not know
        before, self._columns = self._columns, self.console.width
        return before != self._columns

    @property
    def language(self) -> str:
        return self.words.language

    def turn_language(self) -> None:
        """From here on in the other language."""
        self.words = Words(_OTHER[self.words.language])

    def blank(self) -> None:
        """An empty line."""
        self.console.print()
        self._gap = True

    def gap(self) -> None:
        """An empty line, unless there is one."""
        if not self._gap:
            self.blank()

    def heading(self, left: str, right: str = "") -> None:
        """A line across the page with a rule below it."""
        self.gap()
        gap = max(2, self.width - Text(left).cell_len - Text(right).cell_len)
        self.console.print(Text(left + " " * gap + right, style="bold", no_wrap=True, overflow="ellipsis"))
        self.console.print("-" * self.width)
        self._gap = False

    def prose(self, text: str) -> None:
        """Paragraphs of Markdown, and an empty line."""
        for line in wrapped(text, self.width - 2 * MARGIN):
            self.indented(line)
        self.blank()

    def commands(self, *verbs: Verb) -> None:
        """What a person would type for these, and an empty line."""
        for verb in verbs:
            style = "" if isinstance(verb, SetSysctl) else "command"  # a setting is there for what comes after it
            for command in verb.commands():
                self.indented(Text.assemble((f"{verb.node}$ ", "node"), (shlex.join(command), style)))
        self.blank()

    def typed(self, *verbs: Verb) -> None:
        """The same, as one types it in a single shell, and an empty line."""
        for verb in verbs:
            for line in typed(verb):
                self.indented(Text.assemble((f"{verb.node}$ ", "node"), (line, "command")))
        self.blank()

    def line(self, text: str, style: str = "") -> None:
        """One paragraph without Markdown."""
        for each in plain(text, self.width):
            self.console.print(Text(each, style=style))
        self._gap = False

    def indented(self, what: RenderableType) -> None:
        self.console.print(Padding(what, (0, MARGIN)))
        self._gap = False
