"""`tunlab lab new`, `lint` and `prove`: for authors of labs."""

import json
import shlex
import signal
from pathlib import Path

import typer

from tunlab import paths
from tunlab.cli.errors import end_with_reader, tell, told
from tunlab.cli.labs import folder_of, need_devices, open_labs
from tunlab.cli.sandboxed import in_session
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words
from tunlab.kernel.holder import Ended, FrontLine
from tunlab.labfile.lint import lint
from tunlab.labfile.new import new_lab
from tunlab.labfile.problems import shown
from tunlab.model.events import Entry
from tunlab.model.lab import Lab
from tunlab.session.log import EventLog
from tunlab.ui.printable import printable


def make_lab(folder: Path, language: str) -> None:
    """A small lab to start from, and what to do with it."""
    words = Words(language)
    with told(words):
        identifier = new_lab(folder)
        print(printable(words("new_done", lab=identifier, folder=shown(str(folder)))))
        following = {"new_lint": ("lab", "lint"), "new_prove": ("lab", "prove"), "new_run": ("run",)}
        commands = {key: shlex.join(["tunlab", *command, str(folder)]) for key, command in following.items()}
        for key, command in commands.items():
            print(printable(f"  {command.ljust(max(map(len, commands.values())))}  {words(key)}"))


def lint_lab(name: str, language: str, as_json: bool) -> None:
    """Say every mistake in a lab's files; exit 2 where there is one."""
    words = Words(language)
    end_with_reader()
    with told(words):
        errors = lint(folder_of(name), paths.find_lab)
        for error in errors:
            place = {"file": error.file, "line": error.line, "problem": words(error.key, **error.values)}
            print(json.dumps(place) if as_json else printable(words.error(error)))
        if errors:
            raise typer.Exit(Status.USAGE)
        if not as_json:
            print(printable(words("lint_clean", lab=name)))


def prove_lab(name: str, language: str, twin: bool, as_json: bool) -> None:
    """Prove a lab's steps; exit 1 where one is not proved."""
    words = Words(language)
    with told(words):
        folder = folder_of(name)
        section = open_labs(folder, "fast", twin)
        need_devices(section)
        raise typer.Exit(
            in_session(section.id, lambda front, _: _prove(front, section.parts, as_json, words), [folder])
        )


def _prove(front: FrontLine, labs: tuple[Lab, ...], as_json: bool, words: Words) -> int:
    from tunlab.engine.prove import prove
    from tunlab.ui.output import HungUp, Output
    from tunlab.ui.proof import told as lines_of

    output = Output()

    def say(entry: Entry) -> None:
        for line in [json.dumps(entry.as_json())] if as_json else lines_of(entry, words):
            print(line, file=output, flush=True)

    log = EventLog()
    log.follow(say)
    fine = True
    try:
        for lab in labs:
            log.lab = lab.id
            fine &= prove(lab, log, front.check)
    except Ended as ended:
        return 128 + ended.signum
    except TunlabError as error:
        tell(words, error)
        return error.status
    except (BrokenPipeError, HungUp):  # nobody reads any more
        return 128 + signal.SIGPIPE
    return Status.FINE if fine else Status.CHECK_FAILED
