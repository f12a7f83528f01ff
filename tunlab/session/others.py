"""Where sessions are found: the caller's own folder, and for `--all` every one that may be looked after."""

import os
import pwd
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tunlab import paths
from tunlab.errors import TunlabError
from tunlab.session import record


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of sessions and its owner."""

    path: Path
    uid: int
    gid: int

    def user(self) -> str:
        """The owner's name, or number."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)

    def sweep(self) -> None:
        """Remove the records of dead sandboxes, and the folder where it then is empty."""
        self.as_owner(lambda: record.sweep(self.path))
        with suppress(OSError):
            self.path.rmdir()

    def as_owner(self, action: Callable[[], object]) -> None:
        """Call `action` with the owner's rights and no others.

        What stands in somebody's folder is theirs to choose: links that lead elsewhere, pids of other people's
        processes. With their own rights it does no harm that they could not do themselves.
        """
        if self.uid == os.geteuid():
            action()
            return
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setgid(self.gid)
                os.setuid(self.uid)
                action()
            finally:
                os._exit(0)
        os.waitpid(child, 0)


def own() -> Iterator[Folder]:
    """The caller's, where there is one. Raises TunlabError where it is somebody else's."""
    path = paths.sessions(os.geteuid())
    if found := _folder(path):
        if found.uid != os.geteuid():
            raise TunlabError("sessions_not_yours", folder=path)
        yield found


def everywhere() -> Iterator[Folder]:
    """Every user's for root, and the caller's own at every place for anybody else."""
    yield from own()
    for uid, path in paths.all_sessions():
        found = _folder(path)
        if found and found.uid == uid and os.geteuid() in (0, uid) and path != paths.sessions(os.geteuid()):
            yield found


def _folder(path: Path) -> Folder | None:
    """A real folder, no link to one; its owner is what the kernel says, not its name."""
    try:
        about = path.lstat()
    except OSError:
        return None
    return Folder(path, about.st_uid, about.st_gid) if stat.S_ISDIR(about.st_mode) else None
