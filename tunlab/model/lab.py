"""A lab as read from its folder: steps for the machine, prose for people."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tunlab.model.checks import Check, FieldCheck, places_of
from tunlab.model.events import PacketSeen
from tunlab.model.prediction import Prediction
from tunlab.model.program import Program
from tunlab.model.topology import Endpoint, Topology
from tunlab.model.verbs import Verb

SECTIONS = ("say", "predict", "hint", "feedback", "explain", "notes")


@dataclass(frozen=True, slots=True)
class Watch:
    """Show a device's both ends until the checks pass and nothing came for `quiet` seconds, at most `deadline`.

    With another device `beside` it, the two are asked the same questions in one table.
    """

    at: Endpoint
    quiet: float
    deadline: float
    beside: Endpoint | None = None

    def devices(self) -> tuple[Endpoint, ...]:
        """All that is watched."""
        return (self.at, self.beside) if self.beside else (self.at,)


@dataclass(frozen=True, slots=True)
class Step:
    """One step. Enter runs its `do`; its `solve` is the learner's to do, and only `--auto`, prove and s run it.

    `observes` names the earlier step whose action this one only looks at. `since` gives for a check the first kernel
    release that shows what it wants. `figure` names the node of which a figure is drawn: user space, stack and devices.
    """

    id: str
    claims: tuple[str, ...]
    requires: tuple[str, ...]
    do: tuple[Verb, ...]
    watch: Watch | None
    checks: tuple[Check, ...]
    observes: str | None = None
    solve: tuple[Verb, ...] = ()
    predict: Prediction | None = None
    since: Mapping[str, str] = field(default_factory=dict)
    figure: str | None = None

    def verbs(self) -> tuple[Verb, ...]:
        """What carries the step out, whoever does it."""
        return self.do or self.solve

    def groundwork(self) -> tuple[Verb, ...]:
        """What later steps stand on even where this one is skipped: an address, a link that is up."""
        return tuple(verb for verb in self.verbs() if verb.changes_state)

    def places(self) -> frozenset[Endpoint]:
        """The devices that it is about: those that it watches, and those that its checks name."""
        watched = self.watch.devices() if self.watch else ()
        return frozenset((*watched, *(at for check in self.checks for at in places_of(check))))

    def fields_of(self, packet: PacketSeen, told: Collection[str]) -> tuple[str, ...]:
        """The header fields of a packet that its checks ask for; `told` are the directions in which it was seen."""
        asked = (check for check in self.checks if isinstance(check, FieldCheck))
        return tuple(
            check.field
            for check in asked
            if (check.packets.at, check.packets.direction in told) == (Endpoint(packet.node, packet.device), True)
            and (check.packets.what or "") in packet.summary
        )

    def nodes(self) -> tuple[str, ...]:
        """Where it happens: the nodes of its verbs and of what it watches, in that order."""
        watched = (*((self.watch.at.node,) if self.watch else ()), *((self.figure,) if self.figure else ()))
        return tuple(dict.fromkeys((*(verb.node for verb in self.verbs()), *watched)))


@dataclass(frozen=True, slots=True)
class StepProse:
    """What a person reads at a step: Markdown by section, and the line of its heading in the file.

    Of the sections that have items, these also by themselves: the prediction's `question` with its `answers` by
    id, the `feedback` by outcome, the `hints` in order.
    """

    title: str
    sections: Mapping[str, str]
    line: int
    question: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    feedback: Mapping[str, str] = field(default_factory=dict)
    hints: tuple[str, ...] = ()


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

    def position(self, step: str) -> int:
        """The index of a step by its id. Raises ValueError where there is none."""
        return [each.id for each in self.steps].index(step)


@dataclass(frozen=True, slots=True)
class Section:
    """Labs that are played one after the other as one run; parts that do not exist yet are left out."""

    id: str
    parts: tuple[Lab, ...]
    prose: Mapping[str, Prose] = field(default_factory=dict)
