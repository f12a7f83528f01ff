"""What the learner is told to do next, and how far they are."""

from dataclasses import replace
from pathlib import Path

import pytest

from tunlab import paths
from tunlab.labfile.shelf import Group, Next, Shelf, Shelved, shelf, what_next
from tunlab.model.lab import Lab, Section, Step
from tunlab.model.topology import Topology
from tunlab.session.progress import Progress, StepRecord, record

STEPS = ("one", "two")


def lab(name: str) -> Lab:
    steps = tuple(Step(each, (), (), (), None, ()) for each in STEPS)
    return Lab(name, Path(), Topology(()), (), steps)


def at(second: int, state: str = "done") -> StepRecord:
    return StepRecord(state, f"2026-01-01T00:00:{second:02}Z")


def made(**played: dict[str, StepRecord]) -> Shelf:
    """Labs a, b and c, of which a and b make the section s."""
    a, b, c = (Shelved(lab(name), Progress(name, "", played[name]) if name in played else None) for name in "abc")
    return Shelf((Group((a, b), Section("s", (a.lab, b.lab))), Group((c,))))


BOTH = {"one": at(1), "two": at(2)}
CASES = {
    "never played": ({}, Next("s", first=True)),
    "in the middle": ({"a": {"one": at(1)}}, Next("a", "two")),
    "an error cut a step short": ({"a": {"one": at(1, "error"), "two": at(2)}}, Next("a", "one")),
    "what failed was played": ({"a": {"one": at(1, "failed")}}, Next("a", "two")),
    "nothing was played to its end": ({"b": {"one": at(1, "error")}}, Next("b")),
    "skipped and solved count": ({"a": {"one": at(1, "skipped"), "two": at(2, "solved")}}, Next("b")),
    "the one played last goes on": ({"a": {"one": at(1)}, "c": {"one": at(3)}}, Next("c", "two")),
    "the one after the last": ({"b": BOTH}, Next("c")),
    "what was left out before": ({"c": BOTH}, Next("a")),
    "everything": ({"a": BOTH, "b": BOTH, "c": BOTH}, Next()),
    "a step that is gone does not count": ({"a": {"one": at(1), "gone": at(2)}}, Next("a", "two")),
}


@pytest.mark.parametrize("case", CASES)
def test_what_next(case: str) -> None:
    played, expected = CASES[case]
    assert what_next(made(**played)) == expected


def test_a_lab_that_cannot_be_played_here_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "search_path", lambda: "/nowhere")
    section, _ = made(a=BOTH, b=BOTH).groups
    steps = tuple(replace(step, requires=("openvpn",)) for step in lab("c").steps)
    shelved = Shelved(replace(lab("c"), steps=steps))
    assert shelved.missing() == "missing_openvpn"
    assert what_next(Shelf((section, Group((shelved,))))) == Next()


def test_how_many_steps_are_done() -> None:
    a, b, c = made(a={"one": at(1), "gone": at(2)}, b=BOTH).labs()
    assert [(each.done(), each.ahead()) for each in (a, b, c)] == [(1, ("two",)), (2, ()), (0, STEPS)]


def test_every_shipped_lab_stands_there_once(tmp_path: Path) -> None:
    found = shelf(tmp_path)
    sections = [group.section.id for group in found.groups if group.section]
    assert sorted([*sections, *(each.lab.id for each in found.labs())]) == sorted(paths.lab_ids())
    assert what_next(found) == Next("lab-1.4", first=True)


def test_progress_that_is_broken_is_told_and_no_more(tmp_path: Path) -> None:
    record(tmp_path, "lab-1.4.3", "h", "start", at(1))
    assert next(each for each in shelf(tmp_path).labs() if each.lab.id == "lab-1.4.3").done() == 1
    (tmp_path / "lab-1.4.3.json").write_text("{")
    found = shelf(tmp_path)
    assert [problem.key for problem in found.problems] == ["progress_unreadable"]
    assert not any(each.done() for each in found.labs())


def test_ids_are_sorted_by_their_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lab-1.10", "lab-1.4.3", "lab-1.4", "lab-1.9", "lab-x"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lab.yaml").touch()
    monkeypatch.setattr(paths, "labs", lambda: tmp_path)
    assert paths.lab_ids() == ["lab-1.4", "lab-1.4.3", "lab-1.9", "lab-1.10", "lab-x"]
