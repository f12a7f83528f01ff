"""A prediction on the screen: the question, its answers, the reason, and what is told of it afterwards."""

from pathlib import Path

import pytest
from sheet import Sheet

from tunlab.engine.requests import Predict, Reveal
from tunlab.model.checks import DeviceCheck
from tunlab.model.events import PredictionJudged
from tunlab.model.lab import Lab, Prose, Step, StepProse
from tunlab.model.prediction import Answer, Prediction
from tunlab.model.topology import Endpoint, Node, Topology
from tunlab.ui.desk import Mode
from tunlab.ui.keys import BACKSPACE, ENTER, ESCAPE
from tunlab.ui.question import Question, reveal

CHOICE = Prediction("choice", "read", {"none": "0", "some": "1.."})
NUMBER, TEXT = Prediction("number", "read"), Prediction("text", "read")
PROSE = {
    "en": StepProse("Up", {}, 1, "How many?", {"none": "None at all.", "some": "One or more."}, {
        "none": "As few as that: {read}.", "some": "Not that many.", "right": "Right: {read}.",
        "low": "More.", "high": "Fewer.", "wrong": "Another.",
    }),
    "zh": StepProse("启用", {}, 1, "有几个？", {"none": "一个也没有。", "some": "一个以上。"}, {
        "none": "就这么少：{read}。", "some": "更多。", "right": "对：{read}。", "low": "更多。", "high": "更少。",
        "wrong": "不对。",
    }),
}  # fmt: skip


def step(prediction: Prediction) -> Step:
    check = DeviceCheck("read", ("C01",), Endpoint("h1", "tun0"))
    return Step("up", ("C01",), (), (), None, (check,), predict=prediction)


def lab(prediction: Prediction) -> Lab:
    prose = {language: Prose("t", "i", {"up": told}) for language, told in PROSE.items()}
    return Lab("lab-x", Path(), Topology((Node("h1"),)), (), (step(prediction),), prose)


class Asking:
    """A question, and the mode that is in charge of the keys."""

    def __init__(self, prediction: Prediction, language: str = "en") -> None:
        self.sheet = Sheet(language)
        self.modes: list[Mode] = []
        asked = Predict(lab(prediction), step(prediction))
        self.question = Question(asked, self.sheet, lambda: {"q": lambda: "q"}, self.modes.append)
        self.question.print()
        self.question.wait()

    def press(self, *keys: str) -> object:
        answer: object = None
        for key in keys:
            assert answer is None
            answer = self.modes[-1].press(key)
        return answer

    def footer(self) -> str:
        return " ".join(line.plain for line in self.modes[-1].footer(200))


@pytest.mark.parametrize(("language", "wanted"), [("en", "1  None at all."), ("zh", "2  一个以上。")])
def test_choices_are_numbered(language: str, wanted: str) -> None:
    asking = Asking(CHOICE, language)
    assert asking.sheet.told(wanted) and asking.sheet.told(PROSE[language].question)


def test_a_choice_and_a_reason() -> None:
    asking = Asking(CHOICE)
    assert asking.press("2", *"because!", BACKSPACE, ENTER) == Answer("some", "because")
    assert asking.sheet.told(asking.sheet.words("predict_committed", answer="One or more"))


def test_a_choice_without_a_reason() -> None:
    assert Asking(CHOICE).press("1", ENTER) == Answer("none", None)
    assert Asking(CHOICE).press("1", " ", ENTER) == Answer("none", None)


def test_a_choice_that_is_taken_back() -> None:
    asking = Asking(CHOICE)
    asking.press("1", *"well", ESCAPE)
    assert asking.footer().startswith(asking.sheet.words("predict_choose", last=2))
    assert asking.press("2", ENTER) == Answer("some", None)


def test_what_is_no_choice() -> None:
    asking = Asking(CHOICE)
    for key in ("0", "3", "9", ENTER, "x"):
        asking.press(key)
        assert asking.sheet.words("key_wrong", key="Enter" if key == ENTER else key) in asking.footer()


@pytest.mark.parametrize("prediction", [CHOICE, NUMBER, TEXT])
def test_no_prediction_is_an_answer_too(prediction: Prediction) -> None:
    assert Asking(prediction).press("s") == Answer(None, None)
    assert Asking(prediction).press("q") == "q"


@pytest.mark.parametrize("nonsense", ["", "x", "-1", "1.5", "²", "٣", "1 2"])
def test_what_is_no_number_is_asked_for_again(nonsense: str) -> None:
    asking = Asking(NUMBER)
    asking.press(ENTER, *nonsense, ENTER)
    assert asking.footer().startswith(asking.sheet.words("predict_number"))
    assert asking.press(*" 007", ENTER, ENTER) == Answer("7", None)


def test_a_text() -> None:
    asking = Asking(TEXT, "zh")
    assert asking.press(ENTER, ENTER) is None
    assert asking.footer().startswith(asking.sheet.words("predict_answer"))
    assert asking.press(*"读者", ENTER, *"它打开的", ENTER) == Answer("读者", "它打开的")


@pytest.mark.parametrize("kind", [NUMBER, TEXT])
def test_escape_leads_back_from_everywhere(kind: Prediction) -> None:
    asking = Asking(kind)
    asking.press(ENTER, *"12", ESCAPE)
    assert asking.footer().startswith(asking.sheet.words("predict_type"))
    asking.press(ENTER, *"12", ENTER, *"why", ESCAPE)
    assert asking.footer().startswith(asking.sheet.words("predict_type"))


@pytest.mark.parametrize(
    ("prediction", "answer", "observed", "key", "said", "measured", "feedback"),
    [
        (CHOICE, "none", "none", "reveal_right", "None at all", "0", "As few as that: 0."),
        (CHOICE, "some", "none", "reveal_other", "One or more", "0", "Not that many."),
        (CHOICE, None, "none", "reveal_none", "", "0", None),
        (NUMBER, "2", "3", "reveal_other", "2", "3", "More."),
        (NUMBER, "4", "3", "reveal_other", "4", "3", "Fewer."),
        (TEXT, "reader", "reader", "reveal_right", "reader", "reader", "Right: 0."),
        (TEXT, "writer", None, "reveal_unmeasured", "", None, None),
    ],
)
def test_reveal(
    prediction: Prediction,
    answer: str | None,
    observed: str | None,
    key: str,
    said: str,
    measured: str | None,
    feedback: str | None,
) -> None:
    """Feedback belongs to an answer, and to something that was measured."""
    sheet = Sheet()
    matched = {"reveal_right": True, "reveal_other": False}.get(key)
    judged = PredictionJudged("up", prediction.kind, answer, observed, matched, None)
    reveal(Reveal(lab(prediction), step(prediction), judged, measured, True, {"read": "0"}), sheet)
    in_words = {"none": "None at all"}.get(observed or "", observed)
    assert sheet.told(sheet.words(key, answer=said, measured=in_words))
    assert [each for each in PROSE["en"].feedback.values() if sheet.told(each.format(read="0"))] == (
        [feedback.replace("0", "{read}")] if feedback else []
    )


def test_what_the_lab_says_of_an_answer_waits_for_what_the_lab_expects() -> None:
    sheet = Sheet()
    judged = PredictionJudged("up", "choice", "none", "none", True, None)
    reveal(Reveal(lab(CHOICE), step(CHOICE), judged, "0", False, {"read": "0"}), sheet)
    assert sheet.told(sheet.words("reveal_right", answer="None at all"))
    assert not any(sheet.told(each.format(read="0")) for each in PROSE["en"].feedback.values())
