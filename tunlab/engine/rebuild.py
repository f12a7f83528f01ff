"""Brings back what earlier steps left, on a stage that was made anew, and verifies it."""

from collections.abc import Sequence
from dataclasses import replace

from tunlab.engine.judge import judge
from tunlab.engine.perform import perform
from tunlab.engine.replay import lasting, places
from tunlab.engine.stage import Stage
from tunlab.errors import Status, TunlabError
from tunlab.kernel import probe
from tunlab.model.checks import DeviceCheck, fine
from tunlab.model.events import CheckJudged
from tunlab.model.lab import Step

PATIENCE = 5.0  # seconds for what the steps left to be there again


def rebuild(stage: Stage, steps: Sequence[Step]) -> None:
    """Do again what lasts of these steps; it belongs to no step.

    Raises TunlabError where a device is not what it was after the last one.
    """
    stage.begin_step("")
    done = [(step.groundwork() if probe.first_missing(step.requires) else step.verbs()) for step in steps]
    verbs = [verb for each in done for verb in each]
    for verb in lasting(verbs):
        perform(stage, verb)
    for at in places(verbs):
        stage.devices.remember(at)
    last = steps[-1]
    if probe.first_missing(last.requires):
        return
    state = replace(last, checks=tuple(check for check in last.checks if isinstance(check, DeviceCheck)))
    found: list[CheckJudged] = []

    def as_it_was() -> bool:
        found[:] = [judgement.result for judgement in judge(stage, state)]
        return fine(result.status for result in found)

    if not stage.loop.wait(as_it_was, PATIENCE):
        wrong = next(result for result in found if not fine([result.status]))
        raise TunlabError("rebuild_differs", Status.USAGE, step=last.id, expected=wrong.expected, actual=wrong.actual)
