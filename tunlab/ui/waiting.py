"""One line on standard error while something is waited for; on a terminal only, and gone afterwards."""

import sys

from tunlab.ui.cells import cells


class Waiting:
    """`say` puts the line there, `clear` takes it away; twice does nothing."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._shown = False

    def say(self) -> None:
        """Without a newline, so that it can be taken back."""
        if sys.stderr.isatty() and not self._shown:
            self._shown = True
            print(self._text, end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """With blanks, which every terminal understands; two more for the ^C that it may have added."""
        if self._shown:
            self._shown = False
            print("\r" + " " * (cells(self._text) + 2) + "\r", end="", file=sys.stderr, flush=True)
