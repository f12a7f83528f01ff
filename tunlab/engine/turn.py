"""Waits for the learner: at a prompt, in a prediction, and while they do a step themselves."""

from collections.abc import Callable, Sequence
from typing import Protocol

from tunlab.engine.judge import judge
from tunlab.engine.requests import CHECK, ENTER, SOLVE, Ask, Await, Predict, Pressed, Shell
from tunlab.engine.settle import settled
from tunlab.engine.shell import PONDERING
from tunlab.engine.stage import Stage
from tunlab.model.events import CheckJudged
from tunlab.model.lab import Step
from tunlab.model.prediction import Answer


class Asked(Protocol):
    """Who is asked, and answers with keys."""

    def ask(self, ask: Ask | Predict | Await) -> None:
        """Say which keys are valid now."""

    def key(self) -> Pressed | None:
        """What was pressed since `ask` that answers it, or None when nothing was."""

    def begin(self, step: Step) -> None:
        """Show what happens from here on."""

    def end(self) -> None:
        """It is over: the last frame stays."""

    def unfinished(self, results: Sequence[CheckJudged]) -> None:
        """The learner had their work checked: this is how far it is."""

    def step_aside(self, node: str) -> None:
        """A shell of this node gets the terminal."""

    def come_back(self) -> None:
        """The shell has ended."""

    def finished_in_shell(self) -> str:
        """What the shell is to say once the step's checks pass."""


def by_itself(asked: Ask | Predict | Await | None) -> Pressed:
    """What is answered where nobody is asked: no prediction is made, and the solution is run."""
    match asked:
        case Predict():
            return Answer()
        case Await():
            return SOLVE
    return ENTER


def ask(asked: Ask | Predict, stage: Stage, audience: Asked) -> Pressed:
    """Wait for an answer. A shell is opened on the way."""
    audience.ask(asked)
    while True:
        key = audience.key()
        if isinstance(key, Shell):
            _shell(key, stage, audience, lambda: False)
            audience.ask(asked)
        elif key is not None:
            return key
        else:
            stage.loop.turn()


def take_turn(turn: Await, stage: Stage, audience: Asked) -> Pressed:
    """The learner's turn: the kernel and the packets mark it; that needs no key, and counts as Enter."""
    step = turn.step
    began = stage.log.now()

    def done() -> bool:
        return settled(stage, step, began)

    audience.begin(step)
    audience.ask(turn)
    try:
        while not done():
            key = audience.key()
            if isinstance(key, Shell):
                _shell(key, stage, audience, done)
                audience.ask(turn)
            elif key == CHECK:
                audience.unfinished([judgement.result for judgement in judge(stage, step)])
                audience.ask(turn)
            elif key is not None:
                return key
            else:
                stage.loop.turn(PONDERING)
        return ENTER
    finally:
        audience.end()


def _shell(shell: Shell, stage: Stage, audience: Asked, done: Callable[[], bool]) -> None:
    audience.step_aside(shell.node)
    try:
        with stage.without_keyboard():
            stage.shells.open(shell, done, audience.finished_in_shell())
    finally:
        audience.come_back()
