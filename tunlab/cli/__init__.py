"""The command line: parse, call, exit status. One module a command family."""

import sys


def main() -> None:
    """The entry point `tunlab`."""
    from tunlab.cli.app import app

    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # nobody reads any more; say nothing about it
        sys.exit(141)
