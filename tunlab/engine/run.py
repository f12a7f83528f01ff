"""One run: a lab, or the labs of a section one after the other, from run_started to run_finished."""

import os
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version

from tunlab.engine.drive import Audience, drive
from tunlab.engine.loop import Selectable
from tunlab.engine.runner import Left, play
from tunlab.engine.stage import Stage
from tunlab.errors import Status
from tunlab.kernel.holder import Ended
from tunlab.model.events import CheckJudged, Entry, RunFinished, RunStarted
from tunlab.model.lab import Section
from tunlab.session.log import EventLog


def run(
    section: Section,
    session: str,
    log: EventLog,
    audience: Audience,
    check: Callable[[], None],
    keyboard: Selectable | None = None,
) -> Status:
    """Play its labs. `check` is called at each turn of the loop, which the keyboard wakes.

    A TunlabError is raised on after run_finished was logged.
    """
    total: Counter[str] = Counter()

    def count(entry: Entry) -> None:
        if isinstance(entry.what, CheckJudged):
            total[entry.what.status] += 1

    log.follow(count)
    log.follow(audience.entry)
    log.lab = section.id
    log.add(RunStarted(section.id, session, os.uname().release, version("tunlab")))
    state = "error"
    try:
        for number, lab in enumerate(section.parts):
            log.lab = lab.id
            with Stage(lab, log, audience.tick) as stage:
                stage.loop.at_each_turn(check)
                if keyboard is not None:
                    stage.loop.serve(keyboard, lambda: None)  # the audience reads it
                drive(play(lab, final=number + 1 == len(section.parts)), stage, audience)
        state = "failed" if total["fail"] or total["unknown"] else "done"
    except Left:
        state = "left"
    except Ended:
        state = "stopped"
        raise
    finally:
        log.lab = section.id
        log.add(RunFinished(state, total["pass"], total["fail"], total["unknown"], total["skipped"]))
    return Status.CHECK_FAILED if state == "failed" else Status.FINE
