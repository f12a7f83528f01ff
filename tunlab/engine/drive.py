"""Drives a walk on a stage, for an audience: the keyboard with its screen, `--auto`, or a test."""

from typing import Protocol

from tunlab.engine.judge import Judgement, judge
from tunlab.engine.perform import perform
from tunlab.engine.requests import (
    Ask,
    Begin,
    Do,
    Explain,
    Introduce,
    Judge,
    Need,
    Reply,
    Request,
    Say,
    Settle,
    Tell,
    Verdict,
)
from tunlab.engine.runner import Walk
from tunlab.engine.stage import Stage
from tunlab.errors import TunlabError
from tunlab.kernel import probe
from tunlab.model.events import Entry, StepStarted
from tunlab.model.lab import Step
from tunlab.model.topology import Endpoint


class Audience(Protocol):
    """Who watches a run, and decides when it goes on."""

    def entry(self, entry: Entry) -> None:
        """Something was logged."""

    def introduce(self, introduced: Introduce) -> None:
        """A lab begins."""

    def say(self, said: Say) -> None:
        """A step begins."""

    def begin(self, step: Step) -> None:
        """Its action begins: show what happens from here on."""

    def tick(self) -> None:
        """A turn of the loop is over: redraw what changed. May raise Left."""

    def end(self) -> None:
        """The action is over: the last frame stays."""

    def explain(self, explained: Explain) -> None:
        """The packets have spoken: say why."""

    def ask(self, ask: Ask) -> None:
        """Say which keys are valid now."""

    def key(self) -> str | None:
        """The key that was pressed since `ask`, or None when none was that is valid."""


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
        case Say():
            audience.say(request)
        case Ask():
            return _ask(request, stage, audience)
        case Need(requirements):
            return probe.first_missing(requirements)
        case Begin(step):
            audience.begin(step)
        case Do(step, verb):
            with stage.watching(*_watched(step)):
                perform(stage, verb)
        case Settle(step):
            settle(stage, step)
            audience.end()
        case Judge(step):
            judged = judge(stage, step)
            for judgement in judged:
                stage.log.add(judgement.result)
            return _verdict(judged)
        case Explain():
            audience.explain(request)
    return None


def settle(stage: Stage, step: Step) -> None:
    """Wait until a step's checks pass and nothing came for as long as its watch wants, at most its deadline."""
    watch = step.watch
    if watch is None:
        return
    began = stage.log.now()

    def settled() -> bool:
        if stage.log.now() - max(began, stage.evidence.last_packet) < watch.quiet:
            return False
        return all(judgement.result.status == "pass" for judgement in judge(stage, step))

    with stage.watching(watch.at):
        stage.loop.wait(settled, watch.deadline)
        stage.devices.look(watch.at)


def _watched(step: Step) -> tuple[Endpoint, ...]:
    return (step.watch.at,) if step.watch else ()


def _ask(ask: Ask, stage: Stage, audience: Audience) -> str:
    audience.ask(ask)
    while (key := audience.key()) is None:
        stage.loop.turn()
    return key


def _verdict(judged: list[Judgement]) -> Verdict:
    values: dict[str, str] = {}
    for judgement in judged:
        name = f"{judgement.result.step}.{judgement.result.check}"
        values[name] = judgement.result.actual
        if judgement.length is not None:
            values[f"{name}.length"] = str(judgement.length)
    return Verdict(tuple(judgement.result.status for judgement in judged), values)
