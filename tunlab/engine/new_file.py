"""A file to write packets or a drawing into: a new one, for the real user; or a named pipe, as Wireshark reads them."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tunlab.errors import Status, TunlabError
from tunlab.kernel.errno_names import name_of
from tunlab.kernel.user import give_to_real_user


@contextmanager
def new_file(path: Path | None) -> Iterator[BinaryIO | None]:
    """What `open_new` opens, for the length of the block; where nothing was written, no empty file is left.

    None where no file is wanted. Raises TunlabError as `open_new` does.
    """
    if path is None:
        yield None
        return
    with os.fdopen(open_new(path), "wb") as file:
        try:
            yield file
        finally:
            with suppress(OSError):
                about = path.lstat()
                if stat.S_ISREG(about.st_mode) and about.st_size == 0:
                    path.unlink()


def open_new(path: Path) -> int:
    """A descriptor that is open for writing; of a file, it was made just now.

    Raises TunlabError where there is a file of that name, or where the caller may not make one.
    """
    try:
        return _opened(path)
    except FileExistsError as error:
        raise TunlabError("file_exists", Status.USAGE, file=path) from error
    except OSError as error:
        raise TunlabError("file_refused", Status.USAGE, file=path, problem=name_of(error)) from error


def _opened(path: Path) -> int:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        if not path.exists() or stat.S_ISREG(path.stat().st_mode):
            raise
        return os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    give_to_real_user(file)
    return file
