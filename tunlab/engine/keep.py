"""Keeps a learner's progress: a reader of the log that writes down how each step ended."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from tunlab.errors import TunlabError
from tunlab.model.events import Entry, PredictionJudged, StepFinished
from tunlab.session.progress import StepRecord, record


class Kept:
    """Writes each step's end to the progress of its lab. `trouble` is why that failed, if it did: the run goes on.

    `names` tells by a lab's id under which name its progress is kept, `hashes` its fingerprint.
    """

    def __init__(self, folder: Path, names: Mapping[str, str], hashes: Mapping[str, str]) -> None:
        self._folder = folder
        self._names = names
        self._hashes = hashes
        self._predicted: PredictionJudged | None = None
        self.trouble: TunlabError | None = None

    def entry(self, entry: Entry) -> None:
        """Take an entry of the log in."""
        match entry.what:
            case PredictionJudged() as judged:
                self._predicted = judged
            case StepFinished(step) as finished if self.trouble is None:
                try:
                    name, fingerprint = self._names[entry.lab], self._hashes[entry.lab]
                    record(self._folder, name, fingerprint, step, self._entry(finished))
                    self._predicted = None
                except TunlabError as error:
                    self.trouble = error

    def _entry(self, finished: StepFinished) -> StepRecord:
        told = self._predicted if self._predicted and self._predicted.step == finished.step else None
        prediction = {
            "kind": told.kind,
            "answer": told.answer,
            "reason": told.reason,
            "observed": told.observed,
            "matched": told.matched,
        } if told else None  # fmt: skip
        at = datetime.now(UTC).isoformat(timespec="seconds")
        return StepRecord(finished.ended(), at, prediction)
