"""Proves a lab: each step's checks fail before its action and pass after it, and nothing is left."""

from collections.abc import Callable
from pathlib import Path

from tunlab import paths
from tunlab.engine.judge import judge
from tunlab.engine.perform import perform
from tunlab.engine.rebuild import rebuild
from tunlab.engine.settle import settle
from tunlab.engine.stage import Stage
from tunlab.errors import TunlabError
from tunlab.kernel import probe
from tunlab.kernel.procfs import living
from tunlab.model.checks import fine
from tunlab.model.events import CheckJudged, LabProved, StepProved
from tunlab.model.lab import Lab, Step
from tunlab.session.log import EventLog


def prove(lab: Lab, log: EventLog, check: Callable[[], None]) -> bool:
    """Prove every step, logging step_proved for each and lab_proved at the end. `check` is called often."""
    before = _leavings()
    withheld = {step.id: _withheld(lab, step, log, check) for step in lab.steps if step.observes}
    differs = {step.id for number, step in enumerate(lab.steps) if not _can_be_begun_at(lab, number, log, check)}
    fine = True
    with Stage(lab, log) as stage:
        stage.loop.at_each_turn(check)
        for step in lab.steps:
            proof = _prove(stage, step, withheld.get(step.id), step.id not in differs)
            fine &= proof.state != "failed"
            log.add(proof)
    left = tuple(sorted(_leavings() - before))
    log.add(LabProved("proved" if fine and not left else "failed", left))
    return fine and not left


def _can_be_begun_at(lab: Lab, number: int, log: EventLog, check: Callable[[], None]) -> bool:
    """Whether what the steps before this one left can be brought back, as a jump or the next day wants it."""
    if number == 0:
        return True
    with Stage(lab, log) as stage:
        stage.loop.at_each_turn(check)
        try:
            rebuild(stage, lab.steps[:number], settled=False)
        except TunlabError:
            return False
    return True


def _prove(stage: Stage, step: Step, withheld: list[CheckJudged] | None, rebuilt: bool) -> StepProved:
    stage.begin_step(step.id)
    if missing := probe.first_missing(step.requires):
        for verb in step.groundwork():
            perform(stage, verb)
        return StepProved(step.id, "skipped", len(step.checks), 0, 0, reason=missing)
    before = withheld if withheld is not None else [judged.result for judged in judge(stage, step)]
    for verb in step.verbs():
        perform(stage, verb)
    settle(stage, step)
    after = [judged.result for judged in judge(stage, step)]
    early = tuple(result.check for result in before if result.status == "pass")
    late = tuple(result for result in after if not fine([result.status]))
    return StepProved(
        step=step.id,
        state="failed" if early or late or not rebuilt else "proved",
        checks=len(step.checks),
        failed_before=len(before) - len(early),
        passed_after=len(after) - len(late),
        early=early,
        late=late,
        rebuilt=rebuilt,
    )


def _withheld(lab: Lab, observing: Step, log: EventLog, check: Callable[[], None]) -> list[CheckJudged]:
    """What the checks of a step that only observes say where the action that it names was left out."""
    with Stage(lab, log) as stage:
        stage.loop.at_each_turn(check)
        for step in lab.steps:
            stage.begin_step(step.id)
            if step is observing:
                return [judged.result for judged in judge(stage, step)]
            if step.id != observing.observes and not probe.first_missing(step.requires):
                _try(stage, step)
    raise AssertionError("lint lets a step observe earlier ones only")


def _try(stage: Stage, step: Step) -> None:
    # Without the action that was left out, those that build on it may fail: that is the point.
    try:
        for verb in step.verbs():
            perform(stage, verb)
    except TunlabError:
        pass


def _leavings() -> set[str]:
    """All that could be left of a lab in this sandbox: namespaces, mounts, processes."""
    mounts = {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    names = {f"namespace {path.name}" for path in paths.NETNS.iterdir()}
    return (
        names
        | {f"mount {mount}" for mount in mounts}
        | {f"process {pid} {command}" for pid, command in living().items()}
    )
