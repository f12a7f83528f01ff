"""The record of a running sandbox, by which another terminal finds it: a folder named as the session.

Alive means a pidfd that is not readable; a pid and its start time alone are fooled by a zombie.
"""

import errno
import json
import os
import select
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from tunlab.errors import TunlabError

_FILE = "session.json"
LAB, TOPOLOGY = "lab", "topology"  # what may run in a sandbox
MOST = 1000  # sessions of one name, and entries of a folder that are looked at
_MOST_BYTES = 65536  # of a record
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class Session:
    """A sandbox: `holder` is the host's pid of its PID 1, `started` that process's start time in clock ticks.

    `lab` is what runs there: the id of a lab or, where `kind` is TOPOLOGY, the name of a topology.
    """

    name: str
    lab: str
    holder: int
    started: int
    kind: str = LAB

    def alive(self) -> bool:
        """Whether the holder still runs."""
        try:
            pidfd = os.pidfd_open(self.holder)
        except (OSError, OverflowError):
            return False
        try:
            ended, _, _ = select.select([pidfd], [], [], 0)
            return not ended and start_time(self.holder) == self.started
        finally:
            os.close(pidfd)


def claim(folder: Path, lab: str) -> str:
    """Take a free session name, the lab's or that with a number behind it, for the calling process.

    Until `write` publishes the holder, the record names the caller: whoever dies, `sweep` finds it. Raises
    TunlabError when the folder of sessions cannot be used: it must be the user's own.
    """
    for number in range(1, MOST):
        name = lab if number == 1 else f"{lab}-{number}"
        if take(folder, Session(name, lab, os.getpid(), start_time(os.getpid()))):
            return name
    raise TunlabError("sessions_unusable", folder=folder, problem=f"{MOST} sessions")


def take(folder: Path, session: Session) -> bool:
    """Make a session's folder, with its record in it from the start; False where the name is taken.

    Raises as `claim` does.
    """
    try:
        return _take(folder, session)
    except OSError as error:
        problem = errno.errorcode.get(error.errno or 0, "")
        raise TunlabError("sessions_unusable", folder=folder, problem=problem) from error


def _take(folder: Path, session: Session) -> bool:
    while True:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.lstat().st_uid != os.geteuid() or folder.is_symlink():
            raise TunlabError("sessions_not_yours", folder=folder)
        sweep(folder)
        draft = folder / f".{os.getpid()}"
        try:
            draft.mkdir(mode=0o700)
        except FileNotFoundError:
            continue  # another session ended just now and took the empty folder with it
        try:
            (draft / _FILE).write_text(json.dumps(asdict(session)))
            draft.rename(folder / session.name)
        except OSError as error:
            shutil.rmtree(draft)
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return False
        return True


def write(folder: Path, session: Session) -> None:
    """Publish the record, whole or not at all."""
    place = folder / session.name
    draft = place / f".{_FILE}"
    try:
        draft.write_text(json.dumps(asdict(session)))
        draft.replace(place / _FILE)
    except OSError as error:
        problem = errno.errorcode.get(error.errno or 0, "")
        raise TunlabError("sessions_unusable", folder=folder, problem=problem) from error


def remove(folder: Path, name: str) -> None:
    """Take a session's folder away, and the folder of sessions with the last one."""
    shutil.rmtree(folder / name, ignore_errors=True)
    with suppress(OSError):
        folder.rmdir()


def sessions(folder: Path) -> Iterator[Session]:
    """The sessions that a folder holds, living or not."""
    return (session for path, session in _records(folder) if path.name == session.name)


def _records(folder: Path) -> Iterator[tuple[Path, Session]]:
    """Each record, and the folder in which it really lies: what it says of itself is not to be trusted.

    Root reads what others wrote, so nothing in it may delay us, take up our memory, or pass for more than a name.
    """
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in islice(entries, MOST))
    except FileNotFoundError:  # the last session took the folder with it, just now
        return
    for name in names:
        try:
            session = Session(**json.loads(_read(folder / name / _FILE)))
        except (OSError, ValueError, TypeError, RecursionError):
            continue  # half gone, or not one of ours
        if [type(value) for value in asdict(session).values()] != [str, str, int, int, str]:
            continue
        if session.name.isprintable() and session.lab.isprintable():
            yield folder / name, session


def _read(path: Path) -> bytes:
    """Raises OSError, and ValueError where it is no such file as we write."""
    fd = os.open(path, _READ)
    try:
        about = os.fstat(fd)
        if not stat.S_ISREG(about.st_mode) or about.st_size > _MOST_BYTES:
            raise ValueError
        return os.read(fd, _MOST_BYTES)
    finally:
        os.close(fd)


def sweep(folder: Path) -> None:
    """Remove what dead sessions left: the record of one whose front was killed."""
    for path, session in _records(folder):
        if not session.alive():
            shutil.rmtree(path, ignore_errors=True)


def start_time(pid: int) -> int:
    """A process's start in clock ticks since boot: field 22 of /proc/PID/stat (proc(5)); 0 when it is gone."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return 0
    return int(told.rpartition(")")[2].split()[19])
