"""Where a run begins, also in a section of several labs whose steps have the same ids; and what is kept on the way."""

from dataclasses import replace
from pathlib import Path

import pytest

from tunlab.cli.beginning import Wanted, begin, find_step, name_of
from tunlab.engine.keep import Kept
from tunlab.errors import TunlabError
from tunlab.i18n import Words
from tunlab.labfile.fingerprint import fingerprint
from tunlab.labfile.load import load
from tunlab.model.events import SOLVED, Entry, PredictionJudged, StepFinished
from tunlab.model.lab import Lab, Section
from tunlab.session.progress import StepRecord, record
from tunlab.session.progress import load as known

SAMPLE = Path(__file__).parent / "golden/labfile/sample"
WORDS = Words("en")


@pytest.fixture
def section() -> Section:
    one = load(SAMPLE, "fast", lambda _: None)
    assert isinstance(one, Lab)
    return Section("section", (replace(one, id="one"), replace(one, id="two")))


def played(folder: Path, lab: Lab, steps: int, hash: str | None = None) -> None:
    for step in lab.steps[:steps]:
        record(
            folder,
            name_of(lab),
            hash or fingerprint(lab.folder),
            step.id,
            StepRecord("done", "2026-01-01T00:00:00+00:00"),
        )


def test_nobody_was_here_before(section: Section, tmp_path: Path) -> None:
    assert begin(section, Wanted(), tmp_path, WORDS).at is None


def test_it_goes_on_at_the_first_step_that_was_not_played(section: Section, tmp_path: Path) -> None:
    played(tmp_path, section.parts[0], 2)
    beginning = begin(section, Wanted(), tmp_path, WORDS)
    assert beginning.at == ("one", section.parts[0].steps[2].id)
    assert beginning.states()["one"][section.parts[0].steps[0].id] == "done"


def test_it_goes_on_in_the_second_part_at_a_step_that_the_first_part_has_too(section: Section, tmp_path: Path) -> None:
    played(tmp_path, section.parts[0], len(section.parts[0].steps))
    assert begin(section, Wanted(), tmp_path, WORDS).at == ("two", section.parts[1].steps[0].id)


def test_what_was_played_to_the_end_begins_anew(section: Section, tmp_path: Path) -> None:
    for lab in section.parts:
        played(tmp_path, lab, len(lab.steps))
    beginning = begin(section, Wanted(), tmp_path, WORDS)
    assert (beginning.at, beginning.notes) == (None, (WORDS("resume_finished"),))


def test_what_was_predicted_in_earlier_sittings_counts(section: Section, tmp_path: Path) -> None:
    """Not where one step is played alone, or all of it anew; nor of a step that asks for nothing any more."""
    lab = section.parts[0]
    asks, plain = (next(step.id for step in lab.steps if bool(step.predict) == asked) for asked in (True, False))
    said = {"kind": "choice", "answer": "no", "reason": None, "observed": "yes", "matched": False}
    for step in lab.steps:
        told = said if step.id in (asks, plain) else None
        record(tmp_path, name_of(lab), "h", step.id, StepRecord("done", "2026-01-01T00:00:00+00:00", told))
    answered = {("one", asks): PredictionJudged(asks, "choice", "no", "yes", False)}
    assert begin(section, Wanted(), tmp_path, WORDS).answered == answered
    assert begin(section, Wanted(since=f"one:{plain}"), tmp_path, WORDS).answered == answered
    assert begin(section, Wanted(only=f"one:{plain}"), tmp_path, WORDS).answered == {}
    played(tmp_path, section.parts[1], len(lab.steps))
    assert begin(section, Wanted(), tmp_path, WORDS).answered == {}


def test_a_lab_that_has_changed_is_told(section: Section, tmp_path: Path) -> None:
    played(tmp_path, section.parts[0], 1, hash="another")
    assert WORDS("resume_changed", lab="one") in begin(section, Wanted(), tmp_path, WORDS).notes


def test_fresh_forgets_every_part_once_the_run_begins(section: Section, tmp_path: Path) -> None:
    played(tmp_path, section.parts[0], 2)
    beginning = begin(section, Wanted(fresh=True), tmp_path, WORDS)
    assert (beginning.at, beginning.forget) == (None, tuple(map(name_of, section.parts)))
    assert known(tmp_path, name_of(section.parts[0])) is not None


def test_a_step_of_several_parts_needs_its_lab(section: Section) -> None:
    step = section.parts[0].steps[1].id
    with pytest.raises(TunlabError, match="step_of_several"):
        find_step(section, step)
    assert find_step(section, f"two:{step}") == ("two", step)
    with pytest.raises(TunlabError, match="unknown_step"):
        find_step(section, f"three:{step}")


def test_how_a_step_ended_is_kept_with_the_answer_that_was_given(tmp_path: Path) -> None:
    keeper = Kept(tmp_path, {"one": "one@1", "two": "two@2"}, {"one": "h1", "two": "h2"})
    for lab, what in (
        ("one", PredictionJudged("up", "number", "4", "3", False, "because")),
        ("one", StepFinished("up", "done", solved=True)),
        ("two", StepFinished("up", "failed")),
    ):
        keeper.entry(Entry(0.0, lab, what))
    one, two = known(tmp_path, "one@1"), known(tmp_path, "two@2")
    assert one and two and (one.hash, two.hash) == ("h1", "h2")
    assert (one.steps["up"].state, two.steps["up"].state) == (SOLVED, "failed")
    assert one.steps["up"].prediction and one.steps["up"].prediction["reason"] == "because"
    assert two.steps["up"].prediction is None  # the answer belonged to the other lab's step
    assert keeper.trouble is None
