"""Prose on the terminal: both languages wrapped at their width, no mark at a line's wrong end."""

from hypothesis import example, given
from hypothesis import strategies as st
from rich.text import Text

from tunlab.ui.prose import _pieces, plain, wrapped


def lines(markdown: str, width: int) -> list[str]:
    return [line.plain for line in wrapped(markdown, width)]


def test_english_breaks_at_spaces() -> None:
    assert lines("one two three", 8) == ["one two", "three"]


def test_chinese_fills_the_line_up_to_a_latin_word() -> None:
    assert lines("内核会通过 lo 自己应答", 14) == ["内核会通过 lo", "自己应答"]


def test_no_line_begins_with_a_closing_mark() -> None:
    assert lines("程序读到一个包，打印长度。", 14) == ["程序读到一个", "包，打印长度。"]


def test_no_line_ends_with_an_opening_mark() -> None:
    assert lines("四个字节（地址）", 10) == ["四个字节", "（地址）"]


def test_paragraphs_and_lists() -> None:
    assert lines("a\nb\n\n- one two three\n- four", 9) == ["a b", "", "- one two", "  three", "- four"]


def test_plain_text_keeps_its_lines_and_marks() -> None:
    text = "节点是网络命名空间，不是容器；请删掉它\n  a *b*  c"
    assert list(plain(text, 29)) == ["节点是网络命名空间，不是容", "器；请删掉它", "  a *b*  c"]
    assert list(plain("what to do: one two", 12)) == ["what to do:", "one two"]


def test_styles_keep_their_words() -> None:
    (line,) = wrapped("a `b c` **d**", 20)
    assert line.plain == "a b c d"
    assert [(line.plain[span.start : span.end], str(span.style)) for span in line.spans] == [
        ("b c", "code"),
        ("d", "term"),
    ]


def test_a_short_command_is_not_broken() -> None:
    assert lines("end it with `kill -9`, then", 18) == ["end it with", "kill -9, then"]
    assert lines("请用 `kill -9` 结束", 10) == ["请用", "kill -9 结", "束"]


def test_a_long_command_goes_on_in_the_next_line() -> None:
    assert lines("run `ip route add 10.0.0.0/24 via 192.0.2.2`", 32) == [
        "run ip route add 10.0.0.0/24 via",
        "192.0.2.2",
    ]


@given(st.text(alphabet="ab ，。（）包内核 \n-*`", max_size=80), st.integers(min_value=4, max_value=40))
@example("。 ）", 4)
@example("- -）", 4)
def test_nothing_is_lost_and_no_line_is_too_wide(text: str, width: int) -> None:
    kept = "".join(text.split())
    shown = list(wrapped(text.replace("*", "").replace("`", ""), width))
    said = "".join("".join(line.plain.split()) for line in shown)
    assert said == kept.replace("*", "").replace("`", "")
    for line in shown:
        assert line.cell_len <= max(width, _longest_piece(text)), line.plain


def _longest_piece(text: str) -> int:
    """A piece that has no place to break may be wider than the line: marks hang on their characters."""
    plain = Text(text.replace("*", "").replace("`", ""))
    indent = 2 if "- " in plain.plain else 0  # of a list's item, in front of it
    return max((piece.cell_len for piece in _pieces(plain)), default=0) + indent
