"""What a learner may look up at any prompt: the text again, hints, headers, the steps, the keys."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from tunlab.engine.requests import Jump, Pressed, Say, Shell
from tunlab.model.lab import Lab, Step
from tunlab.ui.detail import detail
from tunlab.ui.filled import filled
from tunlab.ui.footer import KEYS
from tunlab.ui.page import Page, typed
from tunlab.ui.view import Row

_STATES = ("done", "solved", "failed", "skipped", "error")  # a newer tunlab may have kept another
_PLAYED = ("done", "solved")
LAST_HINT = 3  # the command, after the idea and where to look


# Has a line typed and hands it on; unless that leads elsewhere, what was asked is asked again.
TypeIn = Callable[[str, Callable[[str], Pressed | None]], None]


class Guide:
    """Prints on the page. `rows` gives the packets of this step, `figure` draws the node that it names."""

    def __init__(
        self, page: Page, rows: Callable[[], list[Row]], figure: Callable[[str], RenderableType] | None = None
    ) -> None:
        self._page = page
        self._figure = figure
        self.rows = rows
        self._hints = 0  # how many were given in this step
        self._said: Say | None = None
        self.lab: Lab | None = None
        self._parts: Sequence[Lab] = ()
        self._states: dict[str, dict[str, str]] = {}  # how steps ended, by lab

    def begin_section(self, parts: Sequence[Lab], states: Mapping[str, Mapping[str, str]]) -> None:
        """The labs of this run; `states` is how their steps ended in earlier ones."""
        self._parts = parts
        self._states = {lab.id: dict(states.get(lab.id, {})) for lab in parts}

    def begin_lab(self, lab: Lab) -> None:
        """From here on it is about this lab."""
        self.lab = lab
        self._said = None

    @property
    def states(self) -> dict[str, str]:
        """How the steps of this lab ended, now or earlier."""
        return self._states.setdefault(self.lab.id, {}) if self.lab else {}

    def begin_step(self, said: Say) -> None:
        """From here on it is about this step."""
        self._said = said
        self._hints = 0

    @property
    def step(self) -> Step | None:
        """The step that is being played."""
        return self._said.step if self._said else None

    def title(self, step: str, part: str | None = None) -> str:
        """A step as a person knows it: its number and title; a step of a section's `part` with the lab in front."""
        lab = next((each for each in self._parts if each.id == part), self.lab)
        if lab is None or step not in lab.prose[self._page.language].steps:
            return step
        title = lab.prose[self._page.language].steps[step].title
        told = self._page.words("step_title", number=lab.position(step) + 1, title=title)
        return f"{lab.id}  {told}" if part and len(self._parts) > 1 else told

    def has_hints(self) -> bool:
        """Whether there is a hint that was not given yet."""
        if self._said is None:
            return False
        return bool(self._prose_hints()) and self._hints < self._most_hints()

    def say(self) -> None:
        """The step's heading and text."""
        if self._said is None:
            return
        page, said = self._page, self._said
        prose = said.lab.prose[page.language].steps[said.step.id]
        key = "step_of_turn" if said.step.solve else "step_of"
        of = page.words(key, number=said.number, total=len(said.lab.steps))
        page.heading(f"{said.lab.id}  {prose.title}", of)
        page.prose(filled(prose.sections["say"], said.values, page.words))
        if self._figure and said.step.figure:
            page.indented(self._figure(said.step.figure))
            page.blank()

    def hint(self) -> None:
        """The next hint: the idea, where to look, the command."""
        assert self._said
        self._hints += 1
        page = self._page
        page.indented(Text(page.words("hint_number", number=self._hints, total=self._most_hints()), style="question"))
        if self._hints == LAST_HINT:
            page.typed(*self._said.step.solve)
        else:
            page.prose(filled(self._prose_hints()[self._hints - 1], self._said.values, page.words))

    def shell(self, node: str) -> Shell:
        """A shell in a node; a command that was given as a hint is in its history."""
        step = self.step
        given = step is not None and self._hints == LAST_HINT
        verbs = step.solve if given and step else ()
        return Shell(node, tuple(line for verb in verbs for line in typed(verb)))

    def headers(self, type_in: TypeIn) -> None:
        """Ask which of the step's packets is meant, and show it in full."""
        rows = self.rows()

        def chosen(text: str) -> None:
            number = len(rows) if not text else int(text) if text.isdecimal() and text.isascii() else 0
            if 1 <= number <= len(rows):
                self._page.indented(detail(rows[number - 1].packet, number, self._page.words))
            else:
                self._page.line(self._page.words("headers_no_such", last=len(rows)), "wrong")
            self._page.blank()

        if len(rows) == 1:
            chosen("1")
        else:
            type_in(self._page.words("headers_which", last=len(rows)), chosen)

    def list_steps(self, type_in: TypeIn) -> None:
        """The steps with how each ended, and a way to any of them."""
        lab, page = self.lab, self._page
        assert lab
        titles = lab.prose[page.language].steps
        table = Table.grid(padding=(0, 2, 0, 0))
        here = self.step.id if self.step else None
        for number, step in enumerate(lab.steps, 1):
            state = self.states.get(step.id)
            told = page.words(f"list_{state if state in _STATES else 'done'}") if state else ""
            mark = ">" if step.id == here else ""
            turn = page.words("list_turn") if step.solve else ""
            table.add_row(mark, str(number), Text(told), Text(turn), Text(titles[step.id].title))
        page.indented(table)
        page.blank()
        others = [part for part in self._parts if part.id != lab.id]
        for part in others:
            title = part.prose[page.language].title
            done = sum(self._states[part.id].get(step.id) in _PLAYED for step in part.steps)
            page.indented(Text(page.words("list_part", lab=part.id, title=title, done=done, steps=len(part.steps))))
        if others:
            page.blank()

        def chosen(text: str) -> Pressed | None:
            name, _, step = text.rpartition(":")
            part = next((part for part in others if part.id in (name, text)), None)
            if part and part.id == text:
                found: str | None = self._next(part)
            else:
                found = _step(part or lab, step if part else text)
            if found:
                return Jump(found, lab=part.id if part else "")
            if text:
                page.line(page.words("list_no_such"), "wrong")
                page.blank()
            return None

        key = "list_which_part" if others else "list_which"
        type_in(page.words(key, last=len(lab.steps), other=others[0].id if others else ""), chosen)

    def _next(self, lab: Lab) -> str:
        """Where the learner goes on in a lab: the first step that was not played yet, or the first."""
        played = self._states[lab.id]
        return next((step.id for step in lab.steps if step.id not in played), lab.steps[0].id)

    def help(self, valid: Iterable[str]) -> None:
        """What each key does that is valid now."""
        page = self._page
        table = Table.grid(padding=(0, 2, 0, 0))
        for key, name in KEYS.items():
            if key in valid:
                table.add_row(Text(key, style="question"), Text(page.words(f"help_key_{name}")))
        page.indented(table)
        page.blank()

    def _prose_hints(self) -> tuple[str, ...]:
        assert self._said
        return self._said.lab.prose[self._page.language].steps[self._said.step.id].hints

    def _most_hints(self) -> int:
        return LAST_HINT if self._said and self._said.step.solve else LAST_HINT - 1


def _step(lab: Lab, text: str) -> str | None:
    """A step by its number or its id."""
    if text.isdecimal() and text.isascii() and 1 <= int(text) <= len(lab.steps):
        return lab.steps[int(text) - 1].id
    return text if any(step.id == text for step in lab.steps) else None
