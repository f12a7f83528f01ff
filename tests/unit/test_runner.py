"""The walk through a lab, as a playbook of requests and replies: no kernel, no screen."""

from pathlib import Path

import pytest

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
from tunlab.engine.runner import Left, play
from tunlab.errors import KernelError
from tunlab.model.checks import DeviceCheck
from tunlab.model.events import StepFinished, StepStarted
from tunlab.model.lab import Lab, Prose, Step, StepProse
from tunlab.model.topology import Endpoint, Node, Topology
from tunlab.model.verbs import AddAddress, Ping, SetLink

TUN0 = Endpoint("h1", "tun0")
ADDRESS = AddAddress(TUN0, "192.0.2.1/24")
UP = SetLink(TUN0, state="up")
PING = Ping("h1", "192.0.2.2")
CHECK = DeviceCheck("there", ("C24",), TUN0)


def lab(*steps: Step, explain: bool = True) -> Lab:
    sections = {"say": "…"} | ({"explain": "…"} if explain else {})
    prose = Prose("t", "i", {step.id: StepProse(step.id, sections, 1) for step in steps})
    return Lab("lab-x", Path(), Topology((Node("h1"),)), (), steps, {"en": prose, "zh": prose})


def step(name: str, *do: AddAddress | SetLink | Ping, requires: tuple[str, ...] = ()) -> Step:
    return Step(name, ("C24",), requires, do, None, (CHECK,))


class Player:
    """Answers a walk as it was told to, and keeps what was asked."""

    def __init__(self, replies: dict[type, list[Reply]]) -> None:
        self.replies = {kind: list(each) for kind, each in replies.items()}
        self.asked: list[Request] = []

    def reply(self, request: Request) -> Reply:
        self.asked.append(request)
        queue = self.replies.get(type(request), [])
        if isinstance(request, Ask):
            return queue.pop(0) if queue else "enter"
        if isinstance(request, Judge):
            return queue.pop(0) if queue else Verdict(("pass",), {f"{request.step.id}.there": "1"})
        return queue.pop(0) if queue else None

    def play(self, walk) -> None:
        reply: Reply = None
        while True:
            try:
                reply = self.reply(walk.send(reply))
            except StopIteration:
                return


def test_a_step_in_order() -> None:
    player = Player({})
    player.play(play(lab(step("up", ADDRESS, UP))))
    kinds = [type(request) for request in player.asked]
    assert kinds == [Introduce, Ask, Tell, Say, Need, Ask, Begin, Do, Do, Settle, Judge, Tell, Ask, Explain, Ask]
    assert [ask.to for ask in player.asked if isinstance(ask, Ask)] == ["next", "act", "explain", "end"]
    assert [do.verb for do in player.asked if isinstance(do, Do)] == [ADDRESS, UP]


def test_enter_leads_to_the_next_step_and_values_go_along() -> None:
    player = Player({})
    player.play(play(lab(step("one"), step("two"), explain=False)))
    assert [(ask.to, ask.then) for ask in player.asked if isinstance(ask, Ask)] == [
        ("next", "one"),
        ("act", None),
        ("next", "two"),
        ("act", None),
        ("end", None),
    ]
    said = [request for request in player.asked if isinstance(request, Say)]
    assert said[1].values["one.there"] == "1"


def test_a_part_that_is_not_the_last_goes_on_without_a_key() -> None:
    player = Player({})
    player.play(play(lab(step("one"), explain=False), final=False))
    assert [ask.to for ask in player.asked if isinstance(ask, Ask)] == ["next", "act"]


@pytest.mark.parametrize("asked", [0, 1, 2, 3])
def test_q_leaves_at_every_prompt(asked: int) -> None:
    player = Player({Ask: ["enter"] * asked + ["q"]})
    with pytest.raises(Left):
        player.play(play(lab(step("one", PING))))


def test_what_is_missing_skips_the_step_but_not_the_state_that_later_ones_need() -> None:
    player = Player({Need: ["missing_ipv6"]})
    player.play(play(lab(step("one", ADDRESS, PING), step("two"))))
    assert [do.verb for do in player.asked if isinstance(do, Do)] == [ADDRESS]
    told = [request.what for request in player.asked if isinstance(request, Tell)]
    assert [(what.status, what.reason) for what in told if hasattr(what, "status")] == [("skipped", "missing_ipv6")]
    assert [what.state for what in told if isinstance(what, StepFinished)] == ["skipped", "done"]


def test_a_failed_check_fails_the_step_and_the_walk_goes_on() -> None:
    player = Player({Judge: [Verdict(("fail", "pass"))]})
    player.play(play(lab(step("one"), step("two"))))
    told = [request.what for request in player.asked if isinstance(request, Tell)]
    assert [what.state for what in told if isinstance(what, StepFinished)] == ["failed", "done"]


def test_a_refused_verb_is_told_and_ends_the_walk() -> None:
    walk = play(lab(step("one", UP), step("two")))
    request = next(walk)
    while not isinstance(request, Do):
        request = walk.send("enter" if isinstance(request, Ask) else None)
    told = walk.throw(KernelError("ENODEV", "ip link set dev tun0 up"))
    assert told == Tell(StepFinished("one", "error"))
    with pytest.raises(KernelError):
        walk.send(None)


def test_the_lab_introduces_itself_before_its_first_step() -> None:
    walk = play(lab(step("one")))
    assert isinstance(next(walk), Introduce)
    assert walk.send(None) == Ask("next", "one")
    assert walk.send("enter") == Tell(StepStarted("one"))
