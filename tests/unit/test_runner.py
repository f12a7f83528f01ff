"""The walk through a lab, as a playbook of requests and replies: no kernel, no screen."""

from pathlib import Path

import pytest

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
from tunlab.engine.runner import Answers, Jumped, Left, Walk, play
from tunlab.errors import KernelError
from tunlab.model.checks import DeviceCheck
from tunlab.model.events import PredictionJudged, StepFinished, StepStarted
from tunlab.model.lab import Lab, Prose, Step, StepProse
from tunlab.model.prediction import Answer, Prediction
from tunlab.model.topology import Endpoint, Node, Topology
from tunlab.model.verbs import AddAddress, Ping, SetLink, Verb

TUN0 = Endpoint("h1", "tun0")
ADDRESS = AddAddress(TUN0, "192.0.2.1/24")
UP = SetLink(TUN0, state="up")
PING = Ping("h1", "192.0.2.2")
CHECK = DeviceCheck("there", ("C24",), TUN0)
CHOICE = Prediction("choice", "there", {"none": "0", "one": "1", "many": "2.."})


def lab(*steps: Step, explain: bool = True) -> Lab:
    sections = {"say": "…"} | ({"explain": "…"} if explain else {})
    prose = Prose("t", "i", {step.id: StepProse(step.id, sections, 1) for step in steps})
    return Lab("lab-x", Path(), Topology((Node("h1"),)), (), steps, {"en": prose, "zh": prose})


def step(name: str, *do: Verb, requires: tuple[str, ...] = (), predict: Prediction | None = None) -> Step:
    return Step(name, ("C24",), requires, do, None, (CHECK,), predict=predict)


def turn(name: str, *solve: Verb, predict: Prediction | None = None) -> Step:
    return Step(name, ("C24",), (), (), None, (CHECK,), solve=solve, predict=predict)


class Player:
    """Answers a walk as it was told to, and keeps what was asked."""

    def __init__(self, replies: dict[type, list[Reply]] | None = None) -> None:
        self.replies = {kind: list(each) for kind, each in (replies or {}).items()}
        self.asked: list[Request] = []

    def reply(self, request: Request) -> Reply:
        self.asked.append(request)
        if queue := self.replies.get(type(request)):
            return queue.pop(0)
        match request:
            case Ask() | Await():
                return ENTER
            case Predict():
                return Answer()
            case Judge(judged):
                return Verdict(("pass",), {f"{judged.id}.there": "1"}, {"there": "1"})
        return None

    def play(self, walk: Walk) -> None:
        reply: Reply = None
        while True:
            try:
                reply = self.reply(walk.send(reply))
            except StopIteration:
                return

    def of(self, kind: type) -> list[Request]:
        return [request for request in self.asked if type(request) is kind]

    def told(self, kind: type) -> list[object]:
        return [request.what for request in self.asked if isinstance(request, Tell) and type(request.what) is kind]


def played(walk: Walk, replies: dict[type, list[Reply]] | None = None) -> Player:
    player = Player(replies)
    player.play(walk)
    return player


def kinds(player: Player) -> list[type]:
    return [type(request) for request in player.asked]


def test_a_step_in_order() -> None:
    player = played(play(lab(step("up", ADDRESS, UP))))
    begun = [Introduce, Ask, Tell, Say, Need, Show, Ask, Begin, Do, Do, Settle, Judge, Tell, Ask, Explain, Ask]
    assert kinds(player) == begun
    assert [ask.to for ask in player.of(Ask)] == ["next", "act", "explain", "end"]
    assert [do.verb for do in player.of(Do)] == [ADDRESS, UP]


def test_a_step_that_only_looks() -> None:
    player = played(play(lab(step("born"), explain=False)))
    assert [ask.to for ask in player.of(Ask)] == ["next", "look", "end"]


def test_a_prediction_is_committed_before_a_command_is_shown_and_revealed_after_the_checks() -> None:
    player = played(play(lab(step("up", UP, predict=CHOICE))), {Predict: [Answer("many", "because")]})
    order = kinds(player)
    assert order.index(Predict) < order.index(Show) < order.index(Do) < order.index(Judge) < order.index(Reveal)
    assert player.told(PredictionJudged) == [PredictionJudged("up", "choice", "many", "one", False, "because")]


@pytest.mark.parametrize(
    ("prediction", "answer", "observed", "matched"),
    [
        (CHOICE, "one", "one", True),
        (Prediction("number", "there"), "1", "1", True),
        (Prediction("number", "there"), "4", "1", False),
        (Prediction("text", "there"), " 1", "1", True),
        (CHOICE, None, "one", None),
        (Prediction("choice", "there", {"none": "0", "many": "2.."}), "none", None, None),
    ],
)
def test_what_was_predicted(prediction: Prediction, answer: str | None, observed: str, matched: bool | None) -> None:
    player = played(play(lab(step("up", UP, predict=prediction))), {Predict: [Answer(answer)]})
    (told,) = player.told(PredictionJudged)
    assert isinstance(told, PredictionJudged)
    assert (told.answer, told.observed, told.matched) == (answer, observed, matched)


def test_an_answer_that_was_committed_is_not_asked_for_again() -> None:
    answers: Answers = {}
    walk = play(lab(step("up", UP, predict=CHOICE)), answers=answers)
    with pytest.raises(Jumped):
        Player({Predict: [Answer("one")], Ask: [ENTER, REBUILD]}).play(walk)
    player = played(play(lab(step("up", UP, predict=CHOICE)), Jump("up"), answers=answers, introduce=False))
    assert player.of(Predict) == []
    assert [told.matched for told in player.told(PredictionJudged)] == [True]  # type: ignore[attr-defined]


def test_the_learners_turn_runs_nothing() -> None:
    player = played(play(lab(turn("up", ADDRESS, UP))))
    assert kinds(player) == [Introduce, Ask, Tell, Say, Need, Await, Judge, Tell, Ask, Explain, Ask]
    assert player.told(StepFinished) == [StepFinished("up", "done")]


def test_what_is_the_learners_to_do_is_run_where_nobody_is_there() -> None:
    player = played(play(lab(turn("up", ADDRESS, UP))), {Await: [SOLVE]})
    assert [do.verb for do in player.of(Do)] == [ADDRESS, UP]
    assert player.told(StepFinished) == [StepFinished("up", "done", solved=True)]


def test_the_solution_runs_on_a_stage_that_is_built_anew() -> None:
    with pytest.raises(Jumped) as jumped:
        played(play(lab(step("one", UP), turn("two", PING))), {Await: [Jump("two", solve=True)]})
    player = played(play(lab(step("one", UP), turn("two", PING)), jumped.value.jump, introduce=False))
    assert player.of(Await) == []
    assert [do.verb for do in player.of(Do)] == [PING]
    assert player.told(StepFinished) == [StepFinished("two", "done", solved=True)]


def test_enter_leads_to_the_next_step_and_values_go_along() -> None:
    player = played(play(lab(step("one", UP), step("two", UP), explain=False)))
    assert [(ask.to, ask.then) for ask in player.of(Ask)] == [
        ("next", "one"),
        ("act", None),
        ("next", "two"),
        ("act", None),
        ("end", None),
    ]
    assert [said.values.get("one.there") for said in player.of(Say)] == ["1", "1"]  # one mapping, filled as it goes


def test_a_part_that_is_not_the_last_goes_on_without_a_key() -> None:
    player = played(play(lab(step("one", UP), explain=False), final=False))
    assert [ask.to for ask in player.of(Ask)] == ["next", "act"]


def test_from_a_step_on_what_lies_before_it_is_rebuilt() -> None:
    player = played(play(lab(step("one", UP), step("two", PING), step("three", UP)), Jump("three")))
    assert [[step.id for step in again.steps] for again in player.of(Rebuild)] == [["one", "two"]]
    assert [said.step.id for said in player.of(Say)] == ["three"]
    assert next(ask.then for ask in player.of(Ask)) == "three"


def test_only_one_step() -> None:
    player = played(play(lab(step("one"), step("two"), step("three"), explain=False), Jump("two"), until="two"))
    assert [said.step.id for said in player.of(Say)] == ["two"]
    assert [ask.to for ask in player.of(Ask)] == ["next", "look", "end"]


@pytest.mark.parametrize("asked", [0, 1, 2, 3])
def test_q_leaves_at_every_prompt(asked: int) -> None:
    with pytest.raises(Left):
        played(play(lab(step("one", PING))), {Ask: [ENTER] * asked + [LEAVE]})


@pytest.mark.parametrize("kind", [Predict, Await])
def test_q_leaves_a_question_and_ones_own_turn(kind: type) -> None:
    with pytest.raises(Left):
        played(play(lab(turn("one", PING, predict=CHOICE))), {kind: [LEAVE]})


@pytest.mark.parametrize(("reply", "to"), [(REBUILD, "one"), (Jump("two"), "two")])
@pytest.mark.parametrize("kind", [Predict, Await])
def test_elsewhere_from_a_question_and_from_ones_own_turn(kind: type, reply: Reply, to: str) -> None:
    with pytest.raises(Jumped) as jumped:
        played(play(lab(turn("one", PING, predict=CHOICE), step("two"))), {kind: [reply]})
    assert jumped.value.jump == Jump(to)


def test_what_is_missing_skips_the_step_but_not_the_state_that_later_ones_need() -> None:
    player = played(play(lab(step("one", ADDRESS, PING, predict=CHOICE), step("two"))), {Need: ["missing_ipv6"]})
    assert [do.verb for do in player.of(Do)] == [ADDRESS]
    assert player.of(Predict) == []
    told = [request.what for request in player.of(Tell)]
    assert [(what.status, what.reason) for what in told if hasattr(what, "status")] == [("skipped", "missing_ipv6")]
    assert [what.state for what in told if isinstance(what, StepFinished)] == ["skipped", "done"]


def test_a_failed_check_fails_the_step_and_the_walk_goes_on() -> None:
    player = played(play(lab(step("one"), step("two"))), {Judge: [Verdict(("fail", "pass"))]})
    assert [what.state for what in player.told(StepFinished)] == ["failed", "done"]  # type: ignore[attr-defined]


def test_a_refused_verb_is_told_and_ends_the_walk() -> None:
    walk = play(lab(step("one", UP), step("two")))
    request = next(walk)
    while not isinstance(request, Do):
        request = walk.send(ENTER if isinstance(request, Ask) else None)
    told = walk.throw(KernelError("ENODEV", "ip link set dev tun0 up"))
    assert told == Tell(StepFinished("one", "error"))
    with pytest.raises(KernelError):
        walk.send(None)


def test_the_lab_introduces_itself_before_its_first_step() -> None:
    walk = play(lab(step("one")))
    assert isinstance(next(walk), Introduce)
    asked = walk.send(None)
    assert isinstance(asked, Ask) and (asked.to, asked.then) == ("next", "one")
    assert walk.send(ENTER) == Tell(StepStarted("one"))
