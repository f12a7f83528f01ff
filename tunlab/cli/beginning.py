"""Where a run begins: at the step that was asked for, or where the learner was the last time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path

from tunlab.cli.labs import is_shipped
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words
from tunlab.labfile.fingerprint import fingerprint
from tunlab.model.events import PredictionJudged
from tunlab.model.lab import Lab, Section
from tunlab.session import progress
from tunlab.session.progress import Progress


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line says of it: a step to begin with, the only step to play, or all from the start."""

    since: str | None = None
    only: str | None = None
    fresh: bool = False

    def step(self) -> str | None:
        """The step that was named."""
        if self.since and self.only:
            raise TunlabError("from_and_only", Status.USAGE)
        return self.only or self.since


@dataclass(frozen=True, slots=True)
class Beginning:
    """`at` is a lab and a step, None at the very start; `known` the learner's progress by lab, `notes` what to say.

    `forget` are the names of progress to be forgotten once the run begins; `answered` what the learner predicted in
    the earlier sittings that this one goes on with.
    """

    at: tuple[str, str] | None = None
    known: Mapping[str, Progress] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()
    answered: Mapping[tuple[str, str], PredictionJudged] = field(default_factory=dict)

    def states(self) -> Mapping[str, Mapping[str, str]]:
        """How steps ended, by lab and step."""
        return {lab: {step: each.state for step, each in known.steps.items()} for lab, known in self.known.items()}


def name_of(lab: Lab) -> str:
    """The name under which progress in a lab is kept: one from elsewhere may have the id of one of ours."""
    if is_shipped(lab.folder):
        return lab.id
    return f"{lab.id}@{sha256(bytes(lab.folder.resolve())).hexdigest()[:12]}"


def find_step(section: Section, step: str) -> tuple[str, str]:
    """The lab of a section that has this step, and the step; `LAB:STEP` says which lab is meant.

    Raises TunlabError where none has it, or several have.
    """
    part, _, name = step.rpartition(":")
    found = [(lab.id, each.id) for lab in section.parts for each in lab.steps if each.id == name]
    found = [each for each in found if part in ("", each[0])]
    if len(found) == 1:
        return found[0]
    if found:
        places = ", ".join(f"{lab}:{name}" for lab, _ in found)
        raise TunlabError("step_of_several", Status.USAGE, step=step, places=places)
    known = [each.id for lab in section.parts for each in lab.steps]
    if near := get_close_matches(step, known, 1):
        raise TunlabError("unknown_step_near", Status.USAGE, step=step, near=near[0])
    raise TunlabError("unknown_step", Status.USAGE, step=step, known=", ".join(known))


def begin(section: Section, wanted: Wanted, folder: Path | None, words: Words) -> Beginning:
    """Where to begin. `folder` holds the learner's progress; None: there is nobody whose progress counts.

    Raises TunlabError for a step that there is not, or progress that cannot be read.
    """
    at = find_step(section, named) if (named := wanted.step()) else None
    if folder is None and wanted.fresh:
        raise TunlabError("fresh_and_auto", Status.USAGE)
    if folder is None:
        return Beginning(at)
    if wanted.fresh:
        return Beginning(at, forget=tuple(map(name_of, section.parts)))
    known = {each.id: found for each in section.parts if (found := progress.load(folder, name_of(each)))}
    notes = tuple(_changed(section, known, words))
    answered = {} if wanted.only else dict(_answered(section, known))
    if at or not known:
        return Beginning(at, known, notes, answered=answered)
    unplayed = [
        (lab.id, step.id)
        for lab in section.parts
        for step in lab.steps
        if lab.id not in known or not known[lab.id].played(step.id)
    ]
    if not unplayed:
        return Beginning(None, known, (*notes, words("resume_finished")))
    lab, step = unplayed[0]
    part = next(each for each in section.parts if each.id == lab)
    if unplayed[0] == (section.parts[0].id, section.parts[0].steps[0].id):
        return Beginning(None, known, notes)
    title = part.prose[words.language].steps[step].title
    here = words("resume_here", number=part.position(step) + 1, title=title)
    return Beginning(unplayed[0], known, (*notes, here), answered=answered)


def _answered(section: Section, known: Mapping[str, Progress]) -> Iterator[tuple[tuple[str, str], PredictionJudged]]:
    """The predictions that are kept, by lab and step; those of steps that ask for none any more are left out."""
    for lab in section.parts:
        steps = known[lab.id].steps if lab.id in known else {}
        for step in lab.steps:
            kept = steps[step.id].prediction if step.id in steps and step.predict else None
            if kept is None:
                continue
            kind, answer, observed, reason = (_text(kept, name) for name in ("kind", "answer", "observed", "reason"))
            matched = None if kept.get("matched") is None else bool(kept["matched"])
            yield (lab.id, step.id), PredictionJudged(step.id, kind or "", answer, observed, matched, reason)


def _text(kept: Mapping[str, object], name: str) -> str | None:
    return None if kept.get(name) is None else str(kept[name])


def _changed(section: Section, known: Mapping[str, Progress], words: Words) -> Iterator[str]:
    for lab in section.parts:
        if lab.id in known and known[lab.id].hash != fingerprint(lab.folder):
            yield words("resume_changed", lab=lab.id)
