"""The command line: parse, call, exit status. One module a command family."""

import os
import sys
from collections.abc import Callable
from io import TextIOWrapper


def main() -> None:
    """The entry point `tunlab`."""
    _have_streams()
    try:
        from tunlab.cli.app import app
        from tunlab.cli.options import words
        from tunlab.cli.typer_words import call

        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")  # a terminal that has no Chinese must not end a run
        status = _status(lambda: call(app, words))
        sys.stdout.flush()
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:  # nobody reads any more; say nothing about it
        status = 141
    except OSError as error:
        status = 3
        print(f"tunlab: {error.strerror}", file=sys.stderr)
    _leave(status)


def _status(command: Callable[[], int]) -> int:
    try:
        return command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1


def _have_streams() -> None:
    """A standard stream that was closed becomes /dev/null: its number must not go to some other file."""
    for fd, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), fd)
            setattr(sys, name, os.fdopen(fd, mode))


def _leave(status: int) -> None:
    try:
        sys.stdout.flush()
    except OSError:  # said already; Python would say it again, and exit with 120
        from tunlab.ui.output import give_up

        give_up()
    sys.exit(status)
