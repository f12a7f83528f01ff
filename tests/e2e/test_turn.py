"""The learner's own turn in a real terminal: the shell in a node, the check, the solution; and what ends them."""

import os
import re
import signal
from pathlib import Path

import pytest
from host_state import processes_with
from playing import LARGE, MARK, SENTENCES, SMALL, Player, Run, sign
from terminal import CONTROL_C, CONTROL_Z, ENTER

pytestmark = pytest.mark.needs("sandbox", "tun")

CONTROL_D = b"\x04"
SOLUTION = "ip addr add 192.0.2.1/24 dev tun0; ip link set dev tun0 up"
PACKET = "echo hello >/dev/udp/192.0.2.8/9"
NAP = 1  # seconds that a program in the shell sleeps


@pytest.fixture
def play(installed: Path, tmp_path: Path) -> Player:
    return Player(installed, tmp_path)


def shell(run: Run, line: str, *wanted: str) -> None:
    """Type a line in the shell, and wait for what it prints."""
    run.press(line + "\r", *wanted, prompt=False)


@pytest.mark.parametrize(("language", "size"), [("en", SMALL), ("zh", LARGE)])
def test_the_learner_does_it_in_a_shell(play: Player, language: str, size: tuple[int, int]) -> None:
    with play(language, size, save=True) as run:
        run.to_turn()
        run.check("status_not_yet", "expected_saw")
        run.open_shell()
        shell(run, "ip -br link", "tun0", "eth0@", "lo")
        shell(run, "ip addr add 192.0.2.1/24 dev tun0", f"h1{sign()}")
        shell(run, "exit", "shell_closed", "footer_turn", "192.0.2.1/24")
        run.check("status_not_yet")
        run.open_shell()
        shell(run, "ip link set dev tun0 up", "turn_done_in_shell", f"h1{sign()}")
        shell(run, "echo again=$((1+1))", f"again=2 h1{sign()}")  # and nothing between: it is told once
        run.press(CONTROL_D, "shell_closed", "status_pass", "footer_explain")
        assert run.told("status_not_yet") == 0
        run.quit()
        assert run.progress()["up"]["state"] == "done"
        assert not [each for each in run.events("action") if each["step"] == "up"]  # nobody did it for them


@pytest.mark.alike
def test_what_is_tried_before_a_step_runs_does_not_count(play: Player) -> None:
    """A packet that the learner sends while the question stands there: neither the check nor the table has it."""
    with play("en", SMALL, "--from", "send", save=True) as run:
        run.enter("predict_type")
        run.open_shell()
        shell(run, PACKET, f"h1{sign()}")
        run.press("exit\r", "shell_closed")
        run.press("s", "footer_act")
        run.enter("status_pass", "footer_explain")
        told = [each["event"] for each in run.events() if each.get("step") == "send"]
        before, after = told[: told.index("step_running")], told[told.index("step_running") :]
        assert (before.count("packet"), after.count("packet")) == (2, 6)  # each captured, and read
        assert "status_fail" not in told and run.told("192.0.2.8") == 0
        run.quit()


@pytest.mark.alike
def test_the_lab_goes_on_behind_the_shell(play: Player) -> None:
    """What is sent from the shell is captured, read by the program and shown; the history holds the last hint."""
    with play("en", SMALL, "--from", "one", save=True) as run:
        run.enter("footer_turn")
        run.press("!", "A shell in h1.", f"h1{sign()}", prompt=False)
        shell(run, "history; echo lines=$(history | wc -l)", "lines=")
        assert not run.told("/dev/udp")
        shell(run, "pwd; exit", "footer_turn")
        for hint in (1, 2, 3):
            run.press("h", f"Hint {hint} of 3")
        run.await_all("192.0.2.8/9'")
        run.insist("x", "key_wrong")
        run.open_shell()
        shell(run, "history", "bash -c 'echo hello >/dev/udp/192.0.2.8/9'")
        run.press(b"\x1b[A\x1b[A", "bash -c 'echo", prompt=False)  # the last but one is the hint
        run.press(ENTER, "turn_done_in_shell", f"h1{sign()}", prompt=False)
        shell(run, "exit", "status_pass", "footer_next", "out, read     34", "length 6")
        assert {(each["seen_by"], each["direction"]) for each in run.events("packet") if each["step"] == "one"} == {
            ("capture", "out"),
            ("program", "read"),
        }
        run.press("!", "A shell in h1.", f"h1{sign()}", prompt=False)  # at a prompt too
        shell(run, PACKET + "; exit", "shell_closed", "footer_next")
        run.press("i", "headers_which", "1 to 2", prompt=False)
        run.press(ENTER, "#2  h1:tun0")
        run.quit()


@pytest.mark.alike
def test_it_is_told_above_a_line_that_is_being_typed(play: Player, tmp_path: Path) -> None:
    with play("zh") as run:
        run.to_turn()
        run.open_shell()
        shell(run, _when(tmp_path / "go", SOLUTION).removesuffix("; exit"), f"h1{sign()}")
        run.press("echo ha", "echo ha", prompt=False)
        (tmp_path / "go").touch()
        run.await_all(f"{SENTENCES['zh']['turn_done_in_shell']} h1{sign()} echo ha", prompt=False)
        run.press("lf=$((1+1))\r", "half=2", prompt=False)
        run.press(CONTROL_D, "shell_closed", "status_pass", "footer_explain")
        run.quit()


@pytest.mark.alike
def test_which_node(play: Player) -> None:
    """A step in two nodes asks which of them; in each the shell sees what is there."""
    with play("zh", SMALL, "--from", "cable") as run:
        run.enter("footer_act")
        run.press("!", "shell_which", "h1, h2", prompt=False)
        run.press(b"\x1b", "footer_act")
        assert not run.told("shell_opens")
        for typed, node in (("H2\r", "h2"), ("\r", "h1"), ("h3\r", "h1")):
            run.press("!", "shell_which", prompt=False)
            run.press(typed, "shell_opens", f"{node}{sign()}", prompt=False)
            run.press("ip -br link; echo in $TUNLAB_LANG; exit\r", "eth0@", "in zh", "shell_closed", "footer_act")
            assert bool(run.told("tun0")) == (node == "h1")
        run.quit()


def test_the_shell_has_its_own_job_control(play: Player) -> None:
    """Ctrl-C and Ctrl-Z belong to it; `suspend` does not hang; a job that sleeps does not make the lab spin."""
    with play() as run:
        run.to_turn()
        run.open_shell()
        (holder,) = [pid for pid in processes_with(f"{MARK}={run.mark}") if _is_first(pid)]
        before = _processor_seconds(holder)
        shell(run, f"sleep {NAP}; echo woke=$((1+1))", "woke=2")
        assert _processor_seconds(holder) - before < NAP / 3

        shell(run, "cat", "cat")
        run.press("typed\r", "typedtyped", prompt=False)  # as it is typed, and as cat says it
        run.press(CONTROL_C, "^C", f"h1{sign()}", prompt=False)
        shell(run, "echo status=$?", "status=130")
        shell(run, "cat", "cat")
        run.press("typed\r", "typedtyped", prompt=False)
        run.press(CONTROL_Z, "Stopped", f"h1{sign()}", prompt=False)
        shell(run, "jobs | wc -l; kill %1; wait; echo ended=$((1+1))", "ended=2")
        before = _processor_seconds(holder)
        shell(run, "suspend", "suspend")
        run.insist(ENTER, f"h1{sign()}")
        shell(run, "echo alive=$((40+2))", "alive=42")
        assert _processor_seconds(holder) - before < 0.5

        shell(run, "seq 5000; exit 3", "4999 5000", f"exit {SENTENCES['en']['shell_closed']}", "footer_turn")
        run.press("s", "rebuilding", "footer_explain")
        run.quit()


def test_what_it_left_in_the_background_prints_into_the_picture(play: Player, tmp_path: Path) -> None:
    with play() as run:
        run.to_turn()
        run.open_shell()
        shell(run, _when(tmp_path / "go", "echo late=$((1+1))"), "shell_closed", "footer_turn")
        (tmp_path / "go").touch()
        run.await_all("shell| late=2", "footer_turn")
        assert run.told("shell| exit") == 0  # that was the shell's own
        run.quit()


@pytest.mark.parametrize("solved_by", ["hand", "s"])
@pytest.mark.alike
def test_a_turn_that_was_spoilt(play: Player, solved_by: str) -> None:
    """The learner has made a mess: r gives a fresh stage, and so does s, on which the solution is run."""
    with play("en", LARGE, save=True) as run:
        run.to_turn()
        run.open_shell()
        shell(run, "ip addr add 192.0.2.1/24 dev tun0; ip link set tun0 mtu 999; exit", "mtu 999", "footer_turn")
        if solved_by == "s":
            run.press("s", "rebuilding", "ip addr add 192.0.2.1/24", "status_pass", "footer_explain", "mtu 1500")
        else:
            run.press("r", "rebuilding", "no address", "mtu 1500", "footer_turn")
            run.open_shell()
            shell(run, f"{SOLUTION}; exit", "status_pass", "footer_explain", "mtu 1500")
        run.quit()
        assert run.progress()["up"]["state"] == {"s": "solved", "hand": "done"}[solved_by]
        assert [each["state"] for each in run.events("run_finished")] == ["left"]


@pytest.mark.parametrize("size", [LARGE, (60, 20)])
@pytest.mark.alike
def test_resized_in_a_turn(play: Player, size: tuple[int, int]) -> None:
    with play() as run:
        run.to_turn()
        run.terminal.clear()
        run.terminal.resize(*size)
        run.await_all("kernel: tun0", "footer_turn")
        run.open_shell()
        run.terminal.resize(*SMALL)
        shell(run, "exit", "shell_closed", "kernel: tun0", "footer_turn")
        assert len([line for line in run.terminal.text().splitlines() if "kernel: tun0" in line]) == 1
        run.press("?", "help_key_check", "footer_turn")
        run.quit()


def test_it_is_done_without_a_shell_of_ours(play: Player, tmp_path: Path) -> None:
    """A background job does it once the shell has gone: the turn ends by itself, without a key."""
    with play("en", SMALL, "--from", "one") as run:
        run.enter("footer_turn")
        run.open_shell()
        shell(run, _when(tmp_path / "go", PACKET), "shell_closed", "footer_turn")
        (tmp_path / "go").touch()
        run.await_all("status_pass", "footer_next")
        run.quit()


def _when(file: Path, command: str) -> str:
    """A line that has a background job do this once that file is there, and leaves the shell."""
    return f"cd {file.parent}; (until [ -e {file.name} ]; do read -t 0.05 <> <(:); done; {command}) & disown; exit"


# What ends a run whose terminal a shell has


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["", "sleep 1000"])
def test_a_signal_while_a_shell_is_open(play: Player, signum: signal.Signals, command: str) -> None:
    with play() as run:
        run.to_turn()
        run.open_shell()
        if command:
            shell(run, command, command)
        os.kill(run.terminal.pid, signum)
        run.is_over(128 + signum, "run_stopped", signum.name)


def test_the_terminal_is_closed_while_a_shell_is_open(play: Player) -> None:
    with play() as run:
        run.to_turn()
        run.open_shell()
        shell(run, "sleep 1000", "sleep 1000")
        run.terminal.hang_up()
        assert run.terminal.wait_for_end() == 129
        assert processes_with(f"{MARK}={run.mark}") == []


def _is_first(pid: int) -> bool:
    """Whether a process is PID 1 of a namespace of its own (proc(5), NSpid)."""
    found = re.search(r"^NSpid:\t\d+\t1$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return found is not None


def _processor_seconds(pid: int) -> float:
    """User and system time of a process (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
