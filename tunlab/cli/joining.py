"""Joins a session that was found, and names it where it ends meanwhile."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from tunlab.cli.errors import tell
from tunlab.errors import TunlabError
from tunlab.i18n import Words
from tunlab.kernel import joined
from tunlab.session.finding import Found, opened

Answer = TypeVar("Answer")


def run_in(found: Found, main: Callable[[], int], terminal: bool, keep: Sequence[int] = ()) -> int:
    """The status of `main`, run in that sandbox as `kernel.joined.run` does it. Raises TunlabError."""
    with _opened(found) as pidfd:
        return joined.run(pidfd, found.folder.uid, found.folder.gid, main, terminal, keep)


def ask_in(found: Found, question: Callable[[], Answer]) -> Answer:
    """What `question` returns there: JSON-able data, not to be trusted. Raises TunlabError."""
    with _opened(found) as pidfd:
        return joined.ask(pidfd, found.folder.uid, found.folder.gid, question)


def answers(sessions: Iterable[Found], question: Callable[[], Answer], words: Words) -> Iterator[tuple[Found, Answer]]:
    """What `question` returns in each of them. One that has ended is left out; so is one that is odd, which is told."""
    for found in sessions:
        try:
            answer = ask_in(found, question)
        except TunlabError as error:
            if error.key != "session_ended":
                tell(words, error)
        else:
            yield found, answer


@contextmanager
def _opened(found: Found) -> Iterator[int]:
    try:
        with opened(found) as pidfd:
            yield pidfd
    except TunlabError as error:
        if error.key in ("session_ended", "session_odd"):
            error.values["session"] = found.name()
        raise
