"""The labs that came with tunlab, each with how far the learner has come, and what to do next."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tunlab import paths
from tunlab.errors import TunlabError
from tunlab.kernel import probe
from tunlab.labfile.load import load
from tunlab.model.lab import Lab, Section
from tunlab.session import progress
from tunlab.session.progress import Progress

_ANY_PACE = "fast"


@dataclass(frozen=True, slots=True)
class Shelved:
    """A lab and what is known of it; `played` is None where it never was."""

    lab: Lab
    played: Progress | None = None

    def ahead(self) -> tuple[str, ...]:
        """The ids of the steps that are still to be done, in order."""
        return tuple(step.id for step in self.lab.steps if not (self.played and self.played.played(step.id)))

    def missing(self) -> str | None:
        """The key of the sentence that says why none of its steps can be done on this machine; None where one can."""
        found = [probe.first_missing(step.requires) for step in self.lab.steps]
        return found[0] if all(found) else None

    def done(self) -> int:
        """How many steps are done."""
        return len(self.lab.steps) - len(self.ahead())

    def last_played(self) -> str:
        """When a step last ended, in ISO 8601; empty where none ever did."""
        return max((step.at for step in self.played.steps.values()), default="") if self.played else ""


@dataclass(frozen=True, slots=True)
class Group:
    """The labs of a section, or one lab that belongs to none."""

    labs: tuple[Shelved, ...]
    section: Section | None = None

    def id(self) -> str:
        """What `tunlab run` plays all of it by."""
        return self.section.id if self.section else self.labs[0].lab.id


@dataclass(frozen=True, slots=True)
class Shelf:
    """All of them; `problems` tell of progress that cannot be read."""

    groups: tuple[Group, ...]
    problems: tuple[TunlabError, ...] = ()

    def labs(self) -> tuple[Shelved, ...]:
        """The labs in order, without the sections."""
        return tuple(shelved for group in self.groups for shelved in group.labs)


@dataclass(frozen=True, slots=True)
class Next:
    """What to run: `lab` is an id; `step` where it goes on, None from the start. Without a lab all is done."""

    lab: str | None = None
    step: str | None = None
    of: Lab | None = field(default=None, compare=False)
    first: bool = False


def what_next(shelf: Shelf) -> Next:
    """The first section for somebody new, else the lab played last, else the one after it that is not finished.

    A lab that cannot be played on this machine is passed over.
    """
    labs = shelf.labs()
    latest = max(range(len(labs)), key=lambda number: labs[number].last_played(), default=0)
    if shelf.groups and not any(shelved.last_played() for shelved in labs):
        return Next(shelf.groups[0].id(), first=True)
    for shelved in (*labs[latest:], *labs[:latest]):
        if (ahead := shelved.ahead()) and not shelved.missing():
            return Next(shelved.lab.id, ahead[0] if shelved.done() else None, shelved.lab)
    return Next()


def shelf(folder: Path) -> Shelf:
    """The shelf; `folder` holds the progress. Raises LabFileError for a lab that is wrong."""
    problems: list[TunlabError] = []

    def shelved(lab: Lab) -> Shelved:
        try:
            return Shelved(lab, progress.load(folder, lab.id))
        except TunlabError as error:
            problems.append(error)
            return Shelved(lab)

    return Shelf(tuple(_groups(shelved)), tuple(problems))


def _groups(shelved: Callable[[Lab], Shelved]) -> Iterator[Group]:
    loaded = [load(paths.labs() / name, _ANY_PACE, paths.find_lab) for name in paths.lab_ids()]
    sections = [each for each in loaded if isinstance(each, Section)]
    parts = {part.id for section in sections for part in section.parts}
    for each in loaded:
        if isinstance(each, Section):
            yield Group(tuple(shelved(part) for part in each.parts), each)
        elif each.id not in parts:
            yield Group((shelved(each),))
