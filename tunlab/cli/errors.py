"""One clear sentence on standard error, and the exit status that goes with it."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

import typer

from tunlab import paths
from tunlab.errors import TunlabError
from tunlab.i18n import Words
from tunlab.ui.printable import printable
from tunlab.ui.repeat import sentence


@contextmanager
def told(words: Words) -> Iterator[None]:
    """Turn a TunlabError of the block into its sentence and exit status."""
    try:
        yield
    except TunlabError as error:
        tell(words, error)
        raise typer.Exit(error.status) from error


def end_with_reader() -> None:
    """From here on a reader who has had enough (`| head`) ends us by SIGPIPE, as it ends any other program."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def tell(words: Words, error: TunlabError) -> None:
    """Say what went wrong. A remedy may name the command to repeat, by a path that sudo finds too."""
    with suppress(OSError):  # the exit status says it too
        print(fitted(f"tunlab: {sentence(error, words)}", sys.stderr), file=sys.stderr, flush=True)


def fitted(text: str, stream: TextIO) -> str:
    """Made harmless, and on a terminal wrapped at words, which the terminal would cut anywhere."""
    said = printable(text)
    foreign = paths.SANDBOX_RUN.is_dir() and "tunlab.ui.prose" not in sys.modules  # files there may be others
    if foreign or not stream.isatty():
        return said
    from tunlab.ui.prose import plain

    columns = os.get_terminal_size(stream.fileno()).columns
    return "\n".join(plain(said, columns)) if columns else said  # 0: it does not know
