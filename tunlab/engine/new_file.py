"""A file to write packets into: a new one, for the real user; or a named pipe, as Wireshark reads them."""

import os
import stat
from pathlib import Path

from tunlab.errors import Status, TunlabError
from tunlab.kernel.errno_names import name_of
from tunlab.kernel.user import give_to_real_user


def open_new(path: Path) -> int:
    """A descriptor that is open for writing; of a file, it was made just now.

    Raises TunlabError where there is a file of that name, or where the caller may not make one.
    """
    try:
        return _opened(path)
    except FileExistsError as error:
        raise TunlabError("capture_exists", Status.USAGE, file=path) from error
    except OSError as error:
        raise TunlabError("capture_refused", Status.USAGE, file=path, problem=name_of(error)) from error


def _opened(path: Path) -> int:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        if not path.exists() or stat.S_ISREG(path.stat().st_mode):
            raise
        return os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    give_to_real_user(file)
    return file
