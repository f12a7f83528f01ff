"""A lab on a real terminal, played key by key: what it says, in which language, and what it leaves."""

import json
import os
import re
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from host_state import processes_with
from terminal import ENTER, Terminal

from tunlab.ui.footer import KEYS

LAB = Path(__file__).with_name("lab-keys")
SMALL, LARGE = (80, 24), (120, 40)
WATCH = ("--pace", "book", "--from", "send")  # then a watch lasts
MARK = "TUNLAB_TEST_MARK"
FOOTER_LINES = 7  # at most, of keys, in 40 columns
SENTENCES = {language: import_module(f"tunlab.messages.{language}").SENTENCES for language in ("en", "zh")}


class Run:
    """A lab on a terminal. What is wanted of it is a sentence's key, whatever fills its gaps, or a text."""

    def __init__(self, terminal: Terminal, language: str, mark: str, place: Path) -> None:
        self.terminal = terminal
        self.language = language
        self.mark = mark
        self.place = place
        self.draws = True  # pictures, which a dumb terminal cannot show

    # What it says

    def told(self, wanted: str) -> int:
        """How often that was said since the last key, wherever its lines end."""
        sentence = SENTENCES[self.language].get(wanted)
        parts = [wanted] if sentence is None else re.split(r"\{.*?\}", sentence)
        told = "".join(self.terminal.transcript().split())
        return len(re.findall(".+?".join(re.escape("".join(part.split())) for part in parts), told))

    def prompted(self) -> bool:
        """Whether the last line is one of keys; those of a watch, `t` and `q`, are not meant."""
        words = SENTENCES[self.language]
        lines = self.terminal.text().rstrip().splitlines()[-FOOTER_LINES:]
        helped = any(words[key] in "\n".join(lines) for key in ("key_help", "key_more"))
        return bool(lines) and lines[-1].endswith(words["key_quit"]) and helped

    def offered(self) -> set[str]:
        """The keys that the line of keys names; `?` may say that there are more."""
        words = SENTENCES[self.language]
        bottom = self.terminal.text().rstrip().splitlines()[-1]
        named = {key for key, name in KEYS.items() if words[f"key_{name}"] in bottom}
        return named | ({"?"} if words["key_more"] in bottom else set())

    # What is pressed

    def await_all(self, *wanted: str, prompt: bool = True) -> None:
        """Wait until all of that was said and, unless told otherwise, a line of keys stands at the end.

        A turn's stands below a picture; before that is drawn, keys that are typed ahead are dropped.
        """
        if "footer_turn" in wanted and self.draws:
            wanted = (*wanted, "+-----")
        self.terminal.wait_until(
            lambda: all(self.told(each) for each in wanted) and (not prompt or self.prompted()), f"{wanted}, prompt"
        )

    def press(self, keys: bytes | str, *wanted: str, prompt: bool = True) -> None:
        """Press keys and wait for what they lead to."""
        self.terminal.clear()
        self.terminal.type(keys.encode() if isinstance(keys, str) else keys)
        self.await_all(*wanted, prompt=prompt)

    def enter(self, *wanted: str) -> None:
        """Press Enter and wait for the prompt after it."""
        self.press(ENTER, *wanted)

    def insist(self, keys: bytes | str, wanted: str) -> None:
        """Press a key again and again until it is answered: what is typed ahead of a prompt is dropped."""
        self.terminal.clear()
        pressed = time.monotonic()
        self.terminal.type(keys.encode() if isinstance(keys, str) else keys)

        def answered() -> bool:
            nonlocal pressed
            if not self.told(wanted) and time.monotonic() - pressed > 0.5:
                pressed = time.monotonic()
                self.terminal.type(keys.encode() if isinstance(keys, str) else keys)
            return self.told(wanted) > 0

        self.terminal.wait_until(answered, wanted)

    def turn_language(self, *wanted: str, prompt: bool = True) -> None:
        """Press t: from here on it speaks the other one."""
        self.language = {"en": "zh", "zh": "en"}[self.language]
        self.press("t", *wanted, prompt=prompt)

    # Where in the lab; each begins at the first prompt of all

    def to_question(self) -> None:
        """The first step's prediction."""
        self.enter("predict_type")

    def to_action(self) -> None:
        """The first step's commands, the prediction passed over."""
        self.to_question()
        self.press("s", "footer_act")

    def to_choice(self) -> None:
        """The second step's prediction."""
        self.to_action()
        self.enter("footer_explain")
        self.enter("why")
        self.enter("predict_choose")

    def to_turn(self) -> None:
        """The second step, which is the learner's to do."""
        self.to_choice()
        self.press("s", "footer_turn")

    def check(self, *wanted: str) -> None:
        """Press c in a turn. What is typed before the answer is complete is dropped, hence a key that does nothing."""
        self.press("c", *wanted)
        told = self.terminal.transcript()
        self.insist("x", "key_wrong")
        self.checked = told

    def open_shell(self, node: str = "h1") -> None:
        """Press ! and wait for the shell's prompt."""
        self.press("!", "shell_opens", f"{node}{sign()}", prompt=False)

    def into_watch(self) -> None:
        """A watch of half a minute: for `--pace book --from send`."""
        self.enter("predict_type")
        self.press("s", "footer_act")
        self.press(ENTER, prompt=False)
        self.terminal.wait_until(lambda: self.told("length 6") == 3 and self.told("key_quit"), "picture of the packets")

    # How it ends

    def quit(self) -> None:
        """Leave with q."""
        self.terminal.type(b"q")
        self.is_over(0, "run_left")

    def is_over(self, status: int, *wanted: str) -> None:
        """It ended with that status and these words, left the terminal as it was, and nobody behind."""
        assert self.terminal.end() == status, self.terminal.text()
        self.has_left_nothing()
        assert self.terminal.mode() == self.terminal.mode_at_first
        assert [each for each in wanted if not self.told(each)] == [], self.terminal.transcript()

    def has_left_nothing(self) -> None:
        assert self.terminal.shows_cursor()
        assert b"Traceback" not in self.terminal.written, self.terminal.text()
        assert processes_with(f"{MARK}={self.mark}") == []

    # What it wrote down

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """What --save has kept so far, of one kind or all."""
        lines = (self.place / "saved/events.jsonl").read_text(encoding="utf-8").splitlines()
        return [event for event in map(json.loads, lines) if kind in (None, event["event"])]

    def progress(self, lab: str | Path = LAB) -> dict[str, Any]:
        """The steps in the learner's progress."""
        file = self.place / f"tunlab/progress/{progress_name(lab)}.json"
        steps: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["steps"]
        return steps


def progress_name(lab: str | Path) -> str:
    """The name under which progress is kept: of a lab that did not come with tunlab, its folder is part of it."""
    if isinstance(lab, str):
        return lab
    return f"{lab.name}@{sha256(bytes(lab.resolve())).hexdigest()[:12]}"


class Player:
    """`with play("en", SMALL, "--fresh") as run:` the lab on a terminal of its own, at its first prompt."""

    def __init__(self, installed: Path, place: Path) -> None:
        self.tunlab = installed / "tunlab"
        self.place = place

    @contextmanager
    def __call__(
        self,
        language: str = "en",
        size: tuple[int, int] = SMALL,
        *options: str,
        lab: str | Path = LAB,
        prompt: bool = True,
        save: bool = False,
        term: str = "xterm-256color",
        variables: Mapping[str, str] | None = None,
    ) -> Iterator[Run]:
        mark = uuid.uuid4().hex
        words = [self.tunlab, *run_words(lab), "--lang", language, *options]
        words += ["--save", self.place / "saved"] if save else []
        with Terminal(words, environment(self.place, mark) | dict(variables or {}), *size, term) as terminal:
            run = Run(terminal, language, mark, self.place)
            if prompt:
                run.await_all()
            yield run


def run_words(lab: str | Path) -> Sequence[str | Path]:
    """What plays a lab without asking."""
    return ["run", lab, "--allow-exec"]


def environment(place: Path, mark: str) -> dict[str, str]:
    """Sessions and progress of our own, and a mark by which its processes are found."""
    return os.environ | {MARK: mark, "XDG_RUNTIME_DIR": str(place), "XDG_STATE_HOME": str(place)}


def sign() -> str:
    """How bash's prompt ends: for root another sign (bash(1), PROMPTING)."""
    return "#" if os.geteuid() == 0 else "$"
