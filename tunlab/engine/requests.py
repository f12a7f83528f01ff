"""What the runner asks of whoever drives it: the keyboard, `--auto`, or a test."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tunlab.model.events import Happening
from tunlab.model.lab import Lab, Step
from tunlab.model.verbs import Verb


@dataclass(frozen=True, slots=True)
class Tell:
    """Put this into the log. No reply."""

    what: Happening


@dataclass(frozen=True, slots=True)
class Introduce:
    """Show what the lab is about. No reply."""

    lab: Lab


@dataclass(frozen=True, slots=True)
class Say:
    """Show what the step says and the commands that it will run. No reply."""

    lab: Lab
    step: Step
    number: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ask:
    """Wait for a key. Reply: `enter` or `q`.

    `to` says what Enter leads to: `act`, `explain`, `next` (the step named by `then`), or `end`.
    `acts`: the step has something to do, not only to look at.
    """

    to: str
    then: str | None = None
    acts: bool = True


@dataclass(frozen=True, slots=True)
class Need:
    """Is all of this there? Reply: the key of the sentence for the first thing missing, or None."""

    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Begin:
    """The step's action begins: show its device from here on. No reply."""

    step: Step


@dataclass(frozen=True, slots=True)
class Do:
    """Carry a verb out. No reply; raises TunlabError into the runner where that fails."""

    step: Step
    verb: Verb


@dataclass(frozen=True, slots=True)
class Settle:
    """Wait as the step's watch says. No reply."""

    step: Step


@dataclass(frozen=True, slots=True)
class Judge:
    """Judge the step's checks. Reply: Verdict."""

    step: Step


@dataclass(frozen=True, slots=True)
class Explain:
    """Show why it was so, with the values that the run measured. No reply."""

    lab: Lab
    step: Step
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many checks of a step had which status, and the values that prose may name."""

    statuses: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict)


Request = Tell | Introduce | Say | Ask | Need | Begin | Do | Settle | Judge | Explain
Reply = str | Verdict | None
