"""The command line: parse, call, exit status. One module a command family."""

import sys
from io import TextIOWrapper


def main() -> None:
    """The entry point `tunlab`."""
    try:
        from tunlab.cli.app import app

        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")  # a terminal that has no Chinese must not end a run
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # nobody reads any more; say nothing about it
        sys.exit(141)
