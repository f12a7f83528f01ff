"""The `predict` of a step: which check answers the question, and which measured values make which answer right."""

from collections.abc import Sequence

from tunlab.labfile.cursor import Value
from tunlab.labfile.values import identifier
from tunlab.model.checks import Check, DeviceCheck, expected_value, only_demand
from tunlab.model.prediction import Prediction, in_range

_KINDS = ("number", "text")
_DIGITS = 9  # choices at most: each is a key


def read_prediction(value: Value, step: str, checks: Sequence[Check]) -> Prediction:
    """A prediction on one of the step's own `checks`; exactly one choice is what that check expects."""
    fields = value.fields(("of",), ("choices", "kind"))
    by_id = {check.id: check for check in checks}
    name = fields["of"].text()
    if name not in by_id:
        raise fields["of"].unknown("lab_unknown_check", name, by_id, step=step)
    check = by_id[name]
    if isinstance(check, DeviceCheck) and only_demand(check) is None and not check.gone:
        raise fields["of"].error("lab_predict_several", check=name)
    if value.one_of(fields, "choices", "kind") == "kind":
        kind = fields["kind"].choice(_KINDS)
        if kind == "number" and not (expected_value(check) or "0").isdecimal():
            raise fields["kind"].error("lab_predict_number", check=name)
        return Prediction(kind, name)
    choices = {identifier(item): item.text() for item in fields["choices"].entries().values()}
    if not 2 <= len(choices) <= _DIGITS:
        raise fields["choices"].error("lab_choices", least=2, most=_DIGITS)
    expected = expected_value(check)
    right = [choice for choice, wanted in choices.items() if expected is not None and in_range(wanted, expected)]
    if expected is not None and len(right) != 1:
        raise fields["choices"].error("lab_choice_right", check=name, expected=expected, count=len(right))
    return Prediction("choice", name, choices)
