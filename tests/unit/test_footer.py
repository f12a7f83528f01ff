"""The line of keys: what it offers, how it is laid out, and how a wrong key is answered."""

import pytest

from tunlab.i18n import Words
from tunlab.ui.cells import cells
from tunlab.ui.footer import KEYS, KeyLine, Press
from tunlab.ui.keys import ENTER, ESCAPE, OTHER


def key_line(language: str, *keys: str, enter: str = "Enter: go") -> KeyLine:
    presses: dict[str, Press] = {key: lambda key=key: f"pressed {key}" for key in keys}  # type: ignore[misc]
    return KeyLine(enter, lambda: presses, lambda: Words(language))


def shown(line: KeyLine, width: int = 200) -> list[str]:
    return [each.plain for each in line.footer(width)]


def test_only_what_is_valid_in_one_order() -> None:
    for language in ("en", "zh"):
        words = Words(language)
        named = [words("key_list"), words("key_help"), words("key_quit")]
        assert shown(key_line(language, "q", ENTER, "l", "?")) == ["  ".join(["Enter: go", *named])]
        assert shown(key_line(language, "q", "l", "?", enter="")) == ["  ".join(named)]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 60, 40, 20])
def test_no_line_is_too_wide_and_no_key_is_lost(language: str, width: int) -> None:
    line = key_line(language, *KEYS)
    words = Words(language)
    lines = shown(line, width)
    assert all(cells(each) < width for each in lines)
    assert "  ".join(lines) == "  ".join(["Enter: go", *(words(f"key_{name}") for name in KEYS.values())])


def test_an_item_that_is_wider_than_the_terminal_is_cut() -> None:
    lines = shown(key_line("zh", "q", enter="Enter：一个很长很长很长的标题"), 16)
    assert all(cells(each) <= 16 for each in lines) and lines[-1] == Words("zh")("key_quit")


def test_a_key_does_what_it_stands_for() -> None:
    assert key_line("en", "q", "l").press("l") == "pressed l"


@pytest.mark.parametrize(
    ("key", "named"), [("x", "x"), ("中", "中"), (ENTER, "Enter"), (ESCAPE, "this key"), (OTHER, "this key")]
)
def test_a_wrong_key_is_answered_until_the_next(key: str, named: str) -> None:
    line = key_line("en", "q")
    assert line.press(key) is None
    words = Words("en")
    keys = f"Enter: go  {words('key_quit')}"
    assert shown(line) == [words("key_wrong", key=named), keys]
    line.press("q")
    assert shown(line) == [keys]


def test_a_note_speaks_the_language_of_the_moment() -> None:
    language = "en"
    line = KeyLine("", dict, lambda: Words(language))
    line.press("x")
    language = "zh"
    line.press("x")
    assert shown(line)[0] == Words("zh")("key_wrong", key="x")
