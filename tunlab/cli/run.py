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

from tunlab.cli.errors import tell, told
from tunlab.cli.labs import folder_of, is_shipped, need_devices, open_labs
from tunlab.cli.sandboxed import in_session
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words
from tunlab.kernel.holder import Ended, FrontLine
from tunlab.kernel.terminal import Terminal
from tunlab.labfile.trust import commands
from tunlab.model.lab import Section
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
        saved = _saved(options.save)

        def hold(front: FrontLine, session: str) -> int:
            return _play(front, section, options, session, saved.entry if saved else None, words)

        try:
            status = in_session(section.id, hold, folder, None if options.auto else Terminal())
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


def _play(
    front: FrontLine,
    section: Section,
    options: Options,
    session: str,
    saved: Callable[..., None] | None,
    words: Words,
) -> int:
    """In the holder: everything heavy is imported here, never in the front."""
    from tunlab.engine.run import run
    from tunlab.ui.json_lines import JsonLines
    from tunlab.ui.keys import Keyboard
    from tunlab.ui.output import HungUp
    from tunlab.ui.screen import Screen

    log = EventLog()
    if saved:
        log.follow(saved)
    keyboard = None if options.auto else Keyboard()
    again = shlex.join(["tunlab", "run", options.lab])
    screen = Screen(words, again, section.prose.get(words.language), keyboard)
    signal.signal(signal.SIGCONT, lambda *_: screen.resume())
    try:
        with keyboard or nullcontext(), screen:
            return run(section, session, log, JsonLines() if options.json else screen, front.check, keyboard)
    except Ended as ended:
        with suppress(HungUp):  # of --json, run_finished says it
            if not options.json:
                screen.stopped(signal.Signals(ended.signum).name)
        return 128 + ended.signum
    except TunlabError as error:
        tell(words, error)
        return error.status
    except HungUp:
        return 128 + signal.SIGHUP
    except (BrokenPipeError, SystemExit):  # nobody reads any more; rich turns the one into the other
        return 128 + signal.SIGPIPE


def _trust(folder: Path, section: Section, options: Options, words: Words) -> None:
    """A lab from outside the wheel lists its commands and is asked about once."""
    if options.allow_exec:
        return
    print(printable(words("trust_list", folder=folder)), file=sys.stderr)
    for lab in section.parts:
        for node, command in commands(lab):
            print(f"  {node}$ {shlex.join(command)}", file=sys.stderr)
    if os.geteuid() == 0:
        print(words("trust_root"), file=sys.stderr)
    if options.auto:
        raise TunlabError("untrusted", Status.USAGE, folder=folder)
    print(words("trust_ask"), file=sys.stderr, flush=True)
    termios.tcflush(0, termios.TCIFLUSH)  # nothing typed ahead is an answer
    if sys.stdin.readline() != "\n":  # an end-of-file is no consent
        raise typer.Exit(Status.FINE)
