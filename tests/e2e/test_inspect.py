"""The live view of `tunlab inspect` beside a running lab: its keys, what it tells, and each way it ends."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from carrier import carrying
from other_terminal import running
from terminal import CONTROL_C, ENTER
from view import ADDRESS, BACKSPACE, DOWN, ESCAPE, LARGE, UP, looking

from tunlab.i18n import LANGUAGES

pytestmark = [pytest.mark.needs("sandbox", "tun"), pytest.mark.alike]


def tshark(file: Path, *names: str) -> list[list[str]]:
    """Fields of a file's packets; tshark must find nothing wrong with it."""
    words = ["tshark", "-r", str(file), "-T", "fields", *(word for name in names for word in ("-e", name))]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


# What it shows


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_packet_is_chosen_and_opened_field_by_field(language: str, tmp_path: Path) -> None:
    with running(tmp_path), carrying(tmp_path) as carrier, looking(tmp_path, language=language) as view:
        assert not view.shows("inspect_absent", device="h1:tun0")
        carrier.send(3, size=7)
        view.expect("inspect_captured", count=3).at(3)
        view.press(UP, "").at(2).press(b"k", "").at(1).press(b"j", "").at(2).press(DOWN, "").at(3).press(
            b"\x1b[H", ""
        ).at(1)
        assert "UDP" in view.current() and "length 7" in view.current()  # the addresses may not fit
        view.press(ENTER, "inspect_key_close").expect("field_IP_version")
        assert view.marked() == "45"
        bytes_of = {"ihl": "45", "tos": "00", "len": "00 23"}
        for name, marked in bytes_of.items():
            view.press(DOWN, f"field_IP_{name}")
            assert view.marked() == marked
        for name in ("id", "flags", "frag", "ttl"):
            view.press(DOWN, f"field_IP_{name}")
        assert view.marked() == "40"
        view.press(UP, "field_IP_frag")
        view.press(b"\x1b[F", "7878787878787878"[:14]).expect_none("field_IP_frag")  # the last field: its data
        assert view.marked().replace(" ", "") == "78" * 7
        view.press(ESCAPE, "inspect_key_open").expect(ADDRESS)
        view.press(b"q", "")
        view.ended(0)


def test_the_numbers_are_those_of_the_kernel(tmp_path: Path) -> None:
    with running(tmp_path), carrying(tmp_path) as carrier, looking(tmp_path, size=LARGE) as view:
        carrier.send(5)
        view.expect("inspect_captured", count=5)
        # Nobody reads: the packets are in the device's queue, and do not count yet.
        rows = [line.split() for line in view.terminal.text().splitlines()]
        assert [row[-4:] for row in rows if row[:1] == ["TX"]] in ([["0", "0", "0.0", "0"]], [["0", "0", "-", "0"]])
        assert view.shows("fd") and view.shows("IFF_NO_PI")


@pytest.mark.needs("tshark")
def test_filter_search_pause_and_write(tmp_path: Path) -> None:
    file, there = tmp_path / "new.pcapng", tmp_path / "there"
    there.write_bytes(b"mine")
    with running(tmp_path), carrying(tmp_path) as carrier, looking(tmp_path, size=LARGE) as view:
        carrier.send(2, size=1)
        view.expect("inspect_captured", count=2)
        # A filter that is wrong changes nothing; one that is right holds from now on.
        view.enter("f", "nonsense", "libpcap says")
        carrier.send(1, size=2)
        view.expect("inspect_captured", count=3)
        view.enter("f", "udp port 7", "inspect_filtered", filter="udp port 7").expect_none("libpcap says")
        carrier.send(4, port=9)
        carrier.send(2, port=7, size=3)
        view.expect("inspect_captured", count=5).expect("inspect_state_filter", filter="udp port 7")
        # What is looked for is found onwards from the cursor, and from the top again.
        view.enter("/", "length 1", "").at(1).press(b"n", "").at(2).press(b"n", "").at(1)
        view.enter("/", "nowhere", "inspect_not_found", text="nowhere")
        view.at(1)
        view.press(b"/q", "inspect_ask_search").press(ESCAPE, "").expect_none("inspect_ask_search")
        # While it is paused, rows wait.
        view.press(b"p", "inspect_state_paused", count=0)
        carrier.send(2, port=7, size=4)
        view.expect("inspect_state_paused", count=2)
        assert not view.at(1).shows("length 4")
        view.press(b"p", "").at(1).expect("length 4").expect_none("inspect_state_paused", count=2)
        # All that were kept are in the file, and all that come.
        view.enter("w", str(there), "file_exists", file=there)
        view.enter("w", str(file), "inspect_state_writing", file=file.name)
        view.press(b"f", "inspect_ask_filter").typed("udp port 7").press(BACKSPACE, "").typed("")
        view.press(ENTER, "inspect_unfiltered").expect_none("inspect_ask_filter")
        carrier.send(1, port=9, size=5)
        view.expect("inspect_captured", count=8)
        view.terminal.type(b"q")
        view.ended(0)
    assert there.read_bytes() == b"mine"
    lengths = [int(length) - 28 for length, _ in tshark(file, "frame.len", "udp.dstport")]
    assert lengths == [1, 1, 2, 3, 3, 4, 4, 5]
    assert {name for (name,) in tshark(file, "frame.interface_name")} == {"h1:tun0"}
    assert file.stat().st_uid == os.geteuid()


def test_what_is_typed_ahead_of_a_question_is_its_answer(tmp_path: Path) -> None:
    """Of a key that asks, and letters that follow at once, none is taken for a key: there is a q, a p and a w in it."""
    with running(tmp_path), carrying(tmp_path), looking(tmp_path) as view:
        view.enter("f", "wlan proto 7 or qp", "'wlan proto 7 or qp'")
        view.enter("/", "pqwfn", "inspect_not_found", text="pqwfn")
        view.terminal.type(b"q")
        view.ended(0)


def test_other_sizes(tmp_path: Path) -> None:
    """In Chinese, whose characters take two cells."""
    with running(tmp_path), carrying(tmp_path) as carrier, looking(tmp_path, language="zh") as view:
        carrier.send(30)
        view.expect("inspect_captured", count=30).at(30)
        for size in (LARGE, (60, 20), (40, 12), (80, 24)):
            view.terminal.clear()
            view.terminal.resize(*size)
            view.expect("h1:tun0").expect("inspect_key_quit").at(30)
        view.press(ENTER, "field_IP_version")
        for size in (LARGE, (60, 20)):
            view.terminal.clear()
            view.terminal.resize(*size)
            view.expect("[45]00 00 21").expect("field_IP_version").expect("inspect_key_close")
        view.terminal.type(b"q")
        view.ended(0)


def test_without_colours(tmp_path: Path) -> None:
    with running(tmp_path), carrying(tmp_path) as carrier, looking(tmp_path, NO_COLOR="1") as view:
        carrier.send(1)
        view.at(1).press(ENTER, "[45]")
        assert not any(f"[{code}m".encode() in view.terminal.written for code in (31, 32, 33, 34, 35, 36))
        view.terminal.type(b"q")
        view.ended(0)


def test_a_dumb_terminal_has_lines(tmp_path: Path) -> None:
    with running(tmp_path), carrying(tmp_path) as carrier, looking(tmp_path, term="dumb", wanted="qdisc") as view:
        carrier.send(2)
        view.expect("length 5")
        view.terminal.type(CONTROL_C)
        assert view.terminal.end() == 130 and b"\x1b[?1049h" not in view.terminal.written
        assert view.terminal.mode() == view.terminal.mode_at_first


def test_the_device_goes_and_comes_back(tmp_path: Path) -> None:
    """And is not there yet, where it is named with its node."""
    with running(tmp_path), carrying(tmp_path, opened=False) as carrier:
        with looking(tmp_path, "h1:tun0", wanted="") as view:
            view.expect("inspect_absent", device="h1:tun0")
            for times in (1, 2):
                carrier.open()
                view.expect(ADDRESS)
                carrier.send(1)
                view.expect("inspect_captured", count=times)
                carrier.close()
                view.expect("inspect_gone", device="h1:tun0").expect_none(ADDRESS)
            carrier.open()
            view.expect(ADDRESS).expect("inspect_back", device="h1:tun0")
            view.terminal.type(b"q")
            view.ended(0)


# A flood


def test_a_flood_is_counted_and_keys_answer(tmp_path: Path) -> None:
    with running(tmp_path), carrying(tmp_path) as carrier, looking(tmp_path, "h1:lo", wanted="127.0.0.1/8") as view:
        carrier.begin("flood", 10, 1.5)
        view.terminal.wait_until(lambda: view.counted("inspect_left") > 1000, "packets that came too fast")
        for key, wanted in ((b"p", "inspect_key_resume"), (b"p", "inspect_key_pause"), (ENTER, "inspect_key_close")):
            pressed = time.monotonic()
            view.press(key, wanted)
            assert time.monotonic() - pressed < 2, f"{key!r} takes too long"
        view.press(ESCAPE, "inspect_key_open")
        carrier.answered()
        carrier.begin("flood", 60000, 1)
        view.terminal.wait_until(lambda: view.counted("inspect_dropped") > 0, "packets that the kernel dropped")
        carrier.answered()
        view.terminal.type(b"q")
        view.ended(0)


# How it ends


@pytest.mark.parametrize(("key", "status"), [(CONTROL_C, 130), (b"/abc" + CONTROL_C, 130), (b"\x11", 0)])
def test_it_ends_by_a_key(key: bytes, status: int, tmp_path: Path) -> None:
    with running(tmp_path), looking(tmp_path, "h1:lo", wanted="LOOPBACK") as view:
        view.terminal.type(key)
        view.ended(status)


def test_it_is_asked_to_end(tmp_path: Path) -> None:
    with running(tmp_path), looking(tmp_path, "h1:lo", wanted="LOOPBACK") as view:
        os.kill(view.terminal.pid, signal.SIGTERM)
        view.ended(128 + signal.SIGTERM)


def test_its_terminal_is_closed(tmp_path: Path) -> None:
    with running(tmp_path), looking(tmp_path, "h1:lo", wanted="LOOPBACK") as view:
        view.terminal.hang_up()
        assert view.terminal.wait_for_end() == 128 + signal.SIGHUP


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_holder_is_killed_under_it(language: str, tmp_path: Path) -> None:
    with running(tmp_path) as lab, looking(tmp_path, "h1:lo", language, wanted="LOOPBACK") as view:
        lab.kill()
        view.ended(3)
        view.expect("session_ended", session=lab.name)
        assert view.terminal.written.count(b"tunlab: ") == 1


# Which device


@pytest.mark.parametrize(("answer", "status"), [(b"2\r", 0), (b"q\r", 130)])
def test_one_of_several(answer: bytes, status: int, tmp_path: Path) -> None:
    with running(tmp_path), looking(tmp_path, "lo", wanted="choose_device") as view:
        view.expect("h1:lo").expect("h2:lo").expect("choose_number", last=2)
        view.terminal.type(answer)
        if status == 0:
            view.expect("LOOPBACK")
            assert view.shows("h2:lo") and not view.shows("choose_device")
            view.terminal.type(b"q")
        view.ended(status)
