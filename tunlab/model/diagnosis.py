"""What `tunlab doctor` finds, as plain data; the words are in messages/."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar


class State(StrEnum):
    """`no`: labs cannot run. `part`: something is missing, for some steps or for something that no lab needs yet."""

    OK = "ok"
    PART = "part"
    NO = "no"


class Group(StrEnum):
    """What a finding is about: what every lab stands on, programs, kinds of device, or the machine itself."""

    BASE = "base"
    PROGRAM = "program"
    KIND = "kind"
    ABOUT = "about"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of messages/ by its key, with what fills its gaps."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried. `remedy` is a command to type, or None where none is known.

    `needed`: whether the labs that came with tunlab use it.
    """

    event: ClassVar[str] = "finding"
    group: Group
    name: str
    status: State
    detail: tuple[Sentence, ...]
    remedy: str | None = None
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings together: the worst of their states."""

    event: ClassVar[str] = "diagnosis"
    state: State
    findings: tuple[Finding, ...]


def diagnosis(findings: tuple[Finding, ...]) -> Diagnosis:
    """What the findings come to."""
    found = {finding.status for finding in findings}
    return Diagnosis(next((state for state in (State.NO, State.PART) if state in found), State.OK), findings)
