"""Brings back what earlier steps left, on a stage that was made anew, and verifies it."""

from collections.abc import Iterable, Sequence
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
from tunlab.model.topology import Endpoint

PATIENCE = 5.0  # seconds for what the steps left to be there again


def rebuild(stage: Stage, steps: Sequence[Step], settled: bool = True) -> None:
    """Do again what lasts of these steps; it belongs to no step. `settled`: and wait until its packets are gone.

    Raises TunlabError where a device is not what it was after the last step.
    """
    stage.begin_step("")
    done = [(step.groundwork() if probe.first_missing(step.requires) else step.verbs()) for step in steps]
    verbs = [verb for each in done for verb in each]
    again = lasting(verbs)
    for verb in again:
        perform(stage, verb)
    _verify(stage, steps[-1], places(verbs))
    if settled:
        _fall_silent(stage, [step for step in steps if any(verb in again for verb in step.verbs())])
    for at in places(again):
        stage.devices.look(at)  # what the next step counts from


def _fall_silent(stage: Stage, steps: Sequence[Step]) -> None:
    """Wait as these steps do: what bringing a device up sends, for one, belongs to none that come later."""
    watches = [step.watch for step in steps if step.watch]
    quiet = max((watch.quiet for watch in watches), default=0.0)
    deadline = max((watch.deadline for watch in watches), default=0.0)
    began = stage.log.now()
    stage.loop.wait(lambda: stage.log.now() - max(began, stage.evidence.last_packet) >= quiet, deadline)


def _verify(stage: Stage, last: Step, known: Iterable[Endpoint]) -> None:
    for at in known:
        stage.devices.remember(at)
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
