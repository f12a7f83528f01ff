"""What is looked up at a prompt: hints, the steps, headers, the keys."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sheet import Sheet

from tunlab.engine.requests import Jump, Pressed, Say, Shell
from tunlab.model.checks import DeviceCheck
from tunlab.model.events import PacketSeen
from tunlab.model.lab import Lab, Prose, Step, StepProse
from tunlab.model.packet import Field, Layer
from tunlab.model.topology import Endpoint, Node, Topology
from tunlab.model.verbs import AddAddress, Verb
from tunlab.ui.guide import Guide, TypeIn
from tunlab.ui.view import Row

TUN0 = Endpoint("h1", "tun0")
ADDRESS = AddAddress(TUN0, "192.0.2.1/24")
CHECK = DeviceCheck("there", ("C01",), TUN0)
PACKET = PacketSeen(
    "two", "h1", "tun0", "capture", "out", 20, "IP 192.0.2.1 > 192.0.2.7", (Layer("IP", (Field("version", "4"),)),),
    data="45000014000000004001f6d6c0000201c0000207",
)  # fmt: skip


def step(name: str, *solve: Verb) -> Step:
    return Step(name, ("C01",), (), () if solve else (ADDRESS,), None, (CHECK,), solve=solve)


def lab() -> Lab:
    hints = ("An idea.", "Look at `ip`.")
    told = {name: StepProse(f"Title of {name}", {"say": f"Say {name}."}, 1, hints=hints) for name in ("one", "two")}
    told["three"] = StepProse("Title of three", {"say": "Say three."}, 1)
    prose = Prose("A lab", "An intro.", told)
    steps = (step("one"), step("two", ADDRESS), step("three"))
    return Lab("lab-x", Path(), Topology((Node("h1"),)), (), steps, {"en": prose, "zh": prose})


def at(
    step: int | None, language: str = "en", rows: Sequence[Row] = (), others: Sequence[Lab] = ()
) -> tuple[Guide, Sheet]:
    """A guide at a step by its index, or at the introduction; `others` are the other parts of a section."""
    sheet = Sheet(language)
    guide = Guide(sheet, lambda: list(rows))
    guide.begin_section([lab(), *others], {"lab-x": {"one": "done", "three": "error"}, "lab-y": {"one": "solved"}})
    guide.begin_lab(lab())
    if step is not None:
        guide.begin_step(Say(lab(), lab().steps[step], step + 1, {}))
    return guide, sheet


def typing(text: str, results: list[object]) -> TypeIn:
    """Types this when asked to."""

    def type_in(label: str, accept: object) -> None:
        results.extend((label, accept(text)))  # type: ignore[operator]

    return type_in


def test_the_text_again() -> None:
    guide, sheet = at(0)
    guide.say()
    assert sheet.told("lab-x  Title of one") and sheet.told("Say one.")
    assert sheet.told(sheet.words("step_of", number=1, total=3))
    guide, sheet = at(1, "zh")
    guide.say()
    assert sheet.told(sheet.words("step_of_turn", number=2, total=3))
    guide, sheet = at(None)
    guide.say()
    assert sheet.shown() == [""]


def test_a_step_has_its_lab_in_front_where_there_are_several() -> None:
    guide, sheet = at(0, others=[replace(lab(), id="lab-y")])
    two = sheet.words("step_title", number=2, title="Title of two")
    assert (guide.title("two"), guide.title("two", "lab-y")) == (two, f"lab-y  {two}")
    assert at(0)[0].title("two", "lab-x") == two


def test_a_turn_has_three_hints_and_the_last_is_the_command() -> None:
    guide, sheet = at(1)
    given: list[tuple[str, ...]] = []
    for wanted in (
        "Hint 1 of 3 An idea.",
        "Hint 2 of 3 Look at ip.",
        "Hint 3 of 3 h1$ ip addr add 192.0.2.1/24 dev tun0",
    ):
        assert guide.has_hints()
        given.append(guide.shell("h1").typed)
        guide.hint()
        assert sheet.told(wanted)
    assert not guide.has_hints()
    assert given == [(), (), ()]
    assert guide.shell("h1") == Shell("h1", ("ip addr add 192.0.2.1/24 dev tun0",))
    guide.begin_step(Say(lab(), lab().steps[1], 2, {}))
    assert guide.has_hints() and guide.shell("h1").typed == ()


def test_a_step_that_tunlab_does_has_two_hints() -> None:
    guide, sheet = at(0)
    guide.hint()
    guide.hint()
    assert sheet.told(sheet.words("hint_number", number=2, total=2)) and not guide.has_hints()
    assert guide.shell("h1").typed == ()


def test_no_hints() -> None:
    assert not at(2)[0].has_hints() and not at(None)[0].has_hints()


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("lab-y", Jump("two", lab="lab-y")),
        ("lab-y:3", Jump("three", lab="lab-y")),
        ("lab-y:one", Jump("one", lab="lab-y")),
        ("3", Jump("three")),
        *((typed, None) for typed in ("lab-z", "lab-y:4", "lab-z:1", "lab-y:", ":")),
    ],
)
def test_the_list_leads_to_another_part(typed: str, answer: Pressed | None) -> None:
    guide, sheet = at(1, others=[replace(lab(), id="lab-y")])
    results: list[object] = []
    guide.list_steps(typing(typed, results))
    assert results == [sheet.words("list_which_part", last=3, other="lab-y"), answer]
    assert sheet.told(sheet.words("list_part", lab="lab-y", title="A lab", done=1, steps=3))


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("1", Jump("one")),
        ("3", Jump("three")),
        ("two", Jump("two")),
        *((typed, None) for typed in ("", "0", "4", "x", "²", "٣", "-1", "9" * 4000)),
    ],
)
def test_the_list_leads_to_a_step(typed: str, answer: Pressed | None) -> None:
    guide, sheet = at(1)
    results: list[object] = []
    guide.list_steps(typing(typed, results))
    assert results == [sheet.words("list_which", last=3), answer]
    words = sheet.words
    assert sheet.told(words("list_no_such")) == bool(typed and answer is None)
    assert [line.split() for line in sheet.shown()[:3]] == [
        ["1", *words("list_done").split(), "Title", "of", "one"],
        [">", "2", *words("list_turn").split(), "Title", "of", "two"],
        ["3", *words("list_error").split(), "Title", "of", "three"],
    ]


@pytest.mark.parametrize(
    ("typed", "number"), [("1", 1), ("2", 2), ("", 2), *((typed, None) for typed in ("x", "0", "3", "²", "9" * 500))]
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_headers_of_one_of_several(typed: str, number: int | None, language: str) -> None:
    guide, sheet = at(1, language, rows=[Row(PACKET), Row(PACKET)])
    results: list[object] = []
    guide.headers(typing(typed, results))
    assert results == [sheet.words("headers_which", last=2), None]
    assert sheet.told("version 4") == (number is not None)
    assert sheet.told(sheet.words("headers_no_such", last=2)) == (number is None)
    assert number is None or sheet.told(_title(sheet, number))


def test_headers_of_the_only_packet() -> None:
    guide, sheet = at(1, rows=[Row(PACKET)])
    guide.headers(lambda label, accept: pytest.fail("there is nothing to choose"))
    assert sheet.told(_title(sheet, 1))
    assert sheet.told("version 4")
    assert sheet.told("0000  45 00 00 14 00 00 00 00  E.......")
    assert sheet.told("0010  c0 00 02 07              ....")


def _title(sheet: Sheet, number: int) -> str:
    return sheet.words("detail_title", number=number, where="h1:tun0", length=20, summary=PACKET.summary)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_explains_what_is_valid_and_no_more(language: str) -> None:
    guide, sheet = at(0, language)
    guide.help({"q", "l", "enter", "1"})
    assert [line.split()[0] for line in sheet.shown()] == ["l", "q"]
    assert sheet.told(sheet.words("help_key_list")) and sheet.told(sheet.words("help_key_quit"))
