"""One run: a lab, or the labs of a section one after the other, from run_started to run_finished."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from tunlab.engine.drive import Audience, drive
from tunlab.engine.runner import Left, play
from tunlab.engine.stage import Selectable, Stage
from tunlab.errors import Status
from tunlab.kernel.holder import Ended
from tunlab.model.events import RunFinished, RunStarted
from tunlab.model.lab import Lab
from tunlab.session.log import EventLog


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be played: the id that was asked for, its labs, and the session's name."""

    id: str
    labs: Sequence[Lab]
    session: str


def run(
    plan: Plan,
    log: EventLog,
    audience: Audience,
    sources: Sequence[tuple[Selectable, Callable[[], None]]] = (),
) -> Status:
    """Play it. `sources` are served by the loop too: a keyboard, the line to the front.

    A TunlabError is raised on after run_finished was logged.
    """
    log.follow(audience.entry)
    log.lab = plan.id
    log.add(RunStarted(plan.id, plan.session, os.uname().release, version("tunlab")))
    total: Counter[str] = Counter()
    state = "error"
    try:
        for number, lab in enumerate(plan.labs):
            log.lab = lab.id
            with Stage(lab, log, audience.tick) as stage:
                for source, serve in sources:
                    stage.serve(source, serve)
                total += drive(play(lab, final=number + 1 == len(plan.labs)), stage, audience)
        state = "failed" if total["fail"] or total["unknown"] else "done"
    except Left:
        state = "left"
    except Ended:
        state = "stopped"
        raise
    finally:
        log.lab = plan.id
        log.add(RunFinished(state, total["pass"], total["fail"], total["unknown"], total["skipped"]))
    return Status.CHECK_FAILED if state == "failed" else Status.FINE
