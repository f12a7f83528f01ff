"""A page that a test can read: what was printed, and what a terminal of 60 columns shows of it."""

import io

import pyte
from rich.console import Console

from tunlab.i18n import Words
from tunlab.ui.look import ORDINARY
from tunlab.ui.page import Page

COLUMNS, LINES = 60, 20


class Sheet(Page):
    """A page on a terminal that is made up."""

    def __init__(self, language: str = "en", dumb: bool = False) -> None:
        super().__init__(Words(language))
        self.written = io.StringIO()
        environment = {"TERM": "dumb" if dumb else "xterm", "COLUMNS": str(COLUMNS), "LINES": str(LINES)}
        self.console = Console(
            file=self.written, force_terminal=True, highlight=False, theme=ORDINARY.theme, _environ=environment
        )
        self.fit()

    def shown(self) -> list[str]:
        """The lines on the screen, without the empty ones at its end. A wide character is followed by an empty cell."""
        screen = pyte.Screen(COLUMNS, LINES)
        pyte.Stream(screen).feed(self.written.getvalue().replace("\n", "\r\n"))
        return "\n".join(line.rstrip() for line in screen.display).rstrip().split("\n")

    def told(self, wanted: str) -> bool:
        """Whether a text is on the screen, wherever its lines end."""
        return "".join(wanted.split()) in "".join("".join(self.shown()).split())
