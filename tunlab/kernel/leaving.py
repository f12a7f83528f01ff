"""What a forked process has of its parent: what it may keep open, and the one door by which it leaves."""

import os
import signal
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import NoReturn


def leave(main: Callable[[], int]) -> NoReturn:
    """End this process with the status of `main`, in whatever way that ends: no code of its parent's runs after it."""
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


def close_all_but(keep: Collection[int]) -> None:
    """Of what the parent has open, keep descriptors 0 to 2 and these."""
    for fd in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        if fd > 2 and fd not in keep:
            with suppress(OSError):  # that of the list itself
                os.close(fd)
