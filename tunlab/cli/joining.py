"""Joins a session that was found, and names it where it ends meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from tunlab.errors import TunlabError
from tunlab.kernel import joined
from tunlab.session.finding import Found, opened

Answer = TypeVar("Answer")


def run_in(found: Found, main: Callable[[], int], terminal: bool) -> int:
    """The status of `main`, run in that sandbox as `kernel.joined.run` does it. Raises TunlabError."""
    with _opened(found) as pidfd:
        return joined.run(pidfd, found.folder.uid, found.folder.gid, main, terminal)


def ask_in(found: Found, question: Callable[[], Answer]) -> Answer:
    """What `question` returns there: JSON-able data, not to be trusted. Raises TunlabError."""
    with _opened(found) as pidfd:
        return joined.ask(pidfd, found.folder.uid, found.folder.gid, question)


@contextmanager
def _opened(found: Found) -> Iterator[int]:
    try:
        with opened(found) as pidfd:
            yield pidfd
    except TunlabError as error:
        if error.key == "session_ended":
            error.values["session"] = found.name()
        raise
