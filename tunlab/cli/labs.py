"""Finds the lab that was asked for, by id or by folder."""

import os
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from tunlab import paths
from tunlab.errors import Status, TunlabError
from tunlab.kernel import probe
from tunlab.labfile.load import load
from tunlab.model.lab import Lab, Section, Step
from tunlab.model.verbs import SignalProgram, StartProgram, StopProgram, Verb


def folder_of(name: str) -> Path:
    """A shipped lab's folder by its id, or the folder itself. Raises TunlabError for neither."""
    if found := paths.find_lab(name):
        return found
    if (name and os.path.isdir(name)) or "/" in name:  # noqa: PTH112  (an overlong name is no folder, not an error)
        return Path(name)
    known = sorted(path.parent.name for path in paths.labs().glob("*/lab.yaml"))
    if near := get_close_matches(name, known, 1):
        raise TunlabError("unknown_lab_near", Status.USAGE, lab=name, near=near[0])
    raise TunlabError("unknown_lab", Status.USAGE, lab=name, known=", ".join(known))


def is_shipped(folder: Path) -> bool:
    """Whether a lab came with tunlab."""
    return folder.resolve().parent == paths.labs().resolve()


def open_labs(folder: Path, pace: str, twin: bool) -> Section:
    """A section, or a lab as a section of its own. C programs become their Python twins on request, or without cc."""
    found = load(folder, pace, paths.find_lab)
    section = found if isinstance(found, Section) else Section(found.id, (found,))
    if twin or probe.missing("cc"):
        return replace(section, parts=tuple(_with_twins(lab) for lab in section.parts))
    return section


def need_devices(section: Section) -> None:
    """Raise TunlabError where a lab needs /dev/net/tun and it cannot be opened, or where no step could be done."""
    steps = [step for lab in section.parts for step in lab.steps]
    if any("tun" in step.requires for step in steps):
        probe.open_clone_device()
    missing = [probe.first_missing(step.requires) for step in steps]
    if missing[0] and all(missing):
        raise TunlabError(missing[0])


def _with_twins(lab: Lab) -> Lab:
    programs = tuple(program.twin() for program in lab.programs)
    steps = tuple(_step_with_twins(step) for step in lab.steps)
    return replace(lab, programs=programs, steps=steps)


def _step_with_twins(step: Step) -> Step:
    return replace(step, do=tuple(map(_verb_with_twin, step.do)), solve=tuple(map(_verb_with_twin, step.solve)))


def _verb_with_twin(verb: Verb) -> Verb:
    if isinstance(verb, StartProgram | StopProgram | SignalProgram):
        return replace(verb, program=verb.program.twin())
    return verb
