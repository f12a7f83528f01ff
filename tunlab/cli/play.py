"""Plays what the front has prepared: runs in the holder, so everything heavy is imported here and not before."""

import os
import shlex
import signal
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tunlab.cli.beginning import Beginning
from tunlab.cli.errors import tell
from tunlab.errors import TunlabError
from tunlab.i18n import Words, speak
from tunlab.kernel.holder import Ended, FrontLine
from tunlab.model.lab import Section
from tunlab.session import progress
from tunlab.session.log import EventLog

if TYPE_CHECKING:
    from tunlab.engine.save import Saved


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a run needs from the front.

    `lab` is what was asked for on the command line; `only`: it ends after the step that it begins with. `kept` is the
    folder of the learner's progress; without one nobody sits at the keyboard. `names` and `hashes` tell by a lab's id
    under which name its progress is kept, and its fingerprint.
    """

    lab: str
    section: Section
    words: Words
    beginning: Beginning
    only: bool
    projector: bool
    json: bool
    saved: "Saved | None"
    kept: Path | None
    names: dict[str, str]
    hashes: dict[str, str]


def play(front: FrontLine, session: str, run: Prepared) -> int:
    """Play, and return the exit status."""
    from tunlab.engine.keep import Kept
    from tunlab.engine.run import From, Run
    from tunlab.ui.json_lines import JsonLines
    from tunlab.ui.keys import Keyboard
    from tunlab.ui.look import ORDINARY, projector
    from tunlab.ui.output import HungUp
    from tunlab.ui.page import Page
    from tunlab.ui.screen import Screen

    speak(run.words.language)
    log = EventLog()
    if run.saved:
        log.follow(run.saved.entry)
    keeper = Kept(run.kept, run.names, run.hashes) if run.kept else None
    if keeper:
        log.follow(keeper.entry)
    keyboard = Keyboard() if run.kept else None
    page = Page(run.words, projector(os.environ) if run.projector else ORDINARY)
    again = shlex.join(["tunlab", "run", run.lab])
    screen = Screen(page, again, run.section, keyboard, run.beginning.states(), run.beginning.answered)
    start = From(*run.beginning.at, only=run.only) if run.beginning.at else None
    signal.signal(signal.SIGCONT, lambda *_: screen.resume())
    try:
        with keyboard or nullcontext(), screen:
            if run.kept:
                for name in run.beginning.forget:
                    progress.forget(run.kept, name)
            for note in run.beginning.notes:
                page.line(note)
            status = Run(log, JsonLines() if run.json else screen, front.check, keyboard).play(
                run.section, session, start
            )
        if keeper and keeper.trouble:
            tell(page.words, keeper.trouble)
        return status
    except Ended as ended:
        with suppress(HungUp):  # of --json, run_finished says it
            if not run.json:
                screen.stopped(signal.Signals(ended.signum).name)
        return 128 + ended.signum
    except TunlabError as error:
        tell(page.words, error)
        return error.status
    except HungUp:
        return 128 + signal.SIGHUP
    except (BrokenPipeError, SystemExit):  # nobody reads any more; rich turns the one into the other
        return 128 + signal.SIGPIPE
