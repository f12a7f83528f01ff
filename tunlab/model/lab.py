"""A lab as read from its folder: steps for the machine, prose for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tunlab.model.checks import Check
from tunlab.model.program import Program
from tunlab.model.topology import Endpoint, Topology
from tunlab.model.verbs import Verb

LANGUAGES = ("en", "zh")
SECTIONS = ("say", "predict", "hint", "explain", "notes")


@dataclass(frozen=True, slots=True)
class Watch:
    """Show a device's both ends until the checks pass and nothing came for `quiet` seconds, at most `deadline`."""

    at: Endpoint
    quiet: float
    deadline: float


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `observes` names the earlier step whose action this one only looks at."""

    id: str
    claims: tuple[str, ...]
    requires: tuple[str, ...]
    do: tuple[Verb, ...]
    watch: Watch | None
    checks: tuple[Check, ...]
    observes: str | None = None

    def groundwork(self) -> tuple[Verb, ...]:
        """What later steps stand on even where this one is skipped: an address, a link that is up."""
        return tuple(verb for verb in self.do if verb.changes_state)


@dataclass(frozen=True, slots=True)
class StepProse:
    """What a person reads at a step: Markdown by section, and the line of its heading in the file."""

    title: str
    sections: Mapping[str, str]
    line: int


@dataclass(frozen=True, slots=True)
class Prose:
    """A lab's words in one language."""

    title: str
    intro: str
    steps: Mapping[str, StepProse]


@dataclass(frozen=True, slots=True)
class Lab:
    """One lab: `folder` holds what its programs are made of."""

    id: str
    folder: Path
    topology: Topology
    programs: tuple[Program, ...]
    steps: tuple[Step, ...]
    prose: Mapping[str, Prose] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Section:
    """Labs that are played one after the other as one run; parts that do not exist yet are left out."""

    id: str
    parts: tuple[Lab, ...]
    prose: Mapping[str, Prose] = field(default_factory=dict)
