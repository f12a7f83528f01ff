"""Standard files, folders, limits and signals that are not as usual: the run plays, or one sentence says why not."""

import json
import os
import signal
import subprocess
import time
import uuid
from contextlib import suppress
from pathlib import Path

import pytest
from host_state import processes_with
from strange import PATIENCE, PLAY, START, TUNLAB, ended, environment, execute, make_lab, no_python, play, shell

pytestmark = pytest.mark.needs("sandbox", "tun")

MARK = "TUNLAB_TEST_MARK"
NOBODY = 2**22 + 1  # a pid that no process can have


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return make_lab(tmp_path / "lab", execute("true"))


# Standard files


@pytest.mark.parametrize("options", ["", "--json"], ids=["screen", "json"])
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_standard_file_is_closed(closed: str, options: str, lab: Path) -> None:
    done = shell(f"{PLAY} {options} {closed}", LAB=lab)
    if "2>" in closed:
        assert (done.returncode in (0, 3), done.stderr) == (True, "")
    else:
        ended(done, 0, 3)


@pytest.mark.parametrize("script", ["lab prove lab-1.4.3 --json", "lab lint lab-1.4.3", "lab lint lab-1.4.3 --json"])
def test_nobody_reads_any_more(script: str) -> None:
    assert no_python(shell(f'"$TUNLAB" {script} | true').stderr)
    assert no_python(shell(f'"$TUNLAB" {script} | head -1').stderr)


@pytest.mark.parametrize("script", ["--version", "--help", "lab lint lab-1.4.3", "lab prove lab-1.4.3"])
def test_the_output_has_no_space(script: str) -> None:
    done = shell(f'"$TUNLAB" {script} >/dev/full')
    assert done.returncode != 0
    assert no_python(done.stderr)


# The runtime folder and the records in it


@pytest.mark.parametrize("runtime", ["not-there", "{}/not-there", "{}/file"], ids=["relative", "absent", "a file"])
def test_the_runtime_folder_is_none(runtime: str, lab: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    ended(shell(PLAY, cwd=tmp_path, LAB=lab, XDG_RUNTIME_DIR=runtime.format(tmp_path)), 0)
    assert (tmp_path / "file").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"file", "lab"}


def record(**changes: object) -> str:
    return json.dumps({"name": "x", "lab": "lab-x", "holder": NOBODY, "started": 1} | changes)


RECORDS = {
    "no JSON": "garbage",
    "depths": "[" * 100_000,
    "a list": "[]",
    "empty": "{}",
    "holder a text": record(holder="1"),
    "holder none": record(holder=None),
    "holder a list": record(holder=[1]),
    "holder a fraction": record(holder=1.5),
    "holder below 0": record(holder=-1),
    "holder beyond all": record(holder=2**70),
    "name a number": record(name=7),
    "name elsewhere": record(name="../../precious"),
    "name an absolute path": record(name="PRECIOUS"),
    "name of the folder above": record(name="../.."),
}


@pytest.mark.parametrize("what", RECORDS)
def test_a_record_that_is_not_one_of_ours(what: str, lab: Path, tmp_path: Path) -> None:
    precious, session = tmp_path / "precious", tmp_path / "runtime/tunlab/x"
    precious.mkdir()
    (precious / "thing").touch()
    session.mkdir(parents=True)
    (session / "session.json").write_text(RECORDS[what].replace("PRECIOUS", str(precious)))
    ended(play(lab, XDG_RUNTIME_DIR=tmp_path / "runtime"), 0)
    assert (precious / "thing").exists()


# Limits and signals


@pytest.mark.needs("root")
def test_sudo_s_user_is_no_number(lab: Path) -> None:
    ended(play(lab, SUDO_UID="abc", SUDO_GID="abc"), 0)


@pytest.mark.parametrize("most", [8, 16])
def test_hardly_any_files_may_be_open(most: int, lab: Path) -> None:
    ended(shell(f"ulimit -n {most}; {PLAY}", LAB=lab), 0, 3)


def test_a_hangup_that_is_ignored_is_ignored(tmp_path: Path) -> None:
    lab = make_lab(tmp_path / "lab", execute("sleep", "1"))
    script = f"trap '' HUP; exec {PLAY} --json"
    with subprocess.Popen(
        ["sh", "-c", script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(LAB=lab),
    ) as front:
        assert front.stdout
        assert "run_started" in front.stdout.readline()
        front.send_signal(signal.SIGHUP)
        _, said = front.communicate(timeout=PATIENCE)
    assert (front.returncode, said) == (0, "")


def compiles(mark: str) -> bool:
    """Whether a compiler proper is among the processes with the mark."""
    with suppress(OSError):  # one has just ended
        return any(Path(f"/proc/{pid}/comm").read_text() == "cc1\n" for pid in processes_with(f"{MARK}={mark}"))
    return False


def files_of_compilers() -> set[Path]:
    """Ours, in /tmp."""
    found = set()
    for path in Path("/tmp").glob("cc*"):
        with suppress(FileNotFoundError):
            if path.stat().st_uid == os.geteuid():
                found.add(path)
    return found


@pytest.mark.needs("cc")
def test_an_interrupted_compiler_leaves_nothing(tmp_path: Path) -> None:
    slow = "".join(f"int f{n}(int x) {{ return x * {n} + x / {n + 1}; }}\n" for n in range(20_000))
    sourced = {"p": {"node": "h1", "source": "slow.c", "ready": "READY"}}
    lab = make_lab(tmp_path / "lab", START, programs=sourced)
    (lab / "slow.c").write_text(slow + "int main(void) { return 0; }\n")
    mark, before = uuid.uuid4().hex, files_of_compilers()
    surroundings = environment(**{MARK: mark})
    surroundings.pop("TMPDIR", None)
    command = [TUNLAB, "run", lab, "--auto", "--allow-exec", "--json"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=surroundings
    ) as run:
        deadline = time.monotonic() + PATIENCE
        while not compiles(mark):
            assert run.poll() is None and time.monotonic() < deadline, "no compiler was seen"
            time.sleep(0.02)
        os.kill(run.pid, signal.SIGINT)
        _, said = run.communicate(timeout=PATIENCE)
    assert run.returncode == 128 + signal.SIGINT
    assert no_python(said.decode())
    deadline = time.monotonic() + 5
    while left := files_of_compilers() - before:  # somebody else's compiler takes its own away
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
