"""The bottom of the page: picture and footer are drawn, taken away before anything is printed, and drawn again."""

from collections.abc import Callable

from rich.text import Text
from sheet import Sheet

from tunlab.engine.requests import Pressed
from tunlab.ui.desk import Desk


class Typed:
    """A keyboard on which keys were pressed."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.dropped = 0
        self.aside = False

    def pressed(self) -> list[str]:
        keys, self.keys = self.keys, []
        return keys

    def drop(self) -> None:
        self.dropped += 1

    def step_aside(self) -> None:
        self.aside = True

    def come_back(self) -> None:
        self.aside = False


class Told:
    """A mode with a footer of some lines, and a function for its keys."""

    def __init__(self, *lines: str, press: Callable[[str], Pressed | None] = lambda key: None) -> None:
        self.lines = lines
        self.press = press

    def footer(self, width: int) -> list[Text]:
        return [Text(line) for line in self.lines]


def desk_on(sheet: Sheet) -> tuple[Desk, Typed]:
    keyboard = Typed()
    return Desk(sheet, keyboard), keyboard  # type: ignore[arg-type]


def test_a_footer_makes_room_for_what_is_printed() -> None:
    sheet = Sheet()
    desk, keyboard = desk_on(sheet)
    sheet.line("above")

    def press(key: str) -> Pressed | None:
        sheet.line(f"pressed {key}")
        return None

    desk.show(Told("one line of keys", "another", press=press))
    assert sheet.shown() == ["above", "one line of keys", "another"]
    keyboard.keys = ["x", "y"]
    assert desk.press() is None
    assert sheet.shown() == ["above", "pressed x", "pressed y", "one line of keys", "another"]
    desk.show(Told("fewer keys"))
    assert sheet.shown() == ["above", "pressed x", "pressed y", "fewer keys"]
    desk.stop()
    assert sheet.shown() == ["above", "pressed x", "pressed y"]


def test_the_first_answer_is_the_last_key_that_counts() -> None:
    sheet = Sheet()
    desk, keyboard = desk_on(sheet)
    seen: list[str] = []

    def press(key: str) -> Pressed | None:
        seen.append(key)
        return "answer" if key == "q" else None

    desk.show(Told("keys", press=press))
    keyboard.keys = ["x", "q", "q", "y"]
    assert desk.press() == "answer"
    assert (seen, keyboard.keys, desk.press()) == (["x", "q"], [], None)
    desk.drop_typed()
    assert keyboard.dropped == 1


def test_a_key_may_put_another_mode_in_charge() -> None:
    sheet = Sheet()
    desk, keyboard = desk_on(sheet)
    other = Told("the other")

    def press(key: str) -> None:
        desk.show(other)
        sheet.line("between")

    desk.show(Told("the one", press=press))
    keyboard.keys = ["x"]
    desk.press()
    assert desk.mode is other and sheet.shown() == ["between", "the other"]


def test_a_picture_above_the_footer() -> None:
    sheet = Sheet()
    desk, keyboard = desk_on(sheet)
    heights: list[int] = []

    def picture(height: int) -> Text:
        heights.append(height)
        return Text(f"picture {len(heights)}")

    desk.start(picture)
    desk.show(Told("keys", press=lambda key: sheet.line("said")))  # type: ignore[func-returns-value]
    assert sheet.shown() == [f"picture {len(heights)}", "keys"]
    assert heights[-1] == sheet.console.height - 2  # one line for the keys, one for the cursor
    keyboard.keys = ["x"]
    desk.press()
    assert sheet.shown() == ["said", f"picture {len(heights)}", "keys"]

    desk.step_aside()
    assert keyboard.aside and desk.shows_picture and sheet.shown() == ["said"]
    sheet.line("a shell")
    desk.come_back()
    desk.show(Told("keys"))
    assert not keyboard.aside and sheet.shown() == ["said", "a shell", f"picture {len(heights)}", "keys"]
    desk.stop()
    assert not desk.shows_picture and desk.mode is None and sheet.shown() == ["said", "a shell"]


def test_what_was_covered_is_drawn_again() -> None:
    sheet = Sheet()
    desk, _ = desk_on(sheet)
    desk.show(Told("keys"))
    sheet.console.print("\n[1]+ Stopped")
    desk.tick()
    assert sheet.shown() == ["keys", "[1]+ Stopped"]
    desk.cover()
    desk.tick()
    assert sheet.shown() == ["keys", "[1]+ Stopped", "keys"]


def test_a_dumb_terminal_gets_lines_only() -> None:
    sheet = Sheet(dumb=True)
    desk, keyboard = desk_on(sheet)
    desk.start(lambda height: Text("picture"))
    desk.show(Told("keys", "more"))
    keyboard.keys = ["x"]
    desk.press()
    desk.stop()
    assert sheet.written.getvalue() == "keys\nmore\nkeys\nmore\n"


def test_without_a_keyboard_there_is_no_footer() -> None:
    sheet = Sheet()
    desk = Desk(sheet, None)
    desk.show(Told("keys"))
    desk.drop_typed()
    assert desk.press() is None and sheet.shown() == [""]
