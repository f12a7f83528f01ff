"""A line that the learner types."""

import pytest

from tunlab.ui.cells import cells
from tunlab.ui.entry import Entry
from tunlab.ui.keys import BACKSPACE, CLEAR, ENTER, ESCAPE, OTHER


class Typing:
    """An entry, and what came of it."""

    def __init__(self, label: str = "Say:") -> None:
        self.accepted: list[str] = []
        self.cancelled = 0
        self.entry = Entry(label, self._accept, self._cancel)

    def _accept(self, text: str) -> str:
        self.accepted.append(text)
        return f"accepted {text}"

    def _cancel(self) -> None:
        self.cancelled += 1

    def press(self, *keys: str) -> object:
        answers = [self.entry.press(key) for key in keys]
        assert all(answer is None for answer in answers[:-1])
        return answers[-1]

    def shown(self, width: int = 80) -> list[str]:
        return [line.plain for line in self.entry.footer(width)]


def test_a_line_is_handed_on_at_enter() -> None:
    typing = Typing()
    assert typing.press(*" yes ", ENTER) == "accepted yes"
    assert typing.accepted == ["yes"]


def test_backspace_takes_back_a_character_however_wide() -> None:
    typing = Typing()
    typing.press(*"a中文", BACKSPACE)
    assert typing.shown() == ["Say: a中"]
    typing.press(BACKSPACE, BACKSPACE, BACKSPACE)
    assert typing.shown() == ["Say: "]


def test_control_u_takes_back_all() -> None:
    typing = Typing()
    assert typing.press(*"wrong", CLEAR, *"right", ENTER) == "accepted right"


def test_escape_cancels() -> None:
    typing = Typing()
    assert typing.press(*"never mind", ESCAPE) is None
    assert (typing.cancelled, typing.accepted) == (1, [])


def test_keys_without_a_character_add_nothing() -> None:
    typing = Typing()
    assert typing.press("a", OTHER, "b", ENTER) == "accepted ab"


def test_a_line_ends_somewhere() -> None:
    typing = Typing()
    typing.press(*"x" * 5000, ENTER)
    assert len(typing.accepted[0]) == 500


@pytest.mark.parametrize("typed", ["x" * 300, "中" * 300])
@pytest.mark.parametrize("width", [80, 40])
def test_of_a_long_line_its_end_is_shown(typed: str, width: int) -> None:
    typing = Typing()
    typing.press(*typed, "!")
    (line,) = typing.shown(width)
    assert line.endswith("!") and width - 4 <= cells(line) < width


def test_beside_a_long_label_there_would_be_no_room() -> None:
    typing = Typing("A label of forty characters, or about so:")
    typing.press(*"answer")
    assert typing.shown(60) == ["A label of forty characters, or about so:", "answer"]
    assert typing.shown(80) == ["A label of forty characters, or about so: answer"]
