"""What the runner asks of whoever drives it: the keyboard, `--auto`, or a test."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tunlab.model.events import Happening, PredictionJudged
from tunlab.model.lab import Lab, Step
from tunlab.model.prediction import Answer
from tunlab.model.trace import Outcome
from tunlab.model.verbs import Verb

ENTER, CHECK, SOLVE, REBUILD, LEAVE = "enter", "c", "s", "r", "q"


@dataclass(frozen=True, slots=True)
class Jump:
    """Go to a step, forwards or back; `solve`: have its solution run there at once.

    `lab` is another part of the section; empty: the one that is being played.
    """

    step: str
    solve: bool = False
    lab: str = ""


@dataclass(frozen=True, slots=True)
class Shell:
    """Open a shell in a node; `typed` are commands that wait in its history."""

    node: str
    typed: tuple[str, ...] = ()


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
    values: Mapping[str, str | Outcome]


@dataclass(frozen=True, slots=True)
class Show:
    """Show the commands that Enter will run. No reply."""

    step: Step


@dataclass(frozen=True, slots=True)
class Ask:
    """Wait for a key. Reply: `enter`, `q`, `r` where a `step` is being played, or a Jump; a shell is opened on the way.

    `to` says what Enter leads to: `act`, `look` (a step with nothing to do), `explain`, `next` (the step named by
    `then`), or `end`.
    """

    to: str
    then: str | None = None
    step: bool = True


@dataclass(frozen=True, slots=True)
class Predict:
    """Ask for the step's prediction. Reply: Answer, `q`, `r` or a Jump."""

    lab: Lab
    step: Step
    values: Mapping[str, str | Outcome] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Await:
    """The learner's turn: wait until the step's checks pass. Reply: `enter` when they do, `s`, `r`, `q` or a Jump."""

    step: Step


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Bring back what earlier steps left, and verify it. No reply; raises TunlabError where it differs.

    `then` is the step that is to be played.
    """

    steps: tuple[Step, ...]
    then: str


@dataclass(frozen=True, slots=True)
class Reveal:
    """Set the answer that was committed against the one that was `measured` (None: it could not be). No reply.

    `as_expected`: it is what the lab expects, so what the lab says of an answer holds.
    """

    lab: Lab
    step: Step
    judged: PredictionJudged
    measured: str | None
    as_expected: bool
    values: Mapping[str, str | Outcome]


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
    values: Mapping[str, str | Outcome]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which status the checks of a step have, which passed, the values that prose may name, and what each measured."""

    statuses: tuple[str, ...]
    values: Mapping[str, str | Outcome] = field(default_factory=dict)
    measured: Mapping[str, str] = field(default_factory=dict)
    passed: frozenset[str] = frozenset()


Request = (
    Tell
    | Introduce
    | Say
    | Show
    | Ask
    | Predict
    | Await
    | Rebuild
    | Need
    | Begin
    | Do
    | Settle
    | Judge
    | Reveal
    | Explain
)
Pressed = str | Answer | Jump | Shell
Reply = Pressed | Verdict | None
