"""The one door by which a forked process leaves: nothing of its parent's code runs in it afterwards."""

import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn


def leave(main: Callable[[], int]) -> NoReturn:
    """End this process with the status of `main`, in whatever way that ends."""
    status = 1
    try:
        status = main()
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # a bug of ours: show it, but leave by this door
        sys.excepthook(*sys.exc_info())
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:
            status = status or 128 + signal.SIGPIPE
        os._exit(status)
