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
        self._kept: dict[str, tuple[Answers, Values]] = {}  # by lab: the learner may come back to a part
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
            self._play_parts(section, begin)
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

    def _play_parts(self, section: Section, begin: From | None) -> None:
        """One after the other, until the last one's end, or where the learner goes; `only` one step, wherever."""
        parts = {lab.id: lab for lab in section.parts}
        lab = parts[begin.lab] if begin else section.parts[0]
        while True:
            self._log.lab = lab.id
            elsewhere = self._play(lab, begin, lab is section.parts[-1])
            place = section.parts.index(lab) + 1
            if elsewhere is not None:
                lab = parts[elsewhere.lab]
                begin = From(lab.id, elsewhere.step, only=begin is not None and begin.only)
            elif place == len(section.parts) or (begin and begin.only):
                return
            else:
                lab, begin = section.parts[place], None

    def _play(self, lab: Lab, begin: From | None, last: bool) -> Jump | None:
        """Up to its end, or until the learner goes to another part: the way there."""
        jump = Jump(begin.step) if begin else None
        until = begin.step if begin and begin.only else None
        answers, values = self._kept.setdefault(lab.id, ({}, {}))
        introduce = True
        while True:
            walk = play(lab, jump, until, last or until is not None, answers, values, introduce)
            try:
                with Stage(lab, self._log, self._audience.tick, self._keyboard) as stage:
                    stage.loop.at_each_turn(self._check)
                    drive(walk, stage, self._audience)
                return None
            except Jumped as jumped:
                if jumped.jump.lab not in ("", lab.id):
                    return jumped.jump
                jump, introduce = jumped.jump, False
                if until is not None:
                    until = jump.step

    def _count(self, entry: Entry) -> None:
        if isinstance(entry.what, CheckJudged):
            self._statuses[entry.lab, entry.what.step, entry.what.check] = entry.what.status
