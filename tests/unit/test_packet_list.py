"""The list of packets in the live view: what it keeps, where the cursor stands, what a pause hides."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from rich.text import Text
from textual.app import App, ComposeResult

from tunlab.engine.inspection import Arrived
from tunlab.i18n import LANGUAGES, Words
from tunlab.kernel.packet_socket import Captured
from tunlab.packet.craft import echo_request
from tunlab.ui.inspector.packet_list import MOST, Note, PacketList

PING = echo_request("192.0.2.1", "192.0.2.2", 1, 1, b"x")


def arrived(number: int, data: bytes = PING, outgoing: bool = True) -> Arrived:
    return Arrived(number, 0.5, Captured("tun0", outgoing, False, number, data, len(data)), "")


def many(first: int, behind: int, data: bytes = PING) -> list[Arrived]:
    return [arrived(number, data) for number in range(first, behind)]


class _Alone(App[None]):
    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language

    def compose(self) -> ComposeResult:
        yield PacketList(Words(self.language))


def on_screen(test: Callable[[PacketList], Any], language: str = "en", width: int = 120) -> Any:
    """What test(list) returns, with the list on a screen of so many columns."""

    async def run() -> Any:
        app = _Alone(language)
        async with app.run_test(size=(width, 24)) as pilot:
            listed = app.query_one(PacketList)
            listed.focus()
            await pilot.pause()
            return test(listed)

    return asyncio.run(run())


def numbers(listed: PacketList) -> list[int]:
    return [each.number for each in listed.packets()]


def current(listed: PacketList) -> int | None:
    return listed.current.number if listed.current else None


def lines(listed: PacketList, count: int) -> list[str]:
    return [listed.render_line(y).text.rstrip() for y in range(count)]


def test_it_follows_the_newest_until_the_cursor_is_moved() -> None:
    def test(listed: PacketList) -> None:
        assert listed.current is None and not listed.find("x")
        listed.add(many(1, 4))
        assert current(listed) == 3
        listed.action_move(-1)
        listed.add(many(4, 6))
        assert current(listed) == 2
        listed.action_move(1000)
        listed.add(many(6, 7))
        assert current(listed) == 6
        listed.action_move(-1000)
        assert current(listed) == 1

    on_screen(test)


def test_a_pause_hides_what_comes_but_keeps_it() -> None:
    def test(listed: PacketList) -> None:
        listed.add(many(1, 4))
        listed.pause(True, keep=False)
        listed.add(many(4, 9))
        assert (listed.paused, listed.waiting, current(listed)) == (True, 5, 3)
        assert lines(listed, 5)[3:] == ["", ""]
        listed.action_move(1000)
        assert current(listed) == 3
        assert numbers(listed) == list(range(1, 9))
        listed.pause(False, keep=False)
        assert (listed.paused, listed.waiting, current(listed)) == (False, 0, 8)

    on_screen(test)


def test_rows_are_bounded_and_the_cursor_stays_on_its_packet() -> None:
    def test(listed: PacketList) -> None:
        listed.add(many(1, MOST + 1))
        assert len(numbers(listed)) == MOST
        listed.action_move(-100)
        standing = current(listed)
        listed.add(many(MOST + 1, MOST + 3))
        kept = numbers(listed)
        assert len(kept) < MOST and kept == list(range(kept[0], MOST + 3))
        assert current(listed) == standing

    on_screen(test)


def test_what_a_pause_shows_stays_however_much_comes() -> None:
    def test(listed: PacketList) -> None:
        listed.add(many(1, MOST - 9))
        listed.pause(True, keep=False)
        listed.action_move(-2)
        before = current(listed)
        for first in range(MOST - 9, 5 * MOST, 200):
            listed.add(many(first, first + 200))
        assert current(listed) == before == MOST - 12
        listed.action_move(-2 * MOST)
        assert current(listed) == 1
        kept = numbers(listed)
        assert listed.waiting == kept[-1] - (MOST - 10)
        assert kept[: MOST - 10] == list(range(1, MOST - 9)) and len(kept) < 1.2 * MOST
        listed.pause(False, keep=False)
        assert current(listed) == numbers(listed)[0] and len(numbers(listed)) <= MOST

    on_screen(test)


def test_bytes_are_bounded_too() -> None:
    def test(listed: PacketList) -> None:
        for first in range(1, 1200, 100):
            listed.add(many(first, first + 100, bytes(65535)))
        assert 0 < len(numbers(listed)) <= (32 << 20) // 65535
        assert numbers(listed)[-1] == 1200 == current(listed)

    on_screen(test)


def test_find_goes_onwards_and_round() -> None:
    def test(listed: PacketList) -> None:
        other = echo_request("192.0.2.7", "192.0.2.8", 1, 1, b"x")
        listed.add([arrived(1, other), Note("192.0.2.7 in words"), arrived(2), arrived(3, other), arrived(4)])
        assert listed.find("192.0.2.7") and current(listed) == 1
        assert listed.find("ECHO REQUEST") and current(listed) == 2
        assert listed.find("192.0.2.7") and current(listed) == 3
        assert listed.find("192.0.2.7") and current(listed) == 1
        assert not listed.find("nowhere") and current(listed) == 1
        listed.pause(True, keep=False)
        listed.add([arrived(5, echo_request("192.0.2.9", "192.0.2.8", 1, 1, b"x"))])
        assert not listed.find("192.0.2.9")

    on_screen(test)


def test_a_row_as_it_is_shown() -> None:
    def test(listed: PacketList) -> list[str]:
        listed.add([arrived(1), arrived(2), Note("--- a note"), arrived(3, outgoing=False), arrived(4, b"\x1b[2J")])
        return lines(listed, 5)

    first, second, note, third, last = on_screen(test)
    assert first.split()[:4] == ["1", "0.500", "out", "29"] and "IP 192.0.2.1 > 192.0.2.2  ICMP" in first
    assert second.split()[4:6] == ["...", "ICMP"]  # the same way as the one above
    assert note == "  --- a note"
    assert third.split()[2] == "in" and "192.0.2.1 > 192.0.2.2" in third
    assert last.startswith("> ") and "\x1b" not in last


def test_what_tells_packets_apart_is_not_cut() -> None:
    def test(listed: PacketList) -> list[str]:
        listed.add([arrived(1), arrived(2)])
        return lines(listed, 2)

    first, second = on_screen(test, width=72)
    assert "ICMP echo request id 1 seq 1" in first and first.endswith("..")
    assert second.endswith("... ICMP echo request id 1 seq 1")


@pytest.mark.parametrize("language", LANGUAGES)
def test_columns_stand_below_their_names(language: str) -> None:
    words = Words(language)

    def test(listed: PacketList) -> None:
        listed.add([arrived(1)])
        head, row = listed.heading().plain, listed.render_line(0).text
        assert width_before(head, words("column_what")) == width_before(row, "IP 192.0.2.1")
        assert width_before(head, words("column_direction")) == width_before(row, words("way_out"))

    on_screen(test, language)


def width_before(line: str, wanted: str) -> int:
    return Text(line[: line.index(wanted)]).cell_len
