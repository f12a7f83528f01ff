"""What a capture has counted: kept in shared memory, where a stranger may write, and put at the file's end."""

import io
import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest

from tunlab.engine import capture_counts
from tunlab.engine.capture_counts import CaptureCounts, Counted, RingCount
from tunlab.engine.capture_end import end_file
from tunlab.model.packet import LinkType
from tunlab.packet.pcapng import PcapngWriter

RING = RingCount("h1", True, 3, {0: "h1:lo", 1: "h1:\udcffx"}, {0: 5, 1: 6})


def test_the_last_state_is_told() -> None:
    counts = CaptureCounts()
    assert counts.kept() == Counted()
    for counted in (Counted(10, [RING]), Counted(1 << 40, [RING, RING]), Counted(None, [])):
        counts.keep(counted)
        assert counts.kept() == counted


def test_more_devices_than_there_is_room_for_do_not_cut_the_file_off() -> None:
    counts = CaptureCounts()
    counts.keep(Counted(10, [RING]))
    many = RingCount("h1", True, 0, {number: f"h1:device{number}" for number in range(60_000)})
    for written in (20, 30):
        counts.keep(Counted(written, [many]))
        assert counts.kept() == Counted(written, [RING])


def test_memory_that_is_not_ours_is_no_state() -> None:
    counts = CaptureCounts()
    for filling in (b"\xff", b"\x01", b"{", b"[", b"0"):
        counts._memory[:] = filling * len(counts._memory)
        assert counts.kept() == Counted()


def odd(**changed: Any) -> str:
    ring = {"name": "h1", "of_node": True, "dropped": 0, "devices": {"0": "h1:lo"}, "captured": {"0": 1}}
    return json.dumps([ring | changed])


@pytest.mark.parametrize(
    "rings",
    [
        "{}",
        "[7]",
        odd(name=7),
        odd(name="x" * 70_000),
        odd(dropped="7"),
        odd(dropped=-1),
        odd(dropped=1 << 64),
        odd(dropped=1.5),
        odd(dropped=True),
        odd(devices={"0": 7}),
        odd(devices={"0": "x" * 70_000}),
        odd(devices={str(1 << 32): "h1:lo"}),
        odd(devices=[]),
        odd(captured={"-1": 7}),
        odd(captured={"0": None}),
        odd(captured={"9" * 5000: 7}),
        "[" * 100_000,
    ],
    ids=range(17),
)
def test_types_are_looked_at(rings: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = CaptureCounts()
    monkeypatch.setattr(capture_counts.json, "dumps", lambda _: rings)
    counts.keep(Counted(10, [RING]))
    assert counts.kept() in (Counted(), Counted(10))


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A file with one interface, and something unfinished behind."""
    file = io.BytesIO()
    PcapngWriter(file).interface("h1:lo", LinkType.ETHERNET)
    path = tmp_path / "file.pcapng"
    path.write_bytes(file.getvalue() + b"rest")
    return path


def end(path: Path, counted: Counted) -> bytes:
    output = os.open(path, os.O_WRONLY)
    try:
        end_file(output, counted, killed=True)
    finally:
        os.close(output)
    return path.read_bytes()


def test_what_was_not_written_whole_is_cut_off(begun: Path) -> None:
    whole = begun.read_bytes()[:-4]
    ended = end(begun, Counted(len(whole), [RingCount("h1:\udcffx", True, 3, {0: "h1:lo"}, {0: 7})]))
    assert ended.startswith(whole) and struct.unpack_from("<I", ended, len(whole)) == (5,)
    assert b"devices of h1:?x together" in ended


@pytest.mark.parametrize("beyond", [1, 1 << 50])
def test_a_file_is_never_made_longer(begun: Path, beyond: int) -> None:
    before = begun.read_bytes()
    assert end(begun, Counted(len(before) + beyond, [RING])) == before
