"""A run in a real terminal: its keys, its signals, job control, and the state in which it leaves the terminal."""

import os
import pty
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from host_state import processes_with
from terminal import CONTROL_C, CONTROL_Z, ENTER, Terminal

from tunlab import messages
from tunlab.i18n import Words

pytestmark = pytest.mark.needs("sandbox", "tun")

LAB = "lab-1.4.3"
SMALL, LARGE = (80, 24), (120, 40)
PROMPTS_AT_MOST = 40  # of one walk through the lab
MARK = "TUNLAB_TEST_MARK"


class Run:
    """A lab on a terminal, in one language."""

    def __init__(self, terminal: Terminal, language: str, mark: str) -> None:
        self.terminal = terminal
        self.mark = mark
        self._words = Words(language)
        self._prompts = 0

    def prompt(self) -> None:
        """Wait for the next line of keys."""
        self._prompts += 1
        footer = self._words("footer_quit").encode()
        self.terminal.wait_until(
            lambda: self.terminal.written.count(footer) >= self._prompts, f"prompt number {self._prompts}"
        )

    def enter(self) -> None:
        """Press Enter and wait for the prompt after it."""
        self.terminal.type(ENTER)
        self.prompt()

    def enter_watch_of(self, step: str) -> None:
        """Press Enter until the step's prompt is there, and once more, until its picture is drawn."""
        title = TITLES[step]
        while not (title in self.terminal.text() and "sysctl" in self.terminal.text()):
            self.enter()
        drawn = self.terminal.written.count(b"192.128.1.2/24")
        self.terminal.type(ENTER)
        self.terminal.wait_until(
            lambda: self.terminal.written.count(b"192.128.1.2/24") > drawn + 1, "picture of the device"
        )

    def said(self, key: str) -> bool:
        """Whether the sentence was printed, as far as its first gap; where lines end does not matter."""
        sentence = self._words.template(key).partition("{")[0].split()
        return b" ".join(word.encode() for word in sentence) in b" ".join(self.terminal.written.split())

    def is_over(self, status: int) -> None:
        """It ended with that status, and left the terminal as it was and nobody behind."""
        assert self.terminal.end() == status, self.terminal.text()
        assert self.terminal.mode() == self.terminal.mode_at_first
        assert self.terminal.shows_cursor()
        assert b"Traceback" not in self.terminal.written
        assert processes_with(f"{MARK}={self.mark}") == []


TITLES = {"up": "Give tun0 an address and bring it up"}
Play = Callable[..., "contextmanager[Run]"]


@pytest.fixture
def play(installed: Path, tmp_path: Path) -> Play:
    """`with play("en", SMALL) as run:` a lab on a terminal of its own, at its first prompt."""

    @contextmanager
    def playing(language: str = "en", size: tuple[int, int] = SMALL, prompt: bool = True) -> Iterator[Run]:
        mark = uuid.uuid4().hex
        environment = os.environ | {MARK: mark, "XDG_RUNTIME_DIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
        command = [installed / "tunlab", "run", LAB, "--lang", language]
        with Terminal(command, environment, *size) as terminal:
            run = Run(terminal, language, mark)
            if prompt:
                run.prompt()
            yield run

    return playing


@pytest.mark.parametrize(("language", "size"), [("en", SMALL), ("zh", LARGE)])
def test_enter_walks_through(play: Play, language: str, size: tuple[int, int]) -> None:
    with play(language, size) as run:
        for _ in range(PROMPTS_AT_MOST):
            run.terminal.type(ENTER)
            run.terminal.wait_until(lambda: run.over() or run.prompted(), "prompt, or end")
            if run.over():
                break
        run.is_over(0)
        assert run.said("run_done")
