"""A question that the learner answers before the run does: the answer is what a check of the step measures."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_RANGE = re.compile(r"(\d+)\.\.(\d*)")


@dataclass(frozen=True, slots=True)
class Prediction:
    """`of` is the check whose value answers it; `kind` is choice, number or text.

    `choices` gives for each answer's id the measured value that makes it right: a text, or of numbers a range,
    `2..5` or `2..`, both ends included.
    """

    kind: str
    of: str
    choices: Mapping[str, str] = field(default_factory=dict)

    def right(self, measured: str) -> str | None:
        """The answer that the measured value makes right; None where no choice does."""
        if self.kind != "choice":
            return measured
        return next((choice for choice, value in self.choices.items() if in_range(value, measured)), None)

    def feedback(self, answer: str, measured: str) -> str:
        """Which feedback an answer earns: its own id, or `right`, `low`, `high`, `wrong`."""
        if self.kind == "choice":
            return answer
        if self.kind == "text":
            return "right" if same_text(answer, measured) else "wrong"
        if answer == measured or not measured.isdecimal():
            return "right" if answer == measured else "low"
        return "low" if int(answer) < int(measured) else "high"

    def outcomes(self) -> tuple[str, ...]:
        """All that `feedback` can say."""
        return {"choice": tuple(self.choices), "number": ("right", "low", "high"), "text": ("right", "wrong")}[
            self.kind
        ]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the learner committed to, with a reason in their own words; `given` None: no prediction was made."""

    given: str | None = None
    reason: str | None = None


def in_range(wanted: str, measured: str) -> bool:
    """Whether a measured value is the one wanted, or lies in the range that is."""
    if found := _RANGE.fullmatch(wanted):
        least, most = int(found[1]), int(found[2] or measured if measured.isdecimal() else 0)
        return measured.isdecimal() and least <= int(measured) <= most
    return same_text(wanted, measured)


def same_text(one: str, other: str) -> bool:
    """Whether two answers differ at most in blanks and capitals."""
    return "".join(one.split()).casefold() == "".join(other.split()).casefold()
