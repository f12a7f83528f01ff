"""Waits for the learner: at a prompt, in a prediction, and while they do a step themselves."""

from collections.abc import Callable, Sequence
from typing import Protocol

from tunlab.engine.judge import judge
from tunlab.engine.requests import CHECK, ENTER, SOLVE, Ask, Await, Predict, Pressed, Shell
from tunlab.engine.settle import settled
from tunlab.engine.shell import PONDERING
from tunlab.engine.stage import Stage
from tunlab.errors import TunlabError
from tunlab.model.events import CheckJudged
from tunlab.model.lab import Step
from tunlab.model.prediction import Answer

_REST = 5  # times as long as a look took, until the next


class Asked(Protocol):
    """Who is asked, and answers with keys."""

    @property
    def attended(self) -> bool:
        """Whether somebody is there to answer; else what is asked is answered by itself."""

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

    def refused(self, error: TunlabError) -> None:
        """A shell could not be opened."""

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
    if not audience.attended:
        return by_itself(turn)
    look = _Look(stage, turn.step)
    audience.begin(turn.step)
    audience.ask(turn)
    try:
        while not look.done():
            key = audience.key()
            if isinstance(key, Shell):
                _shell(key, stage, audience, look.done)
                audience.ask(turn)
            elif key == CHECK:
                audience.unfinished([judgement.result for judgement in judge(stage, turn.step)])
                audience.ask(turn)
            elif key is not None:
                return key
            else:
                stage.loop.turn(PONDERING)
        return ENTER
    finally:
        audience.end()


class _Look:
    """Looks now and then at what the learner has done: where there are many packets, looking takes time too."""

    def __init__(self, stage: Stage, step: Step) -> None:
        self._stage = stage
        self._step = step
        self._began = stage.log.now()
        self._next = 0.0

    def done(self) -> bool:
        """Whether the step's checks passed at the last look."""
        now = self._stage.log.now()
        if now < self._next:
            return False
        done = settled(self._stage, self._step, self._began)
        after = self._stage.log.now()
        self._next = after + max(PONDERING, _REST * (after - now))
        return done


def _shell(shell: Shell, stage: Stage, audience: Asked, done: Callable[[], bool]) -> None:
    refused: TunlabError | None = None
    audience.step_aside(shell.node)
    try:
        with stage.without_keyboard():
            stage.shells.open(shell, done, audience.finished_in_shell())
    except TunlabError as error:
        refused = error
    finally:
        audience.come_back()
    if refused:
        audience.refused(refused)
