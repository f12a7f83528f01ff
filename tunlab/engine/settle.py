"""Waits until a step has settled: its checks pass and its packets have fallen silent. Brings steps back, too."""

from collections.abc import Sequence
from dataclasses import replace

from tunlab.engine.judge import judge
from tunlab.engine.perform import perform
from tunlab.engine.replay import lasting
from tunlab.engine.stage import Stage
from tunlab.errors import Status, TunlabError
from tunlab.kernel import probe
from tunlab.model.checks import DeviceCheck
from tunlab.model.lab import Step

REBUILD_PATIENCE = 5.0  # seconds for what a step left to be there again


def settle(stage: Stage, step: Step) -> None:
    """Wait until a step's checks pass and nothing came for as long as its watch wants, at most its deadline."""
    watch = step.watch
    if watch is None:
        return
    began = stage.log.now()
    with stage.watching(*watch.devices()):
        stage.loop.wait(lambda: settled(stage, step, began), watch.deadline)
        for at in watch.devices():
            stage.devices.look(at)


def settled(stage: Stage, step: Step, since: float) -> bool:
    """Whether all checks of a step pass, and no packet came for its quiet time; that counts from `since` (s)."""
    if stage.log.now() - max(since, stage.evidence.last_packet) < (step.watch.quiet if step.watch else 0):
        return False
    return all(judgement.result.status in ("pass", "skipped") for judgement in judge(stage, step))


def rebuild(stage: Stage, steps: Sequence[Step]) -> None:
    """Do again what lasts of these steps. Raises TunlabError where a device is not what it was after the last one."""
    last = steps[-1]
    stage.begin_step(last.id)
    done = [(step.groundwork() if probe.first_missing(step.requires) else step.verbs()) for step in steps]
    for verb in lasting([verb for verbs in done for verb in verbs]):
        perform(stage, verb)
    checks = tuple(check for check in last.checks if isinstance(check, DeviceCheck) and not check.gone)
    state = replace(last, watch=None, checks=checks)
    if probe.first_missing(last.requires) or stage.loop.wait(lambda: settled(stage, state, 0), REBUILD_PATIENCE):
        return
    wrong = next(each.result for each in judge(stage, state) if each.result.status != "pass")
    raise TunlabError(
        "rebuild_differs", Status.CHECK_FAILED, step=last.id, expected=wrong.expected, actual=wrong.actual
    )
