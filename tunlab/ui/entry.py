"""A line that the learner types: an answer, a reason, a number."""

from collections.abc import Callable

from rich.text import Text

from tunlab.engine.requests import Pressed
from tunlab.ui.cells import cells
from tunlab.ui.keys import BACKSPACE, CLEAR, ENTER, ESCAPE, OTHER, PASTED
from tunlab.ui.prose import wrapped

_LONGEST = 500  # characters
_ROOM = 24  # cells for what is typed; with less beside the label it has a line of its own

Accept = Callable[[str], Pressed | None]


class Entry:
    """Gathers keys until Enter, which calls `accept` with the line; Escape calls `cancel`.

    `above` is a line of its own, as much of it as there is room for.
    """

    def __init__(self, label: str, accept: Accept, cancel: Callable[[], None], above: str = "") -> None:
        self._label = label
        self._above = above
        self._accept = accept
        self._cancel = cancel
        self._typed = ""

    def footer(self, width: int) -> list[Text]:
        """The line as it stands; of a long one its end."""
        alone = cells(self._label) + _ROOM > width
        above = Text(self._above, "footer")
        above.truncate(width - 1)
        lines = [above] if self._above else []
        lines += [Text(line.plain, "footer") for line in wrapped(self._label, width - 1)] if alone else []
        label = Text() if alone else Text.assemble((self._label, "footer"), " ")
        shown = self._typed
        while shown and cells(shown) > width - cells(label.plain) - 2:
            shown = shown[1:]
        return [*lines, label.append(shown)]

    def press(self, key: str) -> Pressed | None:
        """Take a key in."""
        if key == ENTER:
            return self._accept(self._typed.strip())
        if key == ESCAPE:
            self._cancel()
        elif key == BACKSPACE:
            self._typed = self._typed[:-1]
        elif key == CLEAR:
            self._typed = ""
        elif key.startswith(PASTED):
            line = " ".join(key.removeprefix(PASTED).split())
            self._typed = (self._typed + "".join(filter(str.isprintable, line)))[:_LONGEST]
        elif key != OTHER and len(self._typed) < _LONGEST:
            self._typed += key
        return None
