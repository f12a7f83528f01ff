"""Drives a walk on a stage, for an audience: the keyboard with its screen, `--auto`, or a test."""

from typing import Protocol

from tunlab.engine.judge import Judgement, judge
from tunlab.engine.perform import perform
from tunlab.engine.rebuild import rebuild
from tunlab.engine.requests import (
    Ask,
    Await,
    Begin,
    Do,
    Explain,
    Introduce,
    Judge,
    Need,
    Predict,
    Rebuild,
    Reply,
    Request,
    Reveal,
    Say,
    Settle,
    Show,
    Tell,
    Verdict,
)
from tunlab.engine.runner import Walk
from tunlab.engine.settle import settle
from tunlab.engine.stage import Stage
from tunlab.engine.turn import Asked, ask, take_turn
from tunlab.errors import TunlabError
from tunlab.kernel import probe
from tunlab.model.events import Entry, StepRunning, StepStarted
from tunlab.model.lab import Step
from tunlab.model.topology import Endpoint
from tunlab.model.trace import Outcome


class Audience(Asked, Protocol):
    """Who watches a run, and decides when it goes on."""

    def entry(self, entry: Entry) -> None:
        """Something was logged."""

    def introduce(self, introduced: Introduce) -> None:
        """A lab begins."""

    def rebuild(self, rebuilt: Rebuild) -> None:
        """What earlier steps left is brought back."""

    def say(self, said: Say) -> None:
        """A step begins."""

    def show(self, step: Step) -> None:
        """These are the commands that are about to run."""

    def tick(self) -> None:
        """A turn of the loop is over: redraw what changed. May raise Left."""

    def reveal(self, reveal: Reveal) -> None:
        """The packets have answered the question."""

    def explain(self, explained: Explain) -> None:
        """The packets have spoken: say why."""


def drive(walk: Walk, stage: Stage, audience: Audience) -> None:
    """Answer a walk's requests until it ends. Errors of verbs are thrown into it."""
    reply: Reply = None
    failed: TunlabError | None = None
    while True:
        try:
            request = walk.throw(failed) if failed else walk.send(reply)
        except StopIteration:
            return
        reply, failed = None, None
        try:
            reply = _answer(request, stage, audience)
        except TunlabError as error:
            audience.end()
            failed = error


def _answer(request: Request, stage: Stage, audience: Audience) -> Reply:
    match request:
        case Tell(what):
            if isinstance(what, StepStarted):
                stage.begin_step(what.step)
            stage.log.add(what)
        case Introduce():
            audience.introduce(request)
        case Rebuild(steps=steps):
            audience.rebuild(request)
            rebuild(stage, steps)
        case Say(step=step):
            _look_into(stage, step)
            audience.say(request)
        case Show(step):
            audience.show(step)
        case Ask() | Predict():
            return ask(request, stage, audience)
        case Await(step):
            with stage.watching(*_watched(step)):
                return take_turn(request, stage, audience)
        case Need(requirements):
            return probe.first_missing(requirements)
        case Begin(step):
            stage.begin_step(step.id)
            stage.log.add(StepRunning(step.id))
            audience.begin(step)
        case Do(step, verb):
            with stage.watching(*_watched(step)):
                perform(stage, verb)
            _look_into(stage, step)
        case Settle(step):
            settle(stage, step)
            _look_into(stage, step)
            audience.end()
        case Judge(step):
            judged = judge(stage, step)
            for judgement in judged:
                stage.log.add(judgement.result)
            return _verdict(judged)
        case Reveal():
            audience.reveal(request)
        case Explain():
            audience.explain(request)
    return None


def _watched(step: Step) -> tuple[Endpoint, ...]:
    return step.watch.devices() if step.watch else ()


def _look_into(stage: Stage, step: Step) -> None:
    if step.figure:
        stage.look_into(step.figure)


def _verdict(judged: list[Judgement]) -> Verdict:
    values: dict[str, str | Outcome] = {}
    measured: dict[str, str] = {}
    for judgement in judged:
        name = f"{judgement.result.step}.{judgement.result.check}"
        values[name] = judgement.told()
        if judgement.length is not None:
            values[f"{name}.length"] = str(judgement.length)
        if judgement.value is not None:
            measured[judgement.result.check] = judgement.value
    passed = frozenset(judgement.result.check for judgement in judged if judgement.result.status == "pass")
    return Verdict(tuple(judgement.result.status for judgement in judged), values, measured, passed)
