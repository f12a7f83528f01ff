"""`tunlab doctor`: whether labs can run on this machine, and what to type where not."""

import shlex
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import typer

from tunlab import paths
from tunlab.cli.errors import end_with_reader
from tunlab.engine.doctor import examine
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words
from tunlab.kernel.holder import Ended
from tunlab.labfile.known import REQUIREMENTS
from tunlab.labfile.load import load
from tunlab.labfile.needs import needs
from tunlab.model.diagnosis import State, diagnosis
from tunlab.model.lab import Section
from tunlab.ui.doctor import draw, terminal, write_json


def diagnose(language: str, as_json: bool) -> None:
    """Report, and exit with 3 where labs cannot run."""
    words = Words(language)
    try:
        found = diagnosis((*examine(_needed(), _run_a_lab()), terminal()))
    except Ended as ended:
        raise typer.Exit(128 + ended.signum) from ended
    end_with_reader()
    (write_json if as_json else draw)(found, words)
    raise typer.Exit(Status.ENVIRONMENT if found.state is State.NO else Status.FINE)


def _needed() -> set[str]:
    """What any step may require, and what the labs that came with tunlab use. One that is broken tells nothing."""
    found = set(REQUIREMENTS)
    for place in paths.labs().glob("*/lab.yaml"):
        with suppress(TunlabError):
            lab = load(place.parent, "fast", paths.find_lab)
            found.update(*(needs(part) for part in (lab.parts if isinstance(lab, Section) else (lab,))))
    return found


def _run_a_lab() -> str:
    """A command that plays a lab, by a path that sudo finds too."""
    program = Path(shutil.which(sys.argv[0]) or sys.argv[0]).absolute()
    return shlex.join([str(program), "run", "lab-1.4"])
