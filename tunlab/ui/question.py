"""A prediction: the question, the answer that is given, and what the packets said."""

from collections.abc import Callable, Mapping
from functools import partial

from rich.text import Text

from tunlab.engine.requests import Predict, Pressed, Reveal
from tunlab.model.lab import StepProse
from tunlab.model.prediction import Answer, Prediction
from tunlab.ui.desk import Mode
from tunlab.ui.entry import Entry
from tunlab.ui.filled import filled
from tunlab.ui.footer import KeyLine, Press
from tunlab.ui.keys import ENTER
from tunlab.ui.page import Page

Lookups = Callable[[], Mapping[str, Press]]


_DIGITS = "0123456789"


class Question:
    """Asks for an answer and then for a reason. `show` puts a mode in charge of the keys."""

    def __init__(self, asked: Predict, page: Page, lookups: Lookups, show: Callable[[Mode], None]) -> None:
        prediction = asked.step.predict
        assert prediction
        self._prediction: Prediction = prediction
        self._asked = asked
        self._page = page
        self._lookups = lookups
        self._show = show

    def print(self) -> None:
        """The question with its answers, numbered."""
        page = self._page
        prose = self._prose()
        page.indented(Text(page.words("predict"), style="question"))
        values, words = self._asked.values, page.words
        page.prose(filled(prose.question, values, words))
        for number, choice in enumerate(self._prediction.choices, 1):
            page.indented(Text.assemble((f"{number}  ", "question"), filled(prose.answers[choice], values, words)))
        if self._prediction.choices:
            page.blank()

    def wait(self) -> None:
        """Put the keys of the question in charge."""
        words = self._page.words
        kind = self._prediction.kind
        label = (
            words("predict_choose", last=len(self._prediction.choices)) if kind == "choice" else words("predict_type")
        )
        self._show(KeyLine(label, self._presses, lambda: self._page.words))

    def _presses(self) -> Mapping[str, Press]:
        presses: dict[str, Press] = {**self._lookups(), "s": Answer}
        if self._prediction.kind != "choice":
            digits = _DIGITS if self._prediction.kind == "number" else ""
            return presses | {ENTER: self._type} | {digit: partial(self._type, digit) for digit in digits}
        for number, choice in enumerate(self._prediction.choices, 1):
            presses[str(number)] = lambda choice=choice: self._given(choice)  # type: ignore[misc]
        return presses

    def _type(self, begun: str = "") -> None:
        entry = Entry(self._page.words("predict_answer"), self._typed, self.wait)
        for key in begun:
            entry.press(key)
        self._show(entry)

    def _typed(self, text: str) -> Pressed | None:
        if self._prediction.kind == "number" and not (text.isdecimal() and text.isascii()):
            self._show(Entry(self._page.words("predict_number"), self._typed, self.wait))
        elif text:
            self._given(str(int(text)) if self._prediction.kind == "number" else text)
        return None

    def _given(self, answer: str) -> None:
        words = self._page.words
        given = words("predict_committed", answer=self._told(answer))
        self._show(Entry(words("predict_reason"), lambda reason: self._commit(answer, reason), self.wait, given))

    def _commit(self, answer: str, reason: str) -> Answer:
        page = self._page
        page.indented(Text(page.words("predict_committed", answer=self._told(answer)), style="question"))
        page.blank()
        return Answer(answer, reason or None)

    def _told(self, answer: str) -> str:
        return said(self._prose(), self._prediction, answer)

    def _prose(self) -> StepProse:
        return self._asked.lab.prose[self._page.language].steps[self._asked.step.id]


def said(prose: StepProse, prediction: Prediction, answer: str) -> str:
    """An answer as a person reads it: a choice by its text."""
    return prose.answers[answer].rstrip(".。") if prediction.kind == "choice" else answer


def reveal(told: Reveal, page: Page) -> None:
    """What was said beside what was measured, and what there is to say about that answer."""
    prediction = told.step.predict
    assert prediction
    prose = told.lab.prose[page.language].steps[told.step.id]
    judged = told.judged
    page.gap()
    if told.measured is None:
        page.indented(Text(page.words("reveal_unmeasured"), style="verdict"))
        return
    measured = said(prose, prediction, judged.observed) if judged.observed else told.measured
    if judged.answer is None:
        page.indented(Text(page.words("reveal_none", measured=measured), style="verdict"))
        return
    key = "reveal_right" if judged.matched else "reveal_other"
    answer = said(prose, prediction, judged.answer)
    page.indented(Text(page.words(key, answer=answer, measured=measured), style="verdict"))
    if judged.reason:
        page.indented(Text(page.words("reveal_reason", reason=judged.reason)))
    if told.as_expected:  # else what the lab says of an answer may not be true
        text = prose.feedback[prediction.feedback(judged.answer, told.measured)]
        page.prose(filled(text, told.values, page.words))
