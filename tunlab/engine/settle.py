"""Waits until a step has settled: its checks pass, and its packets have fallen silent."""

from tunlab.engine.judge import judge
from tunlab.engine.stage import Stage
from tunlab.model.checks import fine
from tunlab.model.lab import Step


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
    return fine(judgement.result.status for judgement in judge(stage, step))
