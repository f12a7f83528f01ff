"""Which session, which node: named, or the only one, or chosen from a list."""

import os
import signal
import sys
from collections.abc import Sequence
from difflib import get_close_matches

import typer

from tunlab import paths
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words
from tunlab.session.finding import Found, named, nearest, of_caller, running
from tunlab.ui.choose import choose as ask
from tunlab.ui.printable import printable_line


def choose_session(words: Words, name: str | None, anothers: bool = True) -> Found:
    """The session of that name, or the only one, or the one that is chosen. Raises TunlabError.

    Without `anothers`, root has to name the one that is another user's.
    """
    found = sessions()
    if not found:
        raise TunlabError("no_session")
    known = [each.name() for each in found]
    if name is not None:
        found = named(found, name)
        if not found:
            raise unknown("session", name, known)
    elif not (anothers or of_caller(found)):
        raise TunlabError("anothers_session", Status.USAGE, names=", ".join(map(printable_line, known)))
    found = nearest(found)
    if len(found) == 1:
        return found[0]
    return found[choose(words, "choose_session", [each.name() for each in found])]


def sessions() -> list[Found]:
    """All that run. Raises TunlabError inside a sandbox, from where none can be seen."""
    if paths.SANDBOX_RUN.is_dir():
        raise TunlabError("session_inside")
    return running()


def choose(words: Words, question_key: str, options: Sequence[str]) -> int:
    """The index of one of several. `question_key` is choose_session, choose_node or choose_device.

    Without a terminal, raises TunlabError that names them. Exits with 130 where nothing is chosen.
    """
    what = question_key.removeprefix("choose_")
    if not (os.isatty(0) and sys.stderr.isatty()):
        raise TunlabError(f"several_{what}", Status.USAGE, names=", ".join(map(printable_line, options)))
    chosen = ask(words, words(f"choose_{what}"), options)
    if chosen is None:
        raise typer.Exit(128 + signal.SIGINT)
    return chosen


def unknown(what: str, name: str, known: Sequence[str]) -> TunlabError:
    """There is no session or node of that name; those are the ones that there are."""
    known = [printable_line(each) for each in known]
    if near := get_close_matches(name, known, 1):
        return TunlabError(f"unknown_{what}_near", Status.USAGE, name=name, near=near[0], known=", ".join(known))
    return TunlabError(f"unknown_{what}", Status.USAGE, name=name, known=", ".join(known))
