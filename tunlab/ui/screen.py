"""A run on a terminal, or as plain text where there is none: says, shows, and waits for keys."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from tunlab.engine.requests import (
    CHECK,
    Ask,
    Await,
    Explain,
    Introduce,
    Predict,
    Pressed,
    Rebuild,
    Reveal,
    Say,
    Shell,
)
from tunlab.engine.turn import by_itself
from tunlab.errors import TunlabError
from tunlab.labfile.placeholders import fill
from tunlab.model.checks import Check, DeviceCheck, expects_absence
from tunlab.model.events import (
    CheckJudged,
    PredictionJudged,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
)
from tunlab.model.events import Entry as LogEntry
from tunlab.model.lab import Section, Step
from tunlab.ui.desk import Desk
from tunlab.ui.filled import filled
from tunlab.ui.frame import figure, frame
from tunlab.ui.guide import Guide
from tunlab.ui.judged import judged_row
from tunlab.ui.keys import Keyboard
from tunlab.ui.node_figure import HEIGHT
from tunlab.ui.output import HungUp
from tunlab.ui.page import MARGIN, Page
from tunlab.ui.printable import printable
from tunlab.ui.prompts import Prompts
from tunlab.ui.question import reveal
from tunlab.ui.view import Row, View

LAST_FRAME = 34  # lines: the frame that stays scrolls, so it may be higher than the terminal


class Screen:
    """The audience at a terminal. Without a keyboard it plays through.

    `again` is the command that goes on with the run; `section` has its labs, and what introduces them; `states` tells
    how steps ended in earlier runs, by lab and step, and `answered` what was predicted in those that this one goes on
    with.
    """

    def __init__(
        self,
        page: Page,
        again: str,
        section: Section,
        keyboard: Keyboard | None = None,
        states: Mapping[str, Mapping[str, str]] | None = None,
        answered: Mapping[tuple[str, str], PredictionJudged] | None = None,
    ) -> None:
        self._page = page
        self._again = again
        self._section = section.prose
        self._keyboard = keyboard
        self._desk = Desk(page, keyboard)
        self._view = View()
        self._guide = Guide(page, self._rows, lambda node: figure(self._view, node, page.words, page.console))
        self._guide.begin_section(section.parts, states or {})
        self._prompts = Prompts(page, self._desk, self._guide)
        self._asked: Ask | Predict | Await | None = None
        self._step: Step | None = None
        self._checks: dict[str, Check] = {}
        self._predicted: dict[tuple[str, str], PredictionJudged] = dict(answered or {})
        self.step = ""  # that was begun last, or is about to begin

    def __enter__(self) -> "Screen":
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal as a line-by-line one, whatever was going on."""
        with suppress(HungUp):
            self._desk.stop()

    # What happens

    def entry(self, entry: LogEntry) -> None:
        self._view.read(entry)
        match entry.what:
            case RunStarted(lab) if self._section:
                prose = self._section[self._page.language]
                self._page.heading(f"{lab}  {prose.title}")
                self._page.prose(fill(prose.intro, {}))
            case StepStarted(step):
                if self._guide.lab and not self._guide.lab.position(step):
                    self._start_over()
                self.step = step
                self._view.begin_step()
            case CheckJudged() as judged:
                self._page.indented(judged_row(judged, self._checks[judged.check], self._page.words))
            case PredictionJudged() as judged:
                self._predicted[entry.lab, judged.step] = judged
            case StepFinished(step) as finished:
                self._guide.states[step] = finished.ended()
                self._page.gap()
            case RunFinished() as end:
                self._finished(end)

    def introduce(self, introduced: Introduce) -> None:
        lab = introduced.lab
        self._guide.begin_lab(lab)
        prose = lab.prose[self._page.language]
        self._page.heading(f"{lab.id}  {prose.title}")
        self._page.prose(fill(prose.intro, {}))

    def rebuild(self, rebuilt: Rebuild) -> None:
        self._start_over()
        self.step = rebuilt.then
        self._page.line(self._page.words("rebuilding", total=len(rebuilt.steps)))

    def say(self, said: Say) -> None:
        self._guide.begin_step(said)
        self._checks = {check.id: check for check in said.step.checks}
        self._guide.say()

    def show(self, step: Step) -> None:
        self._page.commands(*step.verbs())

    def begin(self, step: Step) -> None:
        self._step = step
        self._desk.start(self._picture)
        if self._keyboard:
            self._prompts.watch()

    def tick(self) -> None:
        if self._asked is None and self._desk.shows_picture:
            self._desk.press()
        self._desk.changed |= self._view.changed
        self._view.changed = False
        self._desk.tick()

    def end(self) -> None:
        if not self._desk.shows_picture:
            return
        self._desk.stop()
        self._asked = None
        figure = self._step is not None and self._step.figure is not None
        self._page.console.print(self._picture(LAST_FRAME + (HEIGHT if figure else 0)))
        self._page.blank()

    def reveal(self, told: Reveal) -> None:
        reveal(told, self._page)

    def explain(self, explained: Explain) -> None:
        text = explained.lab.prose[self._page.language].steps[explained.step.id].sections.get("explain")
        if text:
            self._page.gap()
            self._page.indented(Text(self._page.words("why"), style="bold"))
            self._page.prose(filled(text, explained.values, self._page.words))

    # Keys

    def ask(self, ask: Ask | Predict | Await) -> None:
        again = ask is self._asked
        self._asked = ask
        if isinstance(ask, Ask) and not ask.step and ask.then:
            self.step = ask.then
        if isinstance(ask, Predict) and not again:
            self._prompts.print_question(ask)
        if self._keyboard:
            self._desk.drop_typed()
            self._prompts.wait(ask)

    def key(self) -> Pressed | None:
        if self._keyboard is None:
            return by_itself(self._asked)
        answer = self._desk.press()
        if answer is not None and not isinstance(answer, Shell) and answer != CHECK:
            self._asked = None
            if not self._desk.shows_picture:
                self._desk.stop()
        return answer

    def unfinished(self, results: Sequence[CheckJudged]) -> None:
        page, step = self._page, self._guide.step
        hidden = step is not None and step.predict is not None
        for result in results:
            check = self._checks[result.check]
            if result.status != "fail":
                page.indented(judged_row(result, check, page.words))
            elif expects_absence(check) and result.actual == result.expected:
                continue  # nothing to be done for it: it waits for the others
            elif isinstance(check, DeviceCheck) or not hidden:
                page.indented(judged_row(result, check, page.words, page.words("status_not_yet")))
        if hidden and any(
            not isinstance(self._checks[each.check], DeviceCheck) for each in results if each.status == "fail"
        ):
            page.indented(Text(page.words("check_awaited"), style="unknown"))  # what exactly would be the answer
        page.blank()

    def step_aside(self, node: str) -> None:
        self._desk.step_aside()
        self._page.line(self._page.words("shell_opens", node=node), "question")

    def come_back(self) -> None:
        self._page.line(self._page.words("shell_closed"), "question")
        self._page.blank()
        if isinstance(self._asked, Predict):
            self._prompts.print_question(self._asked)
        self._desk.come_back()

    def refused(self, error: TunlabError) -> None:
        self._page.line(printable(self._page.words.error(error)), "wrong")

    @property
    def attended(self) -> bool:
        return self._keyboard is not None

    def finished_in_shell(self) -> str:
        return self._page.words("turn_done_in_shell")

    def resume(self) -> None:
        """The run was stopped by Ctrl-Z and goes on: show again what the shell has covered."""
        self._desk.cover()

    def stopped(self, signal: str) -> None:
        """Say that a signal ended the run, and how to go on."""
        key = "run_stopped" if self.step else "run_stopped_early"
        title = self._guide.title(self.step)
        self._page.blank()
        self._page.line(self._page.words(key, step=title, signal=signal, again=self._again))

    def _start_over(self) -> None:
        """The stage was built anew: nothing that was seen before is there."""
        self._view = View()

    def _rows(self) -> list[Row]:
        step = self._guide.step
        if step and self._view.traced:
            return self._view.rows_of_hops()
        return self._view.rows_at(step.places()) if step else []

    def _picture(self, height: int) -> RenderableType:
        assert self._step
        page = self._page
        picture = frame(self._view, self._step, page.words, page.console, height, page.look.spare)
        return Padding(picture, (0, 0, 0, MARGIN))

    def _finished(self, finished: RunFinished) -> None:
        if finished.state not in ("done", "failed", "left"):
            return  # an error or a signal has a sentence of its own
        words = self._page.words
        told = words(
            f"run_{finished.state}",
            passed=finished.passed,
            failed=finished.failed,
            unknown=finished.unknown,
            skipped=finished.skipped,
            step=self._guide.title(self.step),
            again=self._again,
        )
        if self._keyboard and self._predicted and finished.state != "left":
            given = [each for each in self._predicted.values() if each.answer is not None]
            told += words("run_predicted", answers=len(given), predictions=len(self._predicted))
        self._page.gap()
        self._page.line(told, "verdict")
        if self._keyboard and finished.state != "left":
            self._surprises()

    def _surprises(self) -> None:
        """The steps that came out otherwise than the learner thought: what there is to think about."""
        titles = [
            self._guide.title(step, lab) for (lab, step), each in self._predicted.items() if each.matched is False
        ]
        if titles:
            self._page.line(self._page.words("run_surprises"))
            for title in titles:
                self._page.indented(Text(f"- {title}"))
