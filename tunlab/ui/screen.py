"""A run on a terminal, or as plain text where there is none: says, shows, and waits for keys."""

import shlex
import time
from contextlib import suppress
from typing import IO, cast

from rich.console import Console, RenderableType
from rich.control import Control
from rich.live import Live
from rich.padding import Padding
from rich.segment import ControlType
from rich.table import Column, Table
from rich.text import Text

from tunlab.engine.requests import Ask, Explain, Introduce, Say
from tunlab.engine.runner import LEAVE, Left
from tunlab.i18n import Words
from tunlab.labfile.placeholders import fill
from tunlab.model.checks import Check
from tunlab.model.events import CheckJudged, Entry, RunFinished, RunStarted, StepFinished, StepStarted
from tunlab.model.lab import Lab, Prose, Step, Watch
from tunlab.model.verbs import SetSysctl
from tunlab.ui.describe import describe
from tunlab.ui.frame import MARGIN, frame
from tunlab.ui.keys import Keyboard
from tunlab.ui.output import HungUp, Output
from tunlab.ui.prose import wrapped
from tunlab.ui.view import View

FRAME_SECONDS = 0.1  # between two frames of the live picture
CLEAR_LINE = Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))
LAST_FRAME = 60  # lines: the frame that stays scrolls, so it may be higher than the terminal
_STATUS_STYLE = {"pass": "bold green", "fail": "bold red", "unknown": "bold yellow", "skipped": "yellow"}


class Screen:
    """The audience at a terminal. Without a keyboard it plays through.

    `again` is the command that starts the run anew; `section` introduces the labs of a section.
    """

    def __init__(
        self, words: Words, again: str, section: Prose | None = None, keyboard: Keyboard | None = None
    ) -> None:
        self._words = words
        self._again = again
        self._section = section
        self._keyboard = keyboard
        self._console = Console(highlight=False, file=cast(IO[str], Output()))
        self._view = View()
        self._live: Live | None = None
        self._footer = ""
        self._covered = False
        self._drawn = 0.0
        self._watch: Watch | None = None
        self._lab: Lab | None = None
        self._checks: dict[str, Check] = {}
        self.step = "-"

    def __enter__(self) -> "Screen":
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal as a line-by-line one, whatever was going on."""
        if self._live is not None:
            with suppress(HungUp):
                self._live.stop()
            self._live = None

    def entry(self, entry: Entry) -> None:
        self._view.read(entry)
        match entry.what:
            case RunStarted(lab) if self._section:
                self._heading(f"{lab}  {self._section.title}", "")
                self._prose(fill(self._section.intro, {}))
            case StepStarted(step):
                self.step = step
                self._view.begin_step()
            case CheckJudged() as judged:
                self._judged(judged)
            case StepFinished(_, "skipped"):
                self._console.print()
            case RunFinished() as finished:
                self._finished(finished)

    def introduce(self, introduced: Introduce) -> None:
        self._lab = introduced.lab
        prose = self._lab.prose[self._words.language]
        self._heading(f"{self._lab.id}  {prose.title}", "")
        self._prose(fill(prose.intro, {}))

    def say(self, said: Say) -> None:
        step = said.lab.prose[self._words.language].steps[said.step.id]
        of = self._words("step_of", number=said.number, total=len(said.lab.steps))
        self._heading(f"{said.lab.id}  {step.title}", of)
        self._prose(fill(step.sections["say"], said.values))
        self._commands(said.step)
        self._checks = {check.id: check for check in said.step.checks}

    def begin(self, step: Step) -> None:
        self._watch = step.watch
        self._live = Live(
            console=self._console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )
        if self._console.is_terminal:
            self._live.start()

    def tick(self) -> None:
        self._uncover()
        if self._live is None:
            return
        if self._keyboard and LEAVE in self._keyboard.pressed():
            raise Left
        if self._view.changed and time.monotonic() - self._drawn >= FRAME_SECONDS:
            self._draw()

    def end(self) -> None:
        if self._live is None:
            return
        self._live.update(Text())
        self._live.stop()
        self._live = None
        self._console.print(self._frame(LAST_FRAME))
        self._console.print()

    def explain(self, explained: Explain) -> None:
        text = explained.lab.prose[self._words.language].steps[explained.step.id].sections.get("explain")
        if text:
            self._console.print()
            self._indented(Text(self._words("why"), style="bold"))
            self._prose(fill(text, explained.values))

    def ask(self, ask: Ask) -> None:
        if self._keyboard is None:
            return
        self._footer = f"{self._enter(ask)}   {self._words('footer_quit')}"
        self._keyboard.drop()
        self._draw_footer()

    def key(self) -> str | None:
        if self._keyboard is None:
            return "enter"
        key = next((key for key in self._keyboard.pressed() if key in ("enter", LEAVE)), None)
        if key is not None:
            self._console.control(CLEAR_LINE)
            self._footer = ""
        return key

    def resume(self) -> None:
        """The run was stopped by Ctrl-Z and goes on: show again what the shell has covered."""
        self._covered = True

    def _uncover(self) -> None:
        if self._covered:
            self._covered = False
            self._view.changed = True
            if self._footer:
                self._draw_footer()

    def stopped(self, signal: str) -> None:
        """Say that a signal ended the run, and how to go on."""
        self._console.print()
        self._console.print(Text(self._words("run_stopped", step=self.step, signal=signal, again=self._again)))

    def _draw_footer(self) -> None:
        self._console.print(Text(self._footer, style="reverse"), end="", no_wrap=True, overflow="crop")

    def _enter(self, ask: Ask) -> str:
        if ask.to == "act":
            return self._words("footer_act" if ask.acts else "footer_look")
        if ask.then is None or self._lab is None:
            return self._words(f"footer_{ask.to}")
        return self._words("footer_next", title=self._lab.prose[self._words.language].steps[ask.then].title)

    def _commands(self, step: Step) -> None:
        for verb in step.do:
            for command in verb.commands():
                style = "" if isinstance(verb, SetSysctl) else "bold"  # a setting is there for what comes after it
                line = Text.assemble((f"{verb.node}$ ", "green"), (shlex.join(command), style))
                self._indented(line)
        self._console.print()

    def _draw(self) -> None:
        if self._live is not None and self._console.is_terminal:
            self._live.update(self._frame(self._console.height - 1), refresh=True)
        self._drawn = time.monotonic()
        self._view.changed = False

    def _frame(self, height: int) -> Padding:
        at = self._watch.at if self._watch else None
        return Padding(frame(self._view, at, self._words, self._console, height), (0, 0, 0, MARGIN))

    def _judged(self, judged: CheckJudged) -> None:
        words = self._words
        demanded = describe(self._checks[judged.check], words)
        line, saw = Text(demanded), Text()
        if judged.status == "skipped":
            line.append("  " + words("skipped", reason=words(judged.reason or "")))
        elif judged.status != "pass":
            line.append("\n" + words("expected_saw", expected=judged.expected, actual=judged.actual), "bold")
            line.append("\n" + words(judged.reason) if judged.reason else "")
        elif judged.actual.isdecimal():
            saw.append(words("saw", actual=judged.actual), "bold")
        row = Table.grid(Column(), Column(overflow="fold", ratio=1), Column(no_wrap=True), padding=(0, 1), expand=True)
        row.add_row(Text(words(f"status_{judged.status}"), _STATUS_STYLE[judged.status]), line, saw)
        self._indented(row)

    def _finished(self, finished: RunFinished) -> None:
        if finished.state not in ("done", "failed", "left"):
            return  # an error or a signal has a sentence of its own
        key = f"run_{finished.state}"
        told = self._words(
            key,
            passed=finished.passed,
            failed=finished.failed,
            unknown=finished.unknown,
            skipped=finished.skipped,
            step=self.step,
            again=self._again,
        )
        self._console.print(Text(told, style="bold"))

    def _heading(self, left: str, right: str) -> None:
        self._console.print()
        gap = max(2, self._console.width - Text(left).cell_len - Text(right).cell_len)
        self._console.print(Text(left + " " * gap + right, style="bold", no_wrap=True, overflow="ellipsis"))
        self._console.print("-" * self._console.width)

    def _prose(self, text: str) -> None:
        for line in wrapped(text, self._console.width - 2 * MARGIN):
            self._indented(line)
        self._console.print()

    def _indented(self, what: RenderableType) -> None:
        self._console.print(Padding(what, (0, MARGIN)))
