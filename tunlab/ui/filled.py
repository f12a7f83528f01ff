"""Prose with what the run has measured in its gaps, in the language of the prose."""

from collections.abc import Iterator, Mapping

from tunlab.i18n import Words
from tunlab.labfile.placeholders import fill
from tunlab.model.trace import Outcome
from tunlab.ui.trace_headline import without_advice
from tunlab.ui.trace_words import place, reason


def filled(text: str, values: Mapping[str, str | Outcome], words: Words) -> str:
    """The text as a person reads it; what the run has not measured is shown as `?`."""
    return fill(text, {name: value if isinstance(value, str) else told(value, words) for name, value in values.items()})


def told(outcome: Outcome, words: Words) -> str:
    """What became of a packet that was traced. What there is to be done about it may be the learner's to find."""
    return words("check_and").join(_parts(outcome, words)) or "-"


def _parts(outcome: Outcome, words: Words) -> Iterator[str]:
    if outcome.state is not None:
        yield words(f"outcome_{outcome.state}")
    if outcome.last is not None:
        yield place(outcome.last, words)
    if outcome.why is not None:
        yield without_advice(reason(outcome.why, words)).rstrip(".。")
