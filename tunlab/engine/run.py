"""One run: a lab, or the labs of a section one after the other, from run_started to run_finished."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

from tunlab.engine.drive import Audience, drive
from tunlab.engine.loop import Selectable
from tunlab.engine.requests import Jump
from tunlab.engine.runner import Answers, Jumped, Left, Values, play
from tunlab.engine.stage import Stage
from tunlab.errors import Status
from tunlab.kernel.holder import Ended
from tunlab.model.events import CheckJudged, Entry, RunFinished, RunStarted
from tunlab.model.lab import Lab, Section
from tunlab.session.log import EventLog


@dataclass(frozen=True, slots=True)
class From:
    """Where a run begins: at a step of a lab. `only`: it ends after that step."""

    lab: str
    step: str
    only: bool = False


class Run:
    """Plays labs for an audience. `check` is called at each turn of the loop, which the keyboard wakes."""

    def __init__(
        self, log: EventLog, audience: Audience, check: Callable[[], None], keyboard: Selectable | None = None
    ) -> None:
        self._log = log
        self._audience = audience
        self._check = check
        self._keyboard = keyboard
        self._statuses: dict[tuple[str, str, str], str] = {}  # of a check that was judged again, the last one
        log.follow(self._count)
        log.follow(audience.entry)

    def play(self, section: Section, session: str, begin: From | None = None) -> Status:
        """Play a section's labs, those before the beginning left out.

        A TunlabError is raised on after run_finished was logged.
        """
        self._log.lab = section.id
        self._log.add(RunStarted(section.id, session, os.uname().release, version("tunlab")))
        state = "error"
        try:
            for lab in _parts(section, begin):
                self._log.lab = lab.id
                self._play(lab, begin if begin and begin.lab == lab.id else None, lab is section.parts[-1])
            state = "failed" if {"fail", "unknown"}.intersection(self._statuses.values()) else "done"
        except Left:
            state = "left"
        except Ended:
            state = "stopped"
            raise
        finally:
            self._log.lab = section.id
            total = Counter(self._statuses.values())
            self._log.add(RunFinished(state, total["pass"], total["fail"], total["unknown"], total["skipped"]))
        return Status.CHECK_FAILED if state == "failed" else Status.FINE

    def _play(self, lab: Lab, begin: From | None, last: bool) -> None:
        jump = Jump(begin.step) if begin else None
        until = begin.step if begin and begin.only else None
        answers: Answers = {}
        values: Values = {}
        introduce = True
        while True:
            walk = play(lab, jump, until, last or until is not None, answers, values, introduce)
            try:
                with Stage(lab, self._log, self._audience.tick, self._keyboard) as stage:
                    stage.loop.at_each_turn(self._check)
                    drive(walk, stage, self._audience)
                return
            except Jumped as jumped:
                jump, introduce = jumped.jump, False
                if until is not None:
                    until = jump.step

    def _count(self, entry: Entry) -> None:
        if isinstance(entry.what, CheckJudged):
            self._statuses[entry.lab, entry.what.step, entry.what.check] = entry.what.status


def _parts(section: Section, begin: From | None) -> tuple[Lab, ...]:
    if begin is None:
        return section.parts
    first = [lab.id for lab in section.parts].index(begin.lab)
    return section.parts[first : first + 1] if begin.only else section.parts[first:]
