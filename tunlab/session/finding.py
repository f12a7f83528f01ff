"""The living sandboxes that the caller may join: one's own, and for root everybody's. Found without a daemon."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tunlab import paths
from tunlab.errors import TunlabError
from tunlab.session import holders, record
from tunlab.session.others import Folder, everywhere
from tunlab.session.record import Session


@dataclass(frozen=True, slots=True)
class Found:
    """A living sandbox, and the folder with its record: that folder's owner is the sandbox's."""

    session: Session
    folder: Folder

    def name(self) -> str:
        """What it is called here: another user's has that user in front, `bob/lab-1.4.3`."""
        return self.session.name if self.folder.uid == os.geteuid() else f"{self.folder.user()}/{self.session.name}"


def running() -> list[Found]:
    """Every living sandbox of one's own; for root everybody's. One's own folder comes first."""
    found = []
    for folder in everywhere():
        for session in record.sessions(folder.path):
            if holders.is_holder(session, folder.uid):
                found.append(Found(session, folder))
    return found


def named(found: list[Found], name: str) -> list[Found]:
    """Those of that name, in full or without the user in front. One's own comes first; of other users' each counts."""
    same = [each for each in found if each.name() == name]
    same = same or [each for each in found if each.session.name == name]
    return same[:1] if same and same[0].folder.uid == os.geteuid() else same


def of_caller(found: list[Found]) -> list[Found]:
    """Those in one's own folder, else one's own that were started with another XDG_RUNTIME_DIR, or without."""
    folder = paths.sessions(os.geteuid())
    here = [each for each in found if each.folder.path == folder]
    return here or [each for each in found if each.folder.uid == os.geteuid()]


def nearest(found: list[Found]) -> list[Found]:
    """Those that are meant where no name is given: one's own, else all."""
    return of_caller(found) or found


@contextmanager
def opened(found: Found) -> Iterator[int]:
    """A pidfd of its holder. Raises TunlabError where that has ended."""
    with holders.opened([found.session], found.folder.uid) as pidfds:
        if not pidfds:
            raise TunlabError("session_ended", session=found.name())
        yield pidfds[0]
