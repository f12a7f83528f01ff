"""Standard output, whose failure is an error like any other."""

import sys
from collections.abc import Callable
from io import TextIOBase

from tunlab.errors import TunlabError


class Output(TextIOBase):
    """Writes to standard output. Raises TunlabError where that fails, BrokenPipeError when nobody reads any more."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        return self._tried(lambda: sys.stdout.write(text))

    def flush(self) -> None:
        self._tried(lambda: sys.stdout.flush() or 0)

    def isatty(self) -> bool:
        return sys.stdout.isatty()

    def fileno(self) -> int:
        return sys.stdout.fileno()

    @staticmethod
    def _tried(action: Callable[[], int]) -> int:
        try:
            return action()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise TunlabError("output_failed", problem=error.strerror) from error
