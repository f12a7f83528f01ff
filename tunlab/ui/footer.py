"""The one line of keys: what Enter will do, and which other keys are valid now, as far as there is room."""

from collections.abc import Callable, Mapping

from rich.text import Text

from tunlab.engine.requests import Pressed
from tunlab.i18n import Words
from tunlab.ui.cells import cells
from tunlab.ui.keys import ENTER

Press = Callable[[], Pressed | None]

# Every key that has a name in the footer, in the footer's order.
KEYS = {
    "!": "shell",
    "c": "check",
    "h": "hint",
    "s": "solve",
    "i": "headers",
    "b": "again",
    "r": "rebuild",
    "l": "list",
    "t": "language",
    "?": "help",
    "q": "quit",
}

# Left out first where the line is too short; whoever needs them presses `?`.
_DISPENSABLE = ("b", "r", "t", "l")


class KeyLine:
    """Keys that are valid now, each with what it does. `enter` says what Enter will do, if anything.

    `solve` names what s does here: run the solution, or go on without a prediction.
    """

    def __init__(self, enter: str, presses: Callable[[], Mapping[str, Press]], words: Callable[[], Words]) -> None:
        self._enter = enter
        self._presses = presses
        self._words = words
        self._note = ""

    def footer(self, width: int) -> list[Text]:
        """The keys on one line, without the dispensable ones that do not fit; on a narrow terminal on several lines."""
        shown = [key for key in KEYS if key in self._presses()]
        lines = self._line(shown, width)
        for key in _DISPENSABLE if "?" in shown else ():
            if len(lines) > 1 and key in shown:
                shown.remove(key)
                lines = self._line(shown, width, left_out=True)
        return [*([Text(self._note, "wrong")] if self._note else []), *lines]

    def _line(self, shown: list[str], width: int, left_out: bool = False) -> list[Text]:
        words = self._words()
        named = [words("key_more" if left_out and key == "?" else f"key_{KEYS[key]}") for key in shown]
        return _laid_out([*([self._enter] if self._enter else []), *named], width)

    def valid(self) -> set[str]:
        """The keys that do something now."""
        return set(self._presses())

    def press(self, key: str) -> Pressed | None:
        """Do what a key stands for; one that stands for nothing is answered in the footer."""
        presses = self._presses()
        self._note = ""
        if key in presses:
            return presses[key]()
        words = self._words()
        shown = "Enter" if key == ENTER else key if len(key) == 1 and key.isprintable() else words("key_unnamed")
        self._note = words("key_wrong", key=shown)
        return None


def _laid_out(items: list[str], width: int) -> list[Text]:
    lines = [Text(style="footer")]
    for item in items:
        gap = "  " if lines[-1] else ""
        if lines[-1] and cells(lines[-1].plain) + 2 + cells(item) > width - 1:
            lines.append(Text(style="footer"))
            gap = ""
        lines[-1].append(gap + item)
    for line in lines:
        line.truncate(width - 1, overflow="ellipsis")
    return lines
