"""Labs that nobody would write, or that somebody wrote with bad intentions: one sentence at most, and no harm done."""

import json
import time
import uuid
from pathlib import Path

import pytest
from host_state import processes_with
from strange import PLAY, START, TUNLAB, ended, environment, execute, make_lab, no_python, play, program, shell
from terminal import Terminal

pytestmark = [pytest.mark.needs("sandbox", "tun"), pytest.mark.alike]

MARK = "TUNLAB_TEST_MARK"
ESCAPES = r"printf '\033]2;PWNED\007\033[?1049h\n'"
HELLO = b'{"program": "p"}'


@pytest.mark.parametrize("module", ["json.py", "socket.py", "tunlab.py"])
def test_a_file_of_the_lab_is_no_module_of_ours(module: str, tmp_path: Path) -> None:
    reader = {"p": {"node": "h1", "device": "tun0", "module": "reader"}}
    lab = make_lab(tmp_path / "lab", START, programs=reader)
    (lab / module).write_text(f"open({str(tmp_path / 'executed')!r}, 'w')\n")
    ended(play(lab), 0)
    assert not (tmp_path / "executed").exists()


# Escape sequences

SAYING = {
    "a command": ((execute("sh", "-c", ESCAPES),), None, 0),
    "a command that fails": ((execute("sh", "-c", f"{ESCAPES}; exit 7"),), None, 3),
    "a program": ((START,), program("sh", "-c", f"{ESCAPES}; echo READY; sleep 300"), 0),
    "a program that fails": ((START,), program("sh", "-c", f"{ESCAPES}; exit 7"), 3),
}


@pytest.mark.parametrize("options", ["", "--json"], ids=["screen", "json"])
@pytest.mark.parametrize("what", SAYING)
def test_no_escape_sequence_of_a_lab_comes_out(what: str, options: str, tmp_path: Path) -> None:
    verbs, programs, status = SAYING[what]
    done = play(make_lab(tmp_path / "lab", *verbs, programs=programs), options)
    ended(done, status)
    assert "PWNED" in done.stdout
    assert not {"\x1b", "\x07"} & {*done.stdout, *done.stderr}
    if options:
        assert r"\u001b]2;PWNED\u0007\u001b[?1049h" in done.stdout
        assert all(json.loads(line) for line in done.stdout.splitlines())


@pytest.mark.parametrize("where", ["command", "prose", "folder"])
def test_no_escape_sequence_hides_what_a_lab_would_run(where: str, tmp_path: Path) -> None:
    hiding = {"command": "true", "prose": "Go.", "folder": "lab"}
    hiding[where] = "x\x1b[8m\x9b2K"
    lab = make_lab(tmp_path / hiding["folder"], execute(hiding["command"]))
    (lab / "en.md").write_text(f"# Strange\n\n## go: Go\n\n### say\n\n{hiding['prose']}\n")
    done = shell('"$TUNLAB" lab lint "$LAB"; "$TUNLAB" run "$LAB" --auto', LAB=lab)
    assert (done.returncode, no_python(done.stderr)) == (2, True)
    assert not {"\x1b", "\x9b"} & {*done.stdout, *done.stderr}


# Programs


def test_a_command_that_fails_is_named(tmp_path: Path) -> None:
    done = play(make_lab(tmp_path / "lab", execute("sh", "-c", "echo why; exit 7")))
    ended(done, 3)
    first, *rest = done.stderr.splitlines()
    assert "echo why; exit 7" in first
    assert "status 7" in first
    assert str(TUNLAB) not in done.stderr
    assert "why" in "".join(rest)


NONSENSE = {
    "no JSON": [b"garbage"],
    "no text": [b"\xff\xfe\x00"],
    "a hello that is a list": [b"[]"],
    "a hello that is a text": [b'"p"'],
    "a hello without a program": [b"{}"],
    "depths": [b"[" * 100_000],
    "a report that is a number": [HELLO, b"7"],
    "a report without anything": [HELLO, b"{}"],
    "an unknown deed": [HELLO, b'{"t_ns": 1, "did": "eaten", "bytes": 1, "data": "45"}'],
    "a deed that is a list": [HELLO, b'{"t_ns": 1, "did": ["read"], "bytes": 1, "data": "45"}'],
    "a time that is a text": [HELLO, b'{"t_ns": "x", "did": "read", "bytes": 1, "data": "45"}'],
    "bad digits": [HELLO, b'{"t_ns": 1, "did": "read", "bytes": 1, "data": "zz"}'],
}
REPORT = """import os, signal, socket
line = socket.socket(socket.AF_UNIX)
line.connect(os.environ["TUNLAB_REPORTS"] + "/stage.sock")
try:
    line.sendall(open("nonsense", "rb").read())
except OSError:
    pass
print("READY", flush=True)
signal.pause()
"""


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_in_the_report_socket(what: str, tmp_path: Path) -> None:
    reporting = program("python3", "report.txt", device="tun0")
    lab = make_lab(tmp_path / "lab", START, execute("sleep", "0.1"), programs=reporting)
    (lab / "report.txt").write_text(REPORT)
    (lab / "nonsense").write_bytes(b"".join(line + b"\n" for line in NONSENSE[what]))
    ended(play(lab, "--json"), 0, 1)


def test_a_program_that_ends_before_it_is_ready(tmp_path: Path) -> None:
    done = play(make_lab(tmp_path / "lab", START, programs=program("sh", "-c", "echo sorry; exit 3")))
    ended(done, 3)
    assert "'p'" in done.stderr
    assert "sorry" in done.stderr


def test_a_line_of_five_megabytes(tmp_path: Path) -> None:
    lab = make_lab(tmp_path / "lab", execute("sh", "-c", r"head -c 5000000 /dev/zero | tr '\0' a"))
    ended(play(lab), 0)


def test_a_daemon_that_keeps_the_terminal_of_its_program(tmp_path: Path) -> None:
    mark = uuid.uuid4().hex
    lab = make_lab(tmp_path / "lab", START, programs=program("sh", "-c", "sleep 300 & echo x", ready="x"))
    began = time.monotonic()
    ended(play(lab, **{MARK: mark}), 0)
    assert time.monotonic() - began < 20
    assert processes_with(f"{MARK}={mark}") == []


# Files


@pytest.mark.needs("root")  # an ordinary user's sandbox reads whatever is that user's own
def test_a_file_of_the_lab_that_cannot_be_read(tmp_path: Path) -> None:
    lab = make_lab(tmp_path / "lab", execute("true"))
    (lab / "secret").touch(mode=0)
    powerless = "setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-all"
    done = shell(f"{powerless} {PLAY}", LAB=lab)
    ended(done, 2, 3)
    assert "secret" in done.stderr


def test_a_link_of_the_lab_that_leads_nowhere(tmp_path: Path) -> None:
    lab = make_lab(tmp_path / "lab", execute("true"))
    (lab / "nowhere").symlink_to(tmp_path / "not-there")
    ended(play(lab), 0, 2, 3)


def test_a_file_of_the_lab_that_is_too_large(tmp_path: Path) -> None:
    lab = make_lab(tmp_path / "lab", execute("true"))
    with (lab / "large").open("wb") as file:
        file.truncate(80 << 20)
    ended(play(lab), 2, 3)


@pytest.mark.needs("root")
def test_a_lab_under_run(tmp_path: Path) -> None:
    lab = make_lab(tmp_path / "lab", execute("true"))
    moved = 'mount -t tmpfs none /run && mkdir /run/media && cp -R "$LAB" /run/media/lab'
    done = shell(f"unshare --mount sh -c '{moved} && exec \"$TUNLAB\" run /run/media/lab --auto --allow-exec'", LAB=lab)
    ended(done, 0)


@pytest.mark.parametrize("from_within", ["lab", "command line"])
def test_a_name_of_300_characters(from_within: str, tmp_path: Path) -> None:
    name = "l" * 300
    lab = make_lab(tmp_path / "lab", execute("true"), name=name)
    ended(play(lab) if from_within == "lab" else shell(f'"$TUNLAB" run {name} --auto'), 2)


# Trust


def test_control_d_at_the_question_of_trust_is_a_no(tmp_path: Path) -> None:
    lab = make_lab(tmp_path / "lab", execute("touch", str(tmp_path / "executed")))
    with Terminal([TUNLAB, "run", lab], environment(), 120) as terminal:
        terminal.expect("q quit")
        terminal.type(b"\x04")
        assert terminal.end() == 0
        assert b"Traceback" not in terminal.written
    assert not (tmp_path / "executed").exists()
