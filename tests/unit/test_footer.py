"""The line of keys: what it offers, how it is laid out, and how a wrong key is answered."""

from itertools import pairwise

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
def test_no_line_is_too_wide_and_no_key_is_lost_that_matters(language: str, width: int) -> None:
    """Of a line that is too short even without the dispensable keys, the rest is on more lines."""
    line = key_line(language, *KEYS)
    lines = shown(line, width)
    assert all(cells(each) < width for each in lines)
    assert set("!chsiq") <= named(language, "  ".join(lines)) and Words(language)("key_more") in "  ".join(lines)


# What is ordinary: what Enter does, and the keys beside it. A lab's titles are this long at most.
ALWAYS = "lt?q"
IN_STEP = f"!ibr{ALWAYS}"
STATES = {
    "introduction": ("footer_next", ALWAYS),
    "choice": ("predict_choose", f"hs{IN_STEP}"),
    "number": ("predict_type", f"hs{IN_STEP}"),
    "action": ("footer_act", f"h{IN_STEP}"),
    "look": ("footer_look", f"h{IN_STEP}"),
    "turn": ("footer_turn", f"chs{IN_STEP}"),
    "why": ("footer_explain", f"h{IN_STEP}"),
    "next": ("footer_next", IN_STEP),
    "end": ("footer_end", IN_STEP),
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("state", STATES)
def test_one_line_of_80_columns_in_what_is_ordinary(language: str, state: str) -> None:
    label, keys = STATES[state]
    enter = Words(language)(label, last=9, title="t" * 36)
    (line,) = shown(key_line(language, *keys, enter=enter), 80)
    assert line.startswith(enter) and set(keys) - set("brtl") <= named(language, line) <= set(keys)
    (wide,) = shown(key_line(language, *keys, enter=enter), 160)
    assert named(language, wide) == set(keys) and Words(language)("key_help") in wide


def named(language: str, line: str) -> set[str]:
    """The keys that a line names; `?` may say that there are more."""
    words = Words(language)
    return {
        key
        for key, name in KEYS.items()
        if words(f"key_{name}") in line or (key, words("key_more") in line) == ("?", True)
    }


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_dispensable_goes_first_and_is_said_to_be_there(language: str) -> None:
    line, words = key_line(language, *IN_STEP), Words(language)
    room = [named(language, "  ".join(shown(line, width))) for width in range(100, 40, -1)]
    gone = [key for more, fewer in pairwise(room) for key in more - fewer]
    assert gone == ["b", "r", "t", "l"]
    assert words("key_more") not in shown(line, 100)[0] and words("key_help") not in shown(line, 60)[0]


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
