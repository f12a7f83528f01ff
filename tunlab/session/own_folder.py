"""A folder of the user's own, opened, and made where it is missing. Under sudo it is the real user's, not root's."""

import os
from pathlib import Path

from tunlab.kernel.user import give_to_real_user, real_uid

_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FOLDER = 0o700
_OTHERS_WRITE = 0o002


def open_folder(folder: Path) -> int:
    """The open folder; every part of it that is missing is made. Raises OSError.

    Root makes nothing where the real user may not: links in a user's home must not lead root's hand elsewhere. So
    each part is opened before it is looked at, and made below what was looked at.
    """
    there = folder
    while not there.is_dir() and there != there.parent:
        there = there.parent
    current = os.open(there, _FLAGS)
    try:
        for name in folder.relative_to(there).parts:
            _check(current)
            following = _make(current, name)
            os.close(current)
            current = following
        _check(current)
    except BaseException:
        os.close(current)
        raise
    return current


def _make(parent: int, name: str) -> int:
    try:
        os.mkdir(name, _FOLDER, dir_fd=parent)
    except FileExistsError:  # somebody else made it just now, or it is no folder: then opening says so
        return os.open(name, _FLAGS, dir_fd=parent)
    made = os.open(name, _FLAGS | os.O_NOFOLLOW, dir_fd=parent)
    give_to_real_user(made)
    return made


def _check(folder: int) -> None:
    """Raise PermissionError where the real user could not make a file."""
    if os.geteuid() != real_uid():
        seen = os.fstat(folder)
        if seen.st_uid != real_uid() and not seen.st_mode & _OTHERS_WRITE:
            raise PermissionError(1, os.strerror(1))
