"""`tunlab clean`: removes what killed runs left, and ends runs that are still there, if told so."""

import sys
import termios
from collections.abc import Iterable
from dataclasses import dataclass

import typer

from tunlab import paths
from tunlab.cli.errors import told
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words
from tunlab.kernel.sane import make_sane
from tunlab.session import record
from tunlab.session.ending import end
from tunlab.session.holders import is_holder
from tunlab.session.others import Folder, everywhere, own
from tunlab.session.record import Session
from tunlab.ui.printable import printable
from tunlab.ui.sessions import about

_YES = {"y", "yes", "是"}


@dataclass(frozen=True, slots=True)
class Found:
    """The sessions of a folder: dead ones, sandboxes that live, and processes that are none."""

    folder: Folder
    dead: list[Session]
    living: list[Session]
    strange: list[Session]


def clean_up(yes: bool, all_folders: bool, language: str) -> None:
    """Sweep, list, ask, end. Exits with 3 where a run could not be ended."""
    words = Words(language)
    with told(words):
        if paths.SANDBOX_RUN.is_dir():
            raise TunlabError("clean_inside")
        restored = make_sane()
        if restored:
            _say(words("clean_terminal"))
        found = [_look(folder) for folder in (everywhere() if all_folders else own())]
        for each in found:
            _sweep(each, words)
        living = [each for each in found if each.living]
        if living:
            _list(living, words)
            if not (yes or _agreed(words)):
                _say(words("clean_left"))
                return
            stays = [_end(each, words) for each in living]
            raise typer.Exit(Status.ENVIRONMENT if any(stays) else Status.FINE)
        if not restored and not any(each.dead or each.strange for each in found):
            _say(words("clean_nothing"))


def _look(folder: Folder) -> Found:
    sessions = list(record.sessions(folder.path))
    living = [session for session in sessions if session.alive()]
    holders = [session for session in living if is_holder(session, folder.uid)]
    return Found(
        folder,
        [session for session in sessions if session not in living],
        holders,
        [session for session in living if session not in holders],
    )


def _sweep(found: Found, words: Words) -> None:
    """Remove the records of the dead, and the folder where it holds nothing else."""
    found.folder.sweep()
    for session in found.dead:
        if not (found.folder.path / session.name).exists():
            _say(words("clean_removed", session=session.name))
    for session in found.strange:
        _say(words("clean_not_ours", session=session.name, pid=session.holder))


def _list(found: Iterable[Found], words: Words) -> None:
    _say(words("clean_living"))
    for each in found:
        for session in each.living:
            _say("  " + about(session, each.folder, words))


def _agreed(words: Words) -> bool:
    """Ask on the terminal; nothing typed ahead is an answer, nor is an end-of-file."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise TunlabError("clean_needs_yes", Status.USAGE)
    termios.tcflush(0, termios.TCIFLUSH)
    print(words("clean_ask"), end="", flush=True)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        print()
    return answer.strip().lower() in _YES


def _end(found: Found, words: Words) -> bool:
    """End the living of a folder; whether one stays."""
    found.folder.as_owner(lambda: end(found.living, found.folder.uid))
    found.folder.sweep()
    stays = [session for session in found.living if session.alive()]
    for session in found.living:
        _say(words("clean_stays" if session in stays else "clean_ended", session=session.name))
    return bool(stays)


def _say(sentence: str) -> None:
    print(printable(sentence), flush=True)
