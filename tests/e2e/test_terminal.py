"""A run in a real terminal: its keys, its signals, job control, and the state in which it leaves the terminal."""

import os
import pty
import re
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from pathlib import Path

import pytest
from host_state import processes_with
from terminal import CONTROL_C, CONTROL_Z, ENTER, PATIENCE, Terminal

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
        self._sentences = import_module(f"tunlab.messages.{language}").SENTENCES
        self._prompts = 0

    def prompted(self) -> bool:
        """Whether a line of keys was printed since the last that `prompt` saw."""
        return self.terminal.written.count(self._sentences["footer_quit"].encode()) > self._prompts

    def prompt(self) -> None:
        """Wait for the next line of keys."""
        self.terminal.wait_until(self.prompted, "prompt")
        self._prompts += 1

    def enter(self) -> None:
        """Press Enter, and wait for the prompt after it."""
        self.terminal.type(ENTER)
        self.prompt()

    def into_a_watch(self) -> None:
        """Press Enter until tun0 gets its address: its picture is drawn, and the watch lasts a second and more."""
        while "ip addr add 192.128.1.2/24 dev tun0" not in self.terminal.text():
            self.enter()
        self.terminal.clear()
        self.terminal.type(ENTER)
        self.terminal.wait_until(lambda: self.terminal.text().count("192.128.1.2/24") == 1, "picture of tun0")

    def says(self, key: str) -> int:
        """How often the screen shows a sentence, whatever fills its gaps and wherever its lines end."""
        parts = re.split(r"\{.*?\}", "".join(self._sentences[key].split()))
        return len(re.findall(".+?".join(map(re.escape, parts)), "".join(self.terminal.text().split())))

    def is_over(self, status: int) -> None:
        """It ended with that status, left the terminal as it was, and nobody behind."""
        assert self.terminal.end() == status, self.terminal.text()
        self.has_left_nothing()
        assert self.terminal.mode() == self.terminal.mode_at_first

    def has_left_nothing(self) -> None:
        assert self.terminal.shows_cursor()
        assert b"Traceback" not in self.terminal.written, self.terminal.text()
        assert processes_with(f"{MARK}={self.mark}") == []


Play = Callable[..., AbstractContextManager[Run]]


@pytest.fixture
def play(installed: Path, tmp_path: Path) -> Play:
    """`with play("en", SMALL) as run:` a lab on a terminal of its own, at its first prompt."""

    @contextmanager
    def playing(language: str = "en", size: tuple[int, int] = SMALL, prompt: bool = True) -> Iterator[Run]:
        mark = uuid.uuid4().hex
        environment = os.environ | {MARK: mark} | folders(tmp_path)
        with Terminal([installed / "tunlab", "run", LAB, "--lang", language], environment, *size) as terminal:
            run = Run(terminal, language, mark)
            if prompt:
                run.prompt()
            yield run

    return playing


def folders(place: Path) -> dict[str, str]:
    """Sessions and progress of our own."""
    return {"XDG_RUNTIME_DIR": str(place), "XDG_STATE_HOME": str(place)}


@pytest.mark.parametrize(("language", "size"), [("en", SMALL), ("zh", LARGE)])
def test_enter_walks_through(play: Play, language: str, size: tuple[int, int]) -> None:
    with play(language, size) as run:
        for _ in range(PROMPTS_AT_MOST):
            run.terminal.type(ENTER)
            run.terminal.wait_until(lambda: run.terminal.ended() or run.prompted(), "prompt, or end")
            if run.terminal.ended():
                break
            run.prompt()
        run.is_over(0)
        assert run.says("run_done") == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_q_leaves(play: Play, language: str) -> None:
    with play(language) as run:
        run.enter()
        run.terminal.type(b"q")
        run.is_over(0)
        assert run.says("run_left") == 1


def test_q_leaves_a_watch(play: Play) -> None:
    with play() as run:
        run.into_a_watch()
        run.terminal.type(b"q")
        run.is_over(0)
        assert run.says("run_left") == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_control_c_at_a_prompt(play: Play, language: str) -> None:
    with play(language) as run:
        run.terminal.type(CONTROL_C)
        run.is_over(130)
        assert run.says("run_stopped") == 1 and "SIGINT" in run.terminal.text()


def test_control_c_in_a_watch(play: Play) -> None:
    with play("en", LARGE) as run:
        run.into_a_watch()
        run.terminal.type(CONTROL_C)
        run.is_over(130)
        assert run.says("run_stopped") == 1


@pytest.mark.parametrize("after", [0.1, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65])
def test_control_c_while_it_starts(play: Play, after: float) -> None:
    """Whatever is being imported or made: no traceback, and the terminal as it was."""
    with play(prompt=False) as run:
        run.terminal.draw_for(after)
        run.terminal.type(CONTROL_C)
        run.is_over(130)


@pytest.mark.parametrize(
    ("signum", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGQUIT, 131)]
)
def test_signal_to_the_front(play: Play, signum: signal.Signals, status: int) -> None:
    with play() as run:
        run.enter()
        os.kill(run.terminal.pid, signum)
        run.is_over(status)
        assert run.says("run_stopped") == 1 and signum.name in run.terminal.text()


@pytest.mark.parametrize("watching", [False, True])
def test_closed_terminal_takes_everything_with_it(play: Play, watching: bool) -> None:
    with play() as run:
        if watching:
            run.into_a_watch()
        run.terminal.hang_up()
        assert run.terminal.wait_for_end() == 129
        assert processes_with(f"{MARK}={run.mark}") == []


def test_wrong_keys_are_ignored(play: Play) -> None:
    with play() as run:
        run.terminal.type(b"xyz9 \x7f\x1b[A\xff\xe4")
        run.enter()
        run.enter()
        assert "xyz9" not in run.terminal.text()
        run.terminal.type(b"q")
        run.is_over(0)


@pytest.mark.parametrize("size", [LARGE, (60, 20)])
def test_resized_in_a_watch(play: Play, size: tuple[int, int]) -> None:
    with play() as run:
        run.into_a_watch()
        run.terminal.resize(*size)
        run.prompt()
        rule = "-" * size[0]
        while rule not in run.terminal.text():  # the next step's heading
            run.enter()
        run.terminal.type(b"q")
        run.is_over(0)


@contextmanager
def shell(installed: Path, place: Path, words: list[str]) -> Iterator[Run]:
    """An interactive shell with job control, at its prompt."""
    mark = uuid.uuid4().hex
    environment = os.environ | {MARK: mark, "PS1": "ready$ ", "ENV": ""} | folders(place)
    environment["PATH"] = f"{installed}:{environment['PATH']}"
    with Terminal(words, environment, *LARGE) as terminal:
        terminal.expect("ready$")
        yield Run(terminal, "en", mark)


@pytest.mark.parametrize(
    "words", [["bash", "--norc", "--noprofile", "--noediting", "-i"], ["sh", "-i"]], ids=lambda w: w[0]
)
@pytest.mark.parametrize("watching", [False, True])
def test_control_z_and_fg(installed: Path, tmp_path: Path, words: list[str], watching: bool) -> None:
    with shell(installed, tmp_path, words) as run:
        terminal = run.terminal
        terminal.type(f"tunlab run {LAB} --lang en\r".encode())
        run.prompt()
        if watching:
            run.into_a_watch()
        terminal.clear()
        terminal.type(CONTROL_Z)
        terminal.expect("ready$")
        assert "Stopped" in terminal.text()
        assert terminal.cooked() and terminal.shows_cursor() and terminal.foreground() == terminal.pid

        terminal.type(b"bg\r")  # it wants the terminal, and so it stops again
        (front,) = children(terminal.pid)
        terminal.wait_until(lambda: state(front) == "T", "second stop")
        assert terminal.cooked() and terminal.foreground() == terminal.pid

        terminal.type(b"fg\r")
        run.prompt()  # drawn anew, or that after the watch
        assert not terminal.cooked()
        run.enter()
        terminal.clear()
        terminal.type(b"q")
        terminal.expect("ready$")
        terminal.type(b"echo status=$?\r")
        terminal.expect("status=0")
        assert terminal.cooked()
        terminal.type(b"exit\r")
        terminal.end()
        run.has_left_nothing()


def test_control_z_without_a_shell(play: Play) -> None:
    """As `xterm -e tunlab run`: nobody could continue it, so the kernel lets it be."""
    with play() as run:
        run.terminal.type(CONTROL_Z)
        run.prompt()  # drawn anew
        run.enter()
        run.terminal.type(b"q")
        run.is_over(0)


def test_stopped_job_can_be_ended(installed: Path, tmp_path: Path) -> None:
    """Ctrl-Z, then the shell's `kill %1`."""
    with shell(installed, tmp_path, ["bash", "--norc", "--noprofile", "--noediting", "-i"]) as run:
        run.terminal.type(f"tunlab run {LAB} --lang en\r".encode())
        run.prompt()
        run.terminal.type(CONTROL_Z)
        run.terminal.expect("Stopped")
        run.terminal.type(b"kill %1; wait -f %1; echo status=$?\r")
        run.terminal.expect("status=143")
        assert run.terminal.cooked()
        run.terminal.type(b"exit\r")
        run.terminal.end()
        run.has_left_nothing()


@pytest.mark.parametrize("missing", ["stdin", "stdout"])
def test_no_terminal_is_a_mistake(installed: Path, tmp_path: Path, missing: str) -> None:
    ours, terminal = pty.openpty()
    ends = {"stdin": terminal, "stdout": terminal} | {missing: subprocess.DEVNULL}
    command = [installed / "tunlab", "run", LAB, "--lang", "en"]
    environment = os.environ | folders(tmp_path)
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, env=environment, timeout=PATIENCE, **ends)
    os.close(ours)
    os.close(terminal)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "--auto" in done.stderr


def test_terminal_that_controls_nobody(installed: Path, tmp_path: Path) -> None:
    """As in some containers: a terminal, but no job control. It is played all the same."""
    command = ["setsid", "--wait", installed / "tunlab", "run", LAB, "--lang", "en"]
    mark = uuid.uuid4().hex
    with Terminal(command, os.environ | {MARK: mark} | folders(tmp_path), *SMALL) as terminal:
        run = Run(terminal, "en", mark)
        run.prompt()
        run.enter()
        terminal.type(b"q")
        run.is_over(0)


def test_orphan_in_the_background_does_not_spin(installed: Path, tmp_path: Path) -> None:
    """In the background of a terminal and without a shell that could continue it, it can only give up."""
    script = f"set -m; ({installed}/tunlab run {LAB} --lang en & echo $! >{tmp_path}/pid); cat"
    mark = uuid.uuid4().hex
    with Terminal(["bash", "-c", script], os.environ | {MARK: mark} | folders(tmp_path), *SMALL) as terminal:
        terminal.wait_until(lambda: (tmp_path / "pid").exists() and not tunlabs(mark), "end of the orphan")
        terminal.type(b"\x04")
        terminal.end()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def state(pid: int) -> str:
    """A process's state: T for stopped (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def tunlabs(mark: str) -> list[int]:
    """The processes of a run, without the shell and what else it started."""
    return [
        pid for pid in processes_with(f"{MARK}={mark}") if b"tunlab" in Path(f"/proc/{pid}/cmdline").read_bytes()[:200]
    ]
