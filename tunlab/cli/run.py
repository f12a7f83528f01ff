"""`tunlab run`: the front of a run. Loads the lab, finds where to begin, and makes the sandbox."""

import os
import shlex
import sys
import termios
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tunlab.cli.beginning import Wanted, begin, name_of
from tunlab.cli.errors import told
from tunlab.cli.labs import folder_of, is_shipped, need_devices, open_labs
from tunlab.cli.play import Prepared, play
from tunlab.cli.sandboxed import in_session
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words
from tunlab.kernel.terminal import Terminal
from tunlab.labfile.fingerprint import fingerprint
from tunlab.labfile.trust import commands
from tunlab.model.lab import Section
from tunlab.session import progress
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
    wanted: Wanted


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
        prepared = Prepared(
            lab=options.lab,
            section=section,
            words=words,
            beginning=begin(section, options.wanted, kept, words),
            only=options.wanted.only is not None,
            projector=options.projector,
            json=options.json,
            saved=_saved(options.save),
            kept=kept,
            names={lab.id: name_of(lab) for lab in section.parts},
            hashes={lab.id: fingerprint(lab.folder) for lab in section.parts},
        )
        keep = [folder, *([_existing(kept)] if kept else [])]
        terminal = None if options.auto else Terminal()
        try:
            status = in_session(section.id, lambda front, session: play(front, session, prepared), keep, terminal)
        except TunlabError:
            if prepared.saved:
                prepared.saved.discard()
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
