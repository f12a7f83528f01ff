"""How a lab is walked through: a generator of requests, without any I/O of its own."""

from collections.abc import Generator

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
from tunlab.errors import TunlabError
from tunlab.model.events import CheckJudged, StepFinished, StepStarted
from tunlab.model.lab import Lab, Step

LEAVE = "q"


class Left(Exception):
    """The learner left before the end."""


Walk = Generator[Request, Reply, None]


def play(lab: Lab, final: bool = True) -> Walk:
    """Walk through a lab.

    `final`: no lab comes after this one, so the last Enter ends the run. Raises Left when the learner
    leaves, and lets a TunlabError of an action through after the step has been told as `error`.
    """
    values: dict[str, str] = {}
    yield Introduce(lab)
    yield from _ask(Ask("next", lab.steps[0].id))
    for number, step in enumerate(lab.steps):
        following = lab.steps[number + 1].id if number + 1 < len(lab.steps) else None
        yield Tell(StepStarted(step.id))
        yield Say(lab, step, number + 1, values)
        missing = yield Need(step.requires)
        if not missing:
            yield from _ask(Ask("act", acts=bool(step.do)))
        try:
            yield from _skip(step, str(missing)) if missing else act(step)
        except TunlabError:
            yield Tell(StepFinished(step.id, "error"))
            raise
        if missing:
            continue
        verdict = yield Judge(step)
        assert isinstance(verdict, Verdict)
        values |= verdict.values
        yield Tell(StepFinished(step.id, state_of(verdict)))
        if any("explain" in prose.steps[step.id].sections for prose in lab.prose.values()):
            yield from _ask(Ask("explain"))  # what the packets say is looked at before the reason is read
            yield Explain(lab, step, values)
        if following or final:
            yield from _ask(Ask("next" if following else "end", following))


def act(step: Step) -> Generator[Request, Reply, None]:
    """A step's action: its verbs, then its watch."""
    yield Begin(step)
    for verb in step.do:
        yield Do(step, verb)
    yield Settle(step)


def state_of(verdict: Verdict) -> str:
    """How a step ended."""
    return "done" if {"pass", "skipped"}.issuperset(verdict.statuses) else "failed"


def _ask(ask: Ask) -> Generator[Request, Reply, None]:
    if (yield ask) == LEAVE:
        raise Left


def _skip(step: Step, reason: str) -> Generator[Request, Reply, None]:
    for verb in step.groundwork():
        yield Do(step, verb)
    for check in step.checks:
        yield Tell(CheckJudged(step.id, check.id, check.claims, "skipped", "", "", reason))
    yield Tell(StepFinished(step.id, "skipped"))
