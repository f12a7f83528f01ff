"""One clear sentence on standard error, and the exit status that goes with it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from tunlab.errors import TunlabError
from tunlab.i18n import Words


@contextmanager
def told(words: Words) -> Iterator[None]:
    """Turn a TunlabError of the block into its sentence and exit status."""
    try:
        yield
    except TunlabError as error:
        tell(words, error)
        raise typer.Exit(error.status) from error


def tell(words: Words, error: TunlabError) -> None:
    """Say what went wrong."""
    print(f"tunlab: {words.error(error)}", file=sys.stderr, flush=True)
