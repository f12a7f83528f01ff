"""What a learner has done of a lab: one file a lab, kept by the steps' ids.

A lab may change between two runs: what is known of a step that is gone stays, and `hash` tells that it did change.
"""

import errno
import fcntl
import json
import os
import select
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tunlab import paths
from tunlab.errors import Status, TunlabError
from tunlab.kernel.user import give_to_real_user, real_home
from tunlab.session.own_folder import open_folder

PATIENCE = 5.0  # seconds for another run to have written its own
_AGAIN = 0.01  # seconds between two attempts
_SCHEMA = 1
_MOST_BYTES = 1_000_000  # a file that is larger is none of ours
_LOCK = ".lock"
_FILE = 0o600
_DRAFT = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class StepRecord:
    """How a step ended for this learner: `state` is a word of the run, `at` the time in ISO 8601, UTC, to the second.

    `prediction` has kind, answer, reason, observed and matched.
    """

    state: str
    at: str
    prediction: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Of one lab; `hash` is the fingerprint of what the machine acts on, as of the last record."""

    lab: str
    hash: str
    steps: Mapping[str, StepRecord]

    def played(self, step: str) -> bool:
        """Whether a step lies behind the learner, however it ended; one that an error cut short does not."""
        return step in self.steps and self.steps[step].state != "error"


def folder() -> Path:
    """Where the learner's progress is kept; under sudo that of the person at the keyboard."""
    return paths.state(real_home()) / "progress"


def load(folder: Path, lab: str) -> Progress | None:
    """What is kept of a lab, or None where it was never played. Raises TunlabError for a file that is broken."""
    try:
        return _parsed(_read(folder / f"{lab}.json"), lab)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (IsADirectoryError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise TunlabError("progress_unreadable", Status.USAGE, file=folder / f"{lab}.json") from error
    except OSError as error:
        raise _refused(folder / f"{lab}.json", error) from error


def record(folder: Path, lab: str, hash: str, step: str, entry: StepRecord) -> None:
    """Add how a step ended, whole or not at all; two runs at once lose nothing. Raises TunlabError."""
    with _locked(folder, lab) as own:
        known = load(folder, lab)
        steps = {**(known.steps if known else {}), step: entry}
        _write(own, lab, {"schema": _SCHEMA, **asdict(Progress(lab, hash, steps))})


def forget(folder: Path, lab: str) -> None:
    """Begin anew: a lab's file is removed, or set aside where it is broken. Raises TunlabError."""
    name = f"{lab}.json"
    if not os.path.lexists(folder / name):
        return
    with _locked(folder, lab) as own:
        try:
            load(folder, lab)
        except TunlabError:
            os.rename(name, _aside(folder, name), src_dir_fd=own, dst_dir_fd=own)
        else:
            with suppress(FileNotFoundError):  # another run forgot it first
                os.unlink(name, dir_fd=own)


def _aside(folder: Path, name: str) -> str:
    aside, number = f"{name}.broken", 1
    while os.path.lexists(folder / aside):
        number += 1
        aside = f"{name}.broken-{number}"
    return aside


@contextmanager
def _locked(folder: Path, lab: str) -> Iterator[int]:
    """The open folder, while no other run changes a file in it."""
    try:
        own = open_folder(folder)
        try:
            # A file of its own, open for writing: on NFS the kernel takes no exclusive lock otherwise (flock(2)).
            lock = os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _FILE, dir_fd=own)
            try:
                give_to_real_user(lock)
                _lock(lock)
                yield own
            finally:
                os.close(lock)
        finally:
            os.close(own)
    except OSError as error:
        raise _refused(folder / f"{lab}.json", error) from error


def _lock(file: int) -> None:
    """Take the lock within PATIENCE. Raises BlockingIOError where another run keeps it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            select.select([], [], [], _AGAIN)


def _write(own: int, lab: str, content: Mapping[str, object]) -> None:
    draft = f".{lab}.json"  # under the lock nobody else has one; it may be a killed run's
    with suppress(FileNotFoundError):
        os.unlink(draft, dir_fd=own)
    try:
        with os.fdopen(os.open(draft, _DRAFT, _FILE, dir_fd=own), "w", encoding="utf-8") as file:
            give_to_real_user(file.fileno())
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.rename(draft, f"{lab}.json", src_dir_fd=own, dst_dir_fd=own)
    except OSError:
        with suppress(OSError):
            os.unlink(draft, dir_fd=own)
        raise
    os.fsync(own)


def _read(path: Path) -> bytes:
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO in its place must not hang a run
    with os.fdopen(file, "rb") as stream:
        data = stream.read(_MOST_BYTES + 1)
    if data is None or len(data) > _MOST_BYTES:
        raise ValueError
    return data


def _parsed(data: bytes, lab: str) -> Progress:
    """Raises ValueError, TypeError or KeyError where this is not what `record` wrote."""
    content = _mapping(json.loads(data.decode("utf-8")))
    if content["schema"] != _SCHEMA or content["lab"] != lab:
        raise ValueError
    steps = {name: _step(_mapping(step)) for name, step in _mapping(content["steps"]).items()}
    return Progress(lab, _text(content["hash"]), steps)


def _step(step: Mapping[str, object]) -> StepRecord:
    prediction = step["prediction"]
    return StepRecord(
        _text(step["state"]), _text(step["at"]), None if prediction is None else dict(_mapping(prediction))
    )


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _refused(file: Path, error: OSError) -> TunlabError:
    problem = errno.errorcode.get(error.errno or 0, "OSError")
    return TunlabError("progress_refused", file=file, problem=problem)
