"""The `predict` of a step: which check answers the question, and which measured values make which answer right."""

from collections.abc import Sequence

from tunlab.labfile.cursor import Value
from tunlab.labfile.values import identifier
from tunlab.model.checks import Check, expected_value
from tunlab.model.prediction import Prediction, in_range

_KINDS = ("number", "text")
_LETTERS = 9  # choices: more do not fit a screen


def read_prediction(value: Value, step: str, checks: Sequence[Check]) -> Prediction:
    """A prediction on one of the step's own `checks`; exactly one choice is what that check expects."""
    fields = value.fields(("of",), ("choices", "kind"))
    by_id = {check.id: check for check in checks}
    name = fields["of"].text()
    if name not in by_id:
        raise fields["of"].unknown("lab_unknown_check", name, by_id, step=step)
    if value.one_of(fields, "choices", "kind") == "kind":
        return Prediction(fields["kind"].choice(_KINDS), name)
    choices = {identifier(item): item.text() for item in fields["choices"].entries().values()}
    if not 2 <= len(choices) <= _LETTERS:
        raise fields["choices"].error("lab_choices", least=2, most=_LETTERS)
    expected = expected_value(by_id[name])
    right = [choice for choice, wanted in choices.items() if expected is not None and in_range(wanted, expected)]
    if expected is not None and len(right) != 1:
        raise fields["choices"].error("lab_choice_right", check=name, expected=expected, count=len(right))
    return Prediction("choice", name, choices)
