"""The bottom of the page: the live picture, the line of keys below it, and what a key that is pressed does."""

import time
from collections.abc import Callable
from typing import Protocol

from rich.console import Group, RenderableType
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType
from rich.text import Text

from tunlab.engine.requests import Pressed
from tunlab.ui.keys import Keyboard
from tunlab.ui.page import Page

FRAME_SECONDS = 0.1  # between two frames of the live picture
_ERASE_LINE = (ControlType.ERASE_IN_LINE, 2)

Picture = Callable[[int], RenderableType]  # of at most that many lines


class Mode(Protocol):
    """What the keys mean at the moment."""

    def footer(self, width: int) -> list[Text]:
        """The line or lines that say so."""

    def press(self, key: str) -> Pressed | None:
        """Take a key in; an answer to what was asked, or None."""


class Desk:
    """Draws the picture and the footer, and takes both away before anything else is printed.

    Without a keyboard there is no footer, and without a terminal no live picture. On one that cannot move its
    cursor (TERM=dumb) nothing is drawn twice: there the footer is a line like any other.
    """

    def __init__(self, page: Page, keyboard: Keyboard | None) -> None:
        self._page = page
        self._keyboard = keyboard
        self._live: Live | None = None
        self._picture: Picture | None = None
        self._mode: Mode | None = None
        self._footer: list[int] = []  # the cells of each line of keys that stands there
        self._drawn = 0.0
        self._covered = False
        self._pressing = False
        self._aside = False  # somebody else has the terminal
        self.changed = False  # the picture is to be drawn again

    @property
    def shows_picture(self) -> bool:
        """Whether a picture is live."""
        return self._picture is not None

    @property
    def mode(self) -> Mode | None:
        """What the keys mean now."""
        return self._mode

    def start(self, picture: Picture) -> None:
        """From here on the picture is drawn whenever it changes."""
        self.clear()
        self._picture = picture
        if self._page.console.is_terminal and not self._page.console.is_dumb_terminal:
            self._live = Live(
                console=self._page.console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
        self.changed = True

    def stop(self) -> None:
        """No picture and no keys any more."""
        self.clear()
        self._picture = None
        self._mode = None

    def clear(self) -> None:
        """Take picture and footer off the page."""
        if self._live is not None:
            live, self._live = self._live, None
            live.update(Text())
            live.stop()
        self._erase_footer()

    def show(self, mode: Mode) -> None:
        """These are the keys now."""
        self._erase_footer()
        self._mode = mode
        if not self._pressing:  # then whoever was pressed may still print something
            self._draw_footer()

    def drop_typed(self) -> None:
        """Forget what was typed ahead."""
        if self._keyboard:
            self._keyboard.drop()

    def press(self) -> Pressed | None:
        """Have the mode take in the keys that were pressed, up to one that answers. What it prints scrolls above."""
        for key in self._keyboard.pressed() if self._keyboard else ():
            if self._mode is None:
                return None
            self._erase_footer()
            self._pressing = True
            try:
                answer = self._mode.press(key)
            finally:
                self._pressing = False
            if answer is not None:
                return answer
            self._draw_footer()
        return None

    def step_aside(self) -> None:
        """Somebody else has the terminal."""
        self.clear()
        self._aside = True
        if self._keyboard:
            self._keyboard.step_aside()

    def come_back(self) -> None:
        """The terminal is ours again."""
        self._aside = False
        if self._keyboard:
            self._keyboard.come_back()
        if self._picture is not None:
            self.start(self._picture)

    def cover(self) -> None:
        """Something else was written to the terminal: a shell, after Ctrl-Z."""
        self._covered = True

    def tick(self) -> None:
        """Draw again what changed, was covered, or lies on a terminal of another size."""
        if self._aside:
            return
        resized = self._page.fit()
        if resized and not self._covered:
            self._erase_footer()
        if resized or self._covered:
            self._covered, self.changed = False, True
            self._footer = []
            self._draw_footer()
        if self.changed and time.monotonic() - self._drawn >= FRAME_SECONDS:
            self._draw()

    def _draw(self) -> None:
        console = self._page.console
        if self._live is not None and self._picture is not None:
            footer = self._mode.footer(self._page.width) if self._mode and self._keyboard else []
            picture = self._picture(console.height - 1 - len(footer))
            self._live.update(Group(picture, *footer), refresh=True)
        self._drawn = time.monotonic()
        self.changed = False

    def _draw_footer(self) -> None:
        if self._mode is None or self._keyboard is None:
            return
        if self._live is not None:
            self._draw()
            return
        lines = self._mode.footer(self._page.width)
        dumb = self._page.console.is_dumb_terminal
        self._footer = [] if dumb else [line.cell_len for line in lines]
        self._page.console.print(Text("\n").join(lines), end="\n" if dumb else "", no_wrap=True, overflow="crop")

    def _erase_footer(self) -> None:
        """Take the footer away, on as many rows as its lines have now: a narrower terminal has broken them."""
        if not self._footer:
            return
        rows = sum(max(1, -(-cells // self._page.width)) for cells in self._footer)
        codes: list[ControlType | tuple[ControlType, int]] = [ControlType.CARRIAGE_RETURN, _ERASE_LINE]
        for _ in range(rows - 1):
            codes += [(ControlType.CURSOR_UP, 1), _ERASE_LINE]
        self._page.console.control(Control(*codes))
        self._footer = []
