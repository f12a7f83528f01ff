"""How a lab is walked through: a generator of requests, without any I/O of its own.

say > predict > do, or the learner does it > watch > check > reveal > explain
"""

from collections.abc import Generator, MutableMapping

from tunlab.engine.requests import (
    ENTER,
    LEAVE,
    REBUILD,
    SOLVE,
    Ask,
    Await,
    Begin,
    Do,
    Explain,
    Introduce,
    Judge,
    Jump,
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
from tunlab.errors import TunlabError
from tunlab.model.checks import fine
from tunlab.model.events import CheckJudged, PredictionJudged, StepFinished, StepStarted
from tunlab.model.lab import Lab, Step
from tunlab.model.prediction import Answer
from tunlab.model.trace import Outcome

Walk = Generator[Request, Reply, None]
Answers = MutableMapping[str, Answer]
Values = MutableMapping[str, str | Outcome]


class Left(Exception):
    """The learner left before the end."""


class Jumped(Exception):
    """The learner goes to another step, or to this one anew: on a stage that is built again."""

    def __init__(self, jump: Jump) -> None:
        super().__init__(jump)
        self.jump = jump


def play(
    lab: Lab,
    start: Jump | None = None,
    until: str | None = None,
    final: bool = True,
    answers: Answers | None = None,
    values: Values | None = None,
    introduce: bool = True,
) -> Walk:
    """Walk through a lab, or from a step on: what those before it left is rebuilt first.

    `until` is the last step; `final`: no lab comes after this one, so the last Enter ends the run. `answers` are
    predictions that were committed already, `values` what was measured already. Raises Left when the learner leaves,
    Jumped when they go elsewhere, and lets a TunlabError of an action through after the step was told as `error`.
    """
    answers = {} if answers is None else answers
    values = {} if values is None else values
    first = lab.position(start.step) if start else 0
    last = lab.position(until) if until else len(lab.steps) - 1
    if introduce:
        yield Introduce(lab)
    if first:
        yield Rebuild(lab.steps[:first], lab.steps[first].id)
    if introduce:
        yield from _ask(Ask("next", lab.steps[first].id, step=False))
    for index in range(first, last + 1):
        step = lab.steps[index]
        following = lab.steps[index + 1].id if index < last else None
        solve = start is not None and start.solve and index == first
        yield from _step(lab, step, index + 1, values, answers, solve)
        if following or final:
            yield from _ask(Ask("next" if following else "end", following), step)


def _step(
    lab: Lab, step: Step, number: int, values: Values, answers: Answers, solve: bool
) -> Generator[Request, Reply, None]:
    yield Tell(StepStarted(step.id))
    yield Say(lab, step, number, values)
    try:
        missing = yield Need(step.requires)
        if missing:
            yield from _skip(step, str(missing))
            return
        if step.predict and step.id not in answers:
            answers[step.id] = yield from _predict(lab, step, values)
        solved = yield from act(step, solve)
        verdict = yield Judge(step)
    except TunlabError:
        yield Tell(StepFinished(step.id, "error"))
        raise
    assert isinstance(verdict, Verdict)
    values.update(verdict.values)
    if step.predict:
        told = judged(step, answers[step.id], verdict)
        yield Tell(told)
        as_expected = step.predict.of in verdict.passed
        yield Reveal(lab, step, told, verdict.measured.get(step.predict.of), as_expected, values)
    yield Tell(StepFinished(step.id, "done" if fine(verdict.statuses) else "failed", solved))
    if any("explain" in prose.steps[step.id].sections for prose in lab.prose.values()):
        yield from _ask(Ask("explain"), step)  # the packets are looked at before the reason is read
        yield Explain(lab, step, values)


def act(step: Step, solve: bool = False) -> Generator[Request, Reply, bool]:
    """What the step is about: its verbs and its watch, or the learner's own turn. Whether tunlab solved it for them.

    Raises Jumped where the solution is asked for after the learner has tried: their half of it is in the way.
    """
    if step.solve and not solve:
        reply = yield Await(step)
        if reply == ENTER:
            return False
        if reply != SOLVE:
            _leave(reply, step)
    elif not step.solve:
        yield Show(step)
        yield from _ask(Ask("act" if step.do else "look"), step)
    if step.solve:
        yield Show(step)
    yield Begin(step)
    for verb in step.verbs():
        yield Do(step, verb)
    yield Settle(step)
    return bool(step.solve)


def judged(step: Step, answer: Answer, verdict: Verdict) -> PredictionJudged:
    """The answer that was committed, beside the one that was measured."""
    assert step.predict
    measured = verdict.measured.get(step.predict.of)
    observed = step.predict.right(measured) if measured is not None else None
    matched = None
    if answer.given is not None and measured is not None and observed is not None:
        outcome = step.predict.feedback(answer.given, measured)
        matched = outcome == (observed if step.predict.kind == "choice" else "right")
    return PredictionJudged(step.id, step.predict.kind, answer.given, observed, matched, answer.reason)


def _predict(lab: Lab, step: Step, values: Values) -> Generator[Request, Reply, Answer]:
    reply = yield Predict(lab, step, values)
    if isinstance(reply, Answer):
        return reply
    _leave(reply, step)
    raise AssertionError("an answer, or a way to leave")


def _ask(ask: Ask, step: Step | None = None) -> Generator[Request, Reply, None]:
    reply = yield ask
    if reply != ENTER:
        _leave(reply, step)


def _leave(reply: Reply, step: Step | None) -> None:
    """What every prompt knows beside its own answers: to leave, to rebuild the step, to go elsewhere."""
    if reply == LEAVE:
        raise Left
    if reply == REBUILD and step is not None:
        raise Jumped(Jump(step.id))
    if isinstance(reply, Jump):
        raise Jumped(reply)
    raise AssertionError(f"no prompt asked for {reply}")


def _skip(step: Step, reason: str) -> Generator[Request, Reply, None]:
    for verb in step.groundwork():
        yield Do(step, verb)
    for check in step.checks:
        yield Tell(CheckJudged(step.id, check.id, check.claims, "skipped", "", "", reason))
    yield Tell(StepFinished(step.id, "skipped"))
