"""Which answer a measured value makes right, and which feedback an answer earns."""

import pytest

from tunlab.model.prediction import Prediction, in_range

CHOICE = Prediction("choice", "read", {"nothing": "0", "few": "1..3", "many": "4.."})
NUMBER = Prediction("number", "read")
TEXT = Prediction("text", "error")


@pytest.mark.parametrize(
    ("wanted", "measured", "fits"),
    [
        ("3", "3", True),
        ("3", "33", False),
        ("1..3", "1", True),
        ("1..3", "3", True),
        ("1..3", "4", False),
        ("4..", "400", True),
        ("4..", "3", False),
        ("4..", "EBUSY", False),
        ("ebusy", "EBUSY ", True),
    ],
)
def test_a_value_in_a_range(wanted: str, measured: str, fits: bool) -> None:
    assert in_range(wanted, measured) is fits


@pytest.mark.parametrize(("measured", "right"), [("0", "nothing"), ("2", "few"), ("9", "many"), ("EIO", None)])
def test_the_choice_that_is_right(measured: str, right: str | None) -> None:
    assert CHOICE.right(measured) == right


@pytest.mark.parametrize(
    ("prediction", "answer", "measured", "feedback"),
    [
        (CHOICE, "few", "9", "few"),
        (NUMBER, "4", "4", "right"),
        (NUMBER, "3", "4", "low"),
        (NUMBER, "10", "4", "high"),
        (TEXT, "e busy", "EBUSY", "right"),
        (TEXT, "EIO", "EBUSY", "wrong"),
    ],
)
def test_the_feedback_that_an_answer_earns(prediction: Prediction, answer: str, measured: str, feedback: str) -> None:
    assert prediction.feedback(answer, measured) == feedback
    assert feedback in prediction.outcomes()
