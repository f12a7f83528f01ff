"""A run in a real terminal: its keys, its signals, job control, and the state in which it leaves the terminal."""

import os
import pty
import shlex
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from host_state import processes_with
from playing import LAB, LARGE, MARK, SMALL, WATCH, Player, Run, environment, run_words
from terminal import CONTROL_C, CONTROL_Z, ENTER, PATIENCE, Terminal

pytestmark = pytest.mark.needs("sandbox", "tun")

PROMPTS_AT_MOST = 200  # of one walk through a lab


@pytest.fixture
def play(installed: Path, tmp_path: Path) -> Player:
    return Player(installed, tmp_path)


@pytest.mark.parametrize(("language", "size"), [("en", SMALL), ("zh", LARGE)])
def test_a_walk_by_enter_and_s(play: Player, language: str, size: tuple[int, int]) -> None:
    with play(language, size) as run:
        _walk(run)
        run.is_over(0, "run_done", "run_predicted")


@pytest.mark.needs("user")  # once is enough: it takes more than half a minute
def test_a_walk_through_a_lab_of_the_book(play: Player) -> None:
    with play("zh", SMALL, lab="lab-1.4.3") as run:
        _walk(run)
        run.is_over(0, "run_done", "run_predicted")
        assert {step["state"] for step in run.progress("lab-1.4.3").values()} <= {"done", "solved", "skipped"}


def _walk(run: Run) -> None:
    """Press s where it is offered, else Enter, up to the end of the run."""
    for _ in range(PROMPTS_AT_MOST):
        key = b"s" if "s" in run.offered() else ENTER
        run.terminal.clear()
        run.terminal.type(key)
        run.terminal.wait_until(lambda: run.prompted() or run.terminal.ended(), "prompt, or end", 60)
        if run.terminal.ended():
            return


@pytest.mark.parametrize("language", ["en", "zh"])
def test_q_leaves(play: Player, language: str) -> None:
    with play(language) as run:
        run.to_question()
        run.quit()


def test_q_leaves_a_watch(play: Player) -> None:
    with play("en", SMALL, *WATCH) as run:
        run.into_watch()
        run.quit()


@pytest.mark.parametrize("phase", ["introduction", "question", "answer", "reason", "action", "list", "turn"])
def test_control_c(play: Player, phase: str) -> None:
    """Wherever the run is: it says where it stopped and how to go on."""
    language = "zh" if phase in ("introduction", "reason", "turn") else "en"
    with play(language, SMALL) as run:
        match phase:
            case "question":
                run.to_question()
            case "answer":
                run.to_question()
                run.press(ENTER, "predict_answer", prompt=False)
            case "reason":
                run.to_question()
                run.press(ENTER, "predict_answer", prompt=False)
                run.press("reader\r", "predict_reason", prompt=False)
                run.press("因为", "因为", prompt=False)
            case "action":
                run.to_action()
            case "list":
                run.press("l", "list_which", prompt=False)
            case "turn":
                run.to_turn()
        run.terminal.type(CONTROL_C)
        run.is_over(130, "run_stopped", "SIGINT")


def test_control_c_in_a_watch(play: Player) -> None:
    with play("en", LARGE, *WATCH) as run:
        run.into_watch()
        run.terminal.type(CONTROL_C)
        run.is_over(130, "run_stopped")


@pytest.mark.parametrize("after", [0.1, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65])
def test_control_c_while_it_starts(play: Player, after: float) -> None:
    """Whatever is being imported or made: no traceback, and the terminal as it was."""
    with play(prompt=False) as run:
        run.terminal.draw_for(after)
        run.terminal.type(CONTROL_C)
        run.is_over(130)


@pytest.mark.parametrize(
    ("signum", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGQUIT, 131)]
)
def test_signal_to_the_front(play: Player, signum: signal.Signals, status: int) -> None:
    with play() as run:
        run.to_question()
        os.kill(run.terminal.pid, signum)
        run.is_over(status, "run_stopped", signum.name)


@pytest.mark.parametrize("watching", [False, True])
def test_closed_terminal_takes_everything_with_it(play: Player, watching: bool) -> None:
    with play("en", SMALL, *WATCH) as run:
        if watching:
            run.into_watch()
        run.terminal.hang_up()
        assert run.terminal.wait_for_end() == 129
        assert processes_with(f"{MARK}={run.mark}") == []


@pytest.mark.parametrize("size", [LARGE, (60, 20)])
def test_resized_in_a_watch(play: Player, size: tuple[int, int]) -> None:
    with play("en", SMALL, *WATCH) as run:
        run.into_watch()
        run.terminal.clear()
        run.terminal.resize(*size)
        run.terminal.wait_until(lambda: run.told("length 6") > 0, "picture drawn anew")  # a low one shows fewer
        assert max(len(line) for line in run.terminal.text().splitlines()) <= size[0]
        run.quit()


@contextmanager
def shell(installed: Path, place: Path, words: list[str]) -> Iterator[Run]:
    """An interactive shell with job control, at its prompt."""
    mark = uuid.uuid4().hex
    variables = environment(place, mark) | {"PS1": "ready$ ", "ENV": ""}
    variables["PATH"] = f"{installed}:{variables['PATH']}"
    with Terminal(words, variables, *LARGE) as terminal:
        terminal.expect("ready$")
        yield Run(terminal, "en", mark, place)


def start(run: Run, *options: str) -> None:
    """Have the shell start a run, and wait for its first prompt."""
    run.terminal.type(shlex.join(["tunlab", *map(str, run_words(LAB)), "--lang", "en", *options]).encode() + b"\r")
    run.await_all()


@pytest.mark.parametrize(
    "words", [["bash", "--norc", "--noprofile", "--noediting", "-i"], ["sh", "-i"]], ids=lambda w: w[0]
)
@pytest.mark.parametrize("watching", [False, True])
def test_control_z_and_fg(installed: Path, tmp_path: Path, words: list[str], watching: bool) -> None:
    with shell(installed, tmp_path, words) as run:
        terminal = run.terminal
        start(run, *WATCH)
        if watching:
            run.into_watch()
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
        terminal.wait_until(lambda: run.told("key_quit") > 0, "line of keys, drawn anew")
        assert not terminal.cooked()
        run.insist("x", "key_wrong")
        terminal.clear()
        terminal.type(b"q")
        terminal.expect("ready$")
        terminal.type(b"echo status=$?\r")
        terminal.expect("status=0")
        assert terminal.cooked()
        terminal.type(b"exit\r")
        terminal.end()
        run.has_left_nothing()


def test_control_z_without_a_shell(play: Player) -> None:
    """As `xterm -e tunlab run`: nobody could continue it, so the kernel lets it be."""
    with play() as run:
        run.press(CONTROL_Z)  # drawn anew
        run.to_question()
        run.quit()


def test_stopped_job_can_be_ended(installed: Path, tmp_path: Path) -> None:
    """Ctrl-Z, then the shell's `kill %1`."""
    with shell(installed, tmp_path, ["bash", "--norc", "--noprofile", "--noediting", "-i"]) as run:
        start(run)
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
    command = [installed / "tunlab", *run_words(LAB), "--lang", "en"]
    variables = environment(tmp_path, "")
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, env=variables, timeout=PATIENCE, **ends)
    os.close(ours)
    os.close(terminal)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "--auto" in done.stderr


def test_terminal_that_controls_nobody(installed: Path, tmp_path: Path) -> None:
    """As in some containers: a terminal, but no job control. It is played all the same."""
    command = ["setsid", "--wait", installed / "tunlab", *run_words(LAB), "--lang", "en"]
    mark = uuid.uuid4().hex
    with Terminal(command, environment(tmp_path, mark), *SMALL) as terminal:
        run = Run(terminal, "en", mark, tmp_path)
        run.await_all()
        run.to_question()
        run.quit()


def test_orphan_in_the_background_does_not_spin(installed: Path, tmp_path: Path) -> None:
    """In the background of a terminal and without a shell that could continue it, it can only give up."""
    script = f"set -m; ({installed}/tunlab run {LAB} --allow-exec & echo $! >{tmp_path}/pid); cat"
    mark = uuid.uuid4().hex
    with Terminal(["bash", "-c", script], environment(tmp_path, mark), *SMALL) as terminal:
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
