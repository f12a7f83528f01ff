"""The file of steps: whose a packet is, and that nothing a stranger puts there harms who reads it."""

import os
import signal
from pathlib import Path

import pytest

from tunlab import paths
from tunlab.engine.step_times import StepTimes, note_step


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the file of steps is."""
    monkeypatch.setattr(paths, "STEPS", tmp_path / "steps")
    return paths.STEPS


def read(times: int = 1) -> StepTimes:
    found = StepTimes()
    for _ in range(times):
        found.catch_up()
    return found


def test_a_step_holds_until_the_next_one(steps: Path) -> None:
    steps.write_text("100 lab-x ping\n200 lab-x \n300 lab-x\n400 lab-x cut")  # the last one is being written
    found = read()
    spans = [(span.begin, span.end, span.comment) for span in (found.span_at(time) for time in (50, 150, 250))]
    assert spans == [(0, 100, ""), (100, 200, "lab-x step ping"), (200, 300, "")]
    assert found.span_at(1000).begin == 300


def test_what_is_noted_is_read(steps: Path) -> None:
    found = read()
    for step in ("ping", "look"):
        note_step("lab-x", step)
        found.catch_up()
        assert found.span_at(1 << 62).comment == f"lab-x step {step}"


@pytest.mark.parametrize(
    "line",
    [
        "9" * 5000 + " lab-x x",
        "9" * 19 + " lab-x x",
        "200 lab-x " + "x" * 70_000,
        "200 lab-x " + "x" * 300,
        "²00 lab-x x",
        "٢٠٠ lab-x x",
        "-5 lab-x x",
        "50 lab-x earlier",
        "",
    ],
    ids=["digits", "never", "long", "longer", "superscript", "arabic", "negative", "earlier", "empty"],
)
def test_a_line_that_no_lab_wrote_is_left_out(steps: Path, line: str) -> None:
    steps.write_text(f"100 lab-x one\n{line}\n300 lab-x two\n")
    found = read(times=3)
    assert found.span_at(100).end == 300
    assert found.span_at(300).comment == "lab-x step two"


def test_of_a_huge_file_a_piece_is_read_at_a_time(steps: Path) -> None:
    with steps.open("wb") as file:
        file.write(b"100 lab-x one\n")
        file.truncate(1 << 40)
    assert read(times=3).span_at(100).comment == "lab-x step one"


def test_the_number_of_steps_is_limited(steps: Path) -> None:
    steps.write_text("1 l s\n" * 100_000)
    found = read(times=20)
    assert len(found._begun) <= 10_001


def test_only_a_file_is_read_and_none_is_waited_for(steps: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("100 lab-x other\n")
    steps.symlink_to("other")
    assert read().span_at(100).comment == ""
    steps.unlink()
    os.mkfifo(steps)
    signal.alarm(5)  # who waits is killed
    try:
        assert read().span_at(100).comment == ""
        note_step("lab-x", "one")
    finally:
        signal.alarm(0)
