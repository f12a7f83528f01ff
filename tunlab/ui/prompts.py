"""Which keys are valid when, and what each of them does."""

from collections.abc import Callable, Mapping, Sequence

from tunlab.engine.requests import CHECK, ENTER, LEAVE, REBUILD, SOLVE, Ask, Await, Jump, Predict, Pressed
from tunlab.engine.runner import Left
from tunlab.i18n import Words, speak
from tunlab.model.lab import Step
from tunlab.ui.desk import Desk
from tunlab.ui.entry import Entry
from tunlab.ui.footer import KeyLine, Press
from tunlab.ui.guide import Guide
from tunlab.ui.page import Page
from tunlab.ui.question import Question


class Prompts:
    """Puts the keys in charge that belong to what was asked; the guide looks up what answers nothing."""

    def __init__(self, page: Page, desk: Desk, guide: Guide) -> None:
        self._page = page
        self._desk = desk
        self._guide = guide
        self._asked: Ask | Predict | Await | None = None

    def wait(self, asked: Ask | Predict | Await) -> None:
        """Put the keys of what was asked in charge."""
        self._asked = asked
        self._wait()

    def watch(self) -> None:
        """Nothing is asked: packets are awaited."""
        self._asked = None
        self._desk.show(KeyLine("", self._while_watching, self._words))

    def print_question(self, asked: Predict) -> None:
        """The question of a prediction with its answers."""
        self._question(asked).print()

    def _wait(self) -> None:
        ask = self._asked
        match ask:
            case Predict():
                self._question(ask).wait()
            case Await():
                self._desk.show(KeyLine(self._page.words("footer_turn"), self._in_turn, self._words))
            case Ask():
                self._desk.show(KeyLine(self._enter(ask), lambda: self._at_prompt(ask), self._words))

    def _words(self) -> Words:
        return self._page.words

    def _type_in(self, label: str, accept: Callable[[str], Pressed | None]) -> None:
        """Have a line typed; unless it leads elsewhere, what was asked is asked again."""

        def accepted(text: str) -> Pressed | None:
            answer = accept(text)
            if answer is None:
                self._wait()
            return answer

        self._desk.show(Entry(label, accepted, self._wait))

    def _question(self, asked: Predict) -> Question:
        return Question(asked, self._page, self._lookups, self._desk.show)

    def _at_prompt(self, ask: Ask) -> Mapping[str, Press]:
        presses = dict(self._lookups())
        if not ask.step:
            presses.pop(REBUILD, None)
        return presses | {ENTER: lambda: ENTER}

    def _in_turn(self) -> Mapping[str, Press]:
        step = self._guide.step
        assert step
        solve = Jump(step.id, solve=True)
        return {**self._lookups(), ENTER: self._say_whose_turn, CHECK: lambda: CHECK, SOLVE: lambda: solve}

    def _say_whose_turn(self) -> None:
        self._page.line(self._page.words("turn_enter"), "question")

    def _while_watching(self) -> Mapping[str, Press]:
        def leave() -> None:
            raise Left

        return {LEAVE: leave, "t": self._turn_language}

    def _lookups(self) -> Mapping[str, Press]:
        """The keys that are valid at every prompt, and do not answer it."""
        guide = self._guide
        presses: dict[str, Press] = {LEAVE: lambda: LEAVE, "t": self._turn_language, "?": self._help}
        if guide.lab is not None:
            presses["l"] = lambda: guide.list_steps(self._type_in)
        if (step := guide.step) is not None:
            presses |= {"b": self._again_said, REBUILD: lambda: REBUILD, "!": lambda: self._shell(step)}
        if guide.has_hints():
            presses["h"] = guide.hint
        if guide.rows():
            presses["i"] = lambda: guide.headers(self._type_in)
        return presses

    def _again_said(self) -> None:
        self._guide.say()
        if isinstance(self._asked, Predict):
            self._question(self._asked).print()

    def _shell(self, step: Step) -> Pressed | None:
        nodes = step.nodes()
        if len(nodes) == 1:
            return self._guide.shell(nodes[0])
        label = self._page.words("shell_which", nodes=", ".join(nodes), first=nodes[0])
        self._type_in(label, lambda text: self._guide.shell(_node_meant(text, nodes)))
        return None

    def _help(self) -> None:
        mode = self._desk.mode
        if isinstance(mode, KeyLine):
            self._guide.help(mode.valid())

    def _turn_language(self) -> None:
        self._page.turn_language()
        speak(self._page.language)
        if self._asked is None:
            self._desk.changed = True
        self._wait()

    def _enter(self, ask: Ask) -> str:
        words = self._page.words
        if ask.then is None or self._guide.lab is None:
            return words(f"footer_{ask.to}")
        return words("footer_next", title=self._guide.lab.prose[words.language].steps[ask.then].title)


def _node_meant(text: str, nodes: Sequence[str]) -> str:
    """The node of that name, small letters or not; the first where there is none."""
    return next((node for node in nodes if node.lower() == text.strip().lower()), nodes[0])
