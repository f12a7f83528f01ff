"""`tunlab run`: the front of a run. Loads the lab, makes the sandbox, and has the holder play."""

import os
import shlex
import signal
import sys
import termios
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tunlab.cli.beginning import Asked, Beginning, begin, name_of
from tunlab.cli.errors import tell, told
from tunlab.cli.labs import folder_of, is_shipped, need_devices, open_labs
from tunlab.cli.sandboxed import in_session
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words
from tunlab.kernel.holder import Ended, FrontLine
from tunlab.kernel.terminal import Terminal
from tunlab.labfile.fingerprint import fingerprint
from tunlab.labfile.trust import commands
from tunlab.model.lab import Section
from tunlab.session import progress
from tunlab.session.log import EventLog
from tunlab.ui.printable import printable

if TYPE_CHECKING:
    from tunlab.engine.save import Saved


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line; `json` implies `auto`."""

    lab: str
    auto: bool
    pace: str
    twin: bool
    json: bool
    save: Path | None
    allow_exec: bool
    projector: bool
    asked: Asked


def run_lab(options: Options, language: str) -> None:
    """Play a lab and exit with its status."""
    words = Words(language)
    with told(words):
        folder = folder_of(options.lab)
        section = open_labs(folder, options.pace, options.twin)
        if not options.auto and not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise TunlabError("no_terminal", Status.USAGE)
        if not is_shipped(folder):
            _trust(folder, section, options, words)
        need_devices(section)
        kept = None if options.auto else progress.folder()
        beginning = begin(section, options.asked, kept, words)
        saved = _saved(options.save)

        def hold(front: FrontLine, session: str) -> int:
            return _play(front, section, options, session, saved.entry if saved else None, beginning, kept, words)

        try:
            keep = [folder, *([_existing(kept)] if kept else [])]
            status = in_session(section.id, hold, keep, None if options.auto else Terminal())
        except TunlabError:
            if saved:
                saved.discard()
            raise
        raise typer.Exit(status)


def _saved(folder: Path | None) -> "Saved | None":
    """The files of --save, opened in the front: the sandbox hides /run."""
    if folder is None:
        return None
    from tunlab.engine.save import Saved

    return Saved(folder)


def _existing(folder: Path) -> Path:
    """The folder, or the one in which it would be made."""
    return next(each for each in (folder, *folder.parents) if each.is_dir())


def _play(
    front: FrontLine,
    section: Section,
    options: Options,
    session: str,
    saved: Callable[..., None] | None,
    beginning: Beginning,
    kept: Path | None,
    words: Words,
) -> int:
    """In the holder: everything heavy is imported here, never in the front."""
    from tunlab.engine.keep import Kept
    from tunlab.engine.run import Begin, Run
    from tunlab.ui.json_lines import JsonLines
    from tunlab.ui.keys import Keyboard
    from tunlab.ui.look import ORDINARY, projector
    from tunlab.ui.output import HungUp
    from tunlab.ui.page import Page
    from tunlab.ui.screen import Screen

    log = EventLog()
    if saved:
        log.follow(saved)
    keeper = None
    if kept:
        names = {lab.id: name_of(lab) for lab in section.parts}
        keeper = Kept(kept, names, {lab.id: fingerprint(lab.folder) for lab in section.parts})
        log.follow(keeper.entry)
    keyboard = None if options.auto else Keyboard()
    again = shlex.join(["tunlab", "run", options.lab])
    page = Page(words, projector(os.environ) if options.projector else ORDINARY)
    screen = Screen(page, again, section.prose, keyboard, beginning.states())
    start = Begin(*beginning.at, only=options.asked.only is not None) if beginning.at else None
    signal.signal(signal.SIGCONT, lambda *_: screen.resume())
    try:
        with keyboard or nullcontext(), screen:
            for note in beginning.notes:
                page.line(note)
            run = Run(log, JsonLines() if options.json else screen, front.check, keyboard)
            status = run.play(section, session, start)
        if keeper and keeper.trouble:
            tell(page.words, keeper.trouble)
        return status
    except Ended as ended:
        with suppress(HungUp):  # of --json, run_finished says it
            if not options.json:
                screen.stopped(signal.Signals(ended.signum).name)
        return 128 + ended.signum
    except TunlabError as error:
        tell(page.words, error)
        return error.status
    except HungUp:
        return 128 + signal.SIGHUP
    except (BrokenPipeError, SystemExit):  # nobody reads any more; rich turns the one into the other
        return 128 + signal.SIGPIPE


def _trust(folder: Path, section: Section, options: Options, words: Words) -> None:
    """A lab from outside the wheel lists its commands and is asked about once."""
    wanted = [command for lab in section.parts for command in commands(lab)]
    if options.allow_exec or not wanted:
        return
    print(printable(words("trust_list", folder=folder)), file=sys.stderr)
    for node, command in wanted:
        print(f"  {node}$ {shlex.join(command)}", file=sys.stderr)
    if os.geteuid() == 0:
        print(words("trust_root"), file=sys.stderr)
    if options.auto:
        raise TunlabError("untrusted", Status.USAGE, folder=folder)
    print(words("trust_ask"), file=sys.stderr, flush=True)
    termios.tcflush(0, termios.TCIFLUSH)  # nothing typed ahead is an answer
    if sys.stdin.readline() != "\n":  # an end-of-file is no consent
        raise typer.Exit(Status.FINE)
