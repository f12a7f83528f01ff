"""The keyboard: bytes become keys, one at a time."""

import os
import pty
import termios
from collections.abc import Iterator

import pytest

from tunlab.ui.keys import BACKSPACE, CLEAR, ENTER, ESCAPE, OTHER, PASTED, Keyboard
from tunlab.ui.output import HungUp


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    """The end that is typed at, and the terminal."""
    typed, terminal = pty.openpty()
    yield typed, terminal
    os.close(typed)
    os.close(terminal)


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        (b"q?!1", ["q", "?", "!", "1"]),
        (b"\r\n", [ENTER, ENTER]),
        (b"\x7f\x08\x15", [BACKSPACE, BACKSPACE, CLEAR]),
        (b"\x1b", [ESCAPE]),
        (b"\x1b\x1b", [ESCAPE, ESCAPE]),
        (b"\x1b[M !!x", [OTHER, "x"]),  # a mouse button, as X10 tells it
        (b"\x1b[<0;1;1Mx", [OTHER, "x"]),  # and as SGR does
        (b"\x1bP1$r0q\x1b\\x", [OTHER, "x"]),
        (b"\x1b]11;rgb:0000/0000/0000\x07x", [OTHER, "x"]),
        (b"\x1b[>41;354;0cx", [OTHER, "x"]),
        (b"\x1b[200~two\nlines, q\x1b[201~x", [PASTED + "two\nlines, q", "x"]),
        (b"\x1b[A\x1b[1;5C\x1b[3~\x1bOPx", [OTHER, OTHER, OTHER, OTHER, "x"]),
        (b"\x1bx", [OTHER]),  # Alt and x
        ("中é😀".encode(), ["中", "é", "😀"]),
        (b"\xff\xfea", ["a"]),  # no UTF-8
        (b"\x01\t", [OTHER, OTHER]),
        ("\u200b".encode(), [OTHER]),  # cannot be seen
    ],
)
def test_keys(ends: tuple[int, int], typed: bytes, keys: list[str]) -> None:
    with Keyboard(ends[1]) as keyboard:
        os.write(ends[0], typed)
        assert keyboard.pressed() + keyboard.pressed() == keys  # that Escape is alone is known a moment later
        assert keyboard.pressed() == []


def test_an_arrow_may_come_in_parts(ends: tuple[int, int]) -> None:
    with Keyboard(ends[1]) as keyboard:
        os.write(ends[0], b"\x1b")
        assert keyboard.pressed() == []
        os.write(ends[0], b"[A")
        assert keyboard.pressed() == [OTHER]


def test_a_character_may_come_in_parts(ends: tuple[int, int]) -> None:
    with Keyboard(ends[1]) as keyboard:
        os.write(ends[0], "中".encode()[:2])
        assert keyboard.pressed() == []
        os.write(ends[0], "中".encode()[2:])
        assert keyboard.pressed() == ["中"]


def test_what_was_typed_ahead_can_be_dropped(ends: tuple[int, int]) -> None:
    with Keyboard(ends[1]) as keyboard:
        os.write(ends[0], b"\r\rq")
        keyboard.drop()
        assert keyboard.pressed() == []
        os.write(ends[0], b"x")
        assert keyboard.pressed() == ["x"]


def test_the_terminal_is_left_as_it_was_found(ends: tuple[int, int]) -> None:
    before = termios.tcgetattr(ends[1])
    with Keyboard(ends[1]) as keyboard:
        mode = termios.tcgetattr(ends[1])
        assert not mode[3] & (termios.ICANON | termios.ECHO) and mode[3] & termios.ISIG
        keyboard.step_aside()
        assert termios.tcgetattr(ends[1]) == before
        keyboard.come_back()
        assert termios.tcgetattr(ends[1]) == mode
    assert termios.tcgetattr(ends[1]) == before


def test_a_terminal_that_was_closed() -> None:
    typed, terminal = pty.openpty()
    with Keyboard(terminal) as keyboard:
        os.close(typed)
        with pytest.raises(HungUp):
            keyboard.pressed()
        keyboard.drop()
        os.close(terminal)
