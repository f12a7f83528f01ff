"""`tunlab clean` with real sandboxes: what the dead left goes, the living end when told to, strangers are let be."""

import json
import os
import select
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from host_state import processes_with
from strange import PATIENCE, TUNLAB, Done, environment, shell
from terminal import ENTER, Terminal

from tunlab.i18n import LANGUAGES, Words
from tunlab.session import ending, holders, others, record

pytestmark = pytest.mark.needs("sandbox")

MARK = "TUNLAB_TEST_MARK"
NOBODY = 65534

# A front whose holder does nothing but wait: for the end that a signal asks for, or for none.
FRONT = """
import os, select, sys
from tunlab import paths
from tunlab.kernel import sandbox
from tunlab.session import record
folder = paths.sessions(os.geteuid())
name = record.claim(folder, "lab-x")
def born(pid):
    record.write(folder, record.Session(name, "lab-x", pid, record.start_time(pid)))
def hold(front):
    print(name, flush=True)
    while True:
        if sys.argv[1] == "obeys":
            front.check()
        select.select([], [], [], 0.02)
try:
    status = sandbox.run(hold, born)
finally:
    record.remove(folder, name)
sys.exit(status)
"""


class Run:
    """A sandbox with its front, in a runtime folder of our own."""

    def __init__(self, folder: Path, manners: str = "obeys") -> None:
        self.mark = uuid.uuid4().hex
        self._folder = folder / "tunlab"
        self.front = subprocess.Popen(
            [sys.executable, "-c", FRONT, manners],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(XDG_RUNTIME_DIR=folder, **{MARK: self.mark}),
        )
        assert self.front.stdout
        self.name = self.front.stdout.readline().strip()
        if not self.name:
            self.end()
            raise AssertionError("no sandbox")

    def session(self) -> record.Session:
        return next(session for session in record.sessions(self._folder) if session.name == self.name)

    def lives(self) -> bool:
        return self.front.poll() is None and self.session().alive()

    def end(self) -> None:
        self.front.kill()
        self.front.communicate(timeout=PATIENCE)


@contextmanager
def running(folder: Path, manners: str = "obeys") -> Iterator[Run]:
    run = Run(folder, manners)
    pidfd = os.pidfd_open(run.session().holder)
    try:
        yield run
    finally:
        run.end()
        assert select.select([pidfd], [], [], PATIENCE)[0]
        os.close(pidfd)


def clean(folder: Path, *options: str) -> Done:
    return shell(" ".join(('"$TUNLAB" clean', *options)), XDG_RUNTIME_DIR=folder)


def note(folder: Path, name: str, pid: int) -> Path:
    """A record that names any process."""
    place = folder / "tunlab" / name
    place.mkdir(parents=True)
    record.write(folder / "tunlab", record.Session(name, "lab-x", pid, record.start_time(pid)))
    return place


# The dead


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_to_clean(language: str, tmp_path: Path) -> None:
    done = clean(tmp_path, "--lang", language)
    assert (done.returncode, done.stdout, done.stderr) == (0, Words(language)("clean_nothing") + "\n", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_killed_front_s_record_goes(language: str, tmp_path: Path) -> None:
    with running(tmp_path) as run:
        pass
    assert run.session().name == run.name  # nobody has removed it
    done = clean(tmp_path, "--lang", language)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == Words(language)("clean_removed", session=run.name) + "\n"
    assert not (tmp_path / "tunlab").exists()


# The living


def test_without_a_terminal_nobody_is_ended(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        done = clean(tmp_path)
        assert (done.returncode, done.stderr) == (2, f"tunlab: {Words('en')('clean_needs_yes')}\n")
        assert run.name in done.stdout
        assert run.lives()


@pytest.mark.parametrize("language", LANGUAGES)
def test_yes_ends_all_of_it(language: str, tmp_path: Path) -> None:
    with running(tmp_path) as run, running(tmp_path) as second:
        done = clean(tmp_path, "--yes", "--lang", language)
        assert (done.returncode, done.stderr) == (0, "")
        for each in (run, second):
            assert Words(language)("clean_ended", session=each.name) in done.stdout
            assert each.front.wait(PATIENCE) == 128 + signal.SIGTERM
            assert processes_with(f"{MARK}={each.mark}") == []
    assert not (tmp_path / "tunlab").exists()


@pytest.mark.parametrize(
    ("typed", "status"), [(ENTER, 0), (b"n\r", 0), (b"\x04", 0), (b"y\r", 0)], ids=["enter", "n", "end", "y"]
)
def test_the_answer_counts(typed: bytes, status: int, tmp_path: Path) -> None:
    words = Words("en")
    with running(tmp_path) as run:
        surroundings = environment(XDG_RUNTIME_DIR=tmp_path)
        with Terminal([TUNLAB, "clean", "--lang", "en"], surroundings) as terminal:
            terminal.type(b"y\r")  # ahead of the question
            terminal.expect(words("clean_ask").strip())
            assert run.lives()
            terminal.type(typed)
            assert terminal.end() == status
            ended = typed == b"y\r"
            assert (words("clean_ended", session=run.name) in terminal.text()) == ended
            assert (words("clean_left") in terminal.text()) != ended
        assert run.front.wait(PATIENCE) == 128 + signal.SIGTERM if ended else run.lives()


@pytest.mark.parametrize("manners", ["obeys", "stopped", "deaf"])
def test_who_does_not_listen_is_killed(manners: str, tmp_path: Path) -> None:
    with running(tmp_path, "deaf" if manners == "deaf" else "obeys") as run:
        if manners == "stopped":
            os.kill(run.session().holder, signal.SIGSTOP)
        ending.end([run.session()], os.geteuid(), patience=0.3 if manners == "deaf" else PATIENCE)
        assert run.front.wait(PATIENCE) == 128 + (signal.SIGKILL if manners == "deaf" else signal.SIGTERM)


# Strangers


@pytest.mark.parametrize(
    "command",
    [["sleep", "60"], ["unshare", "--user", "--map-current-user", "--fork", "--pid", "--kill-child", "sleep", "60"]],
    ids=["a process", "PID 1 of some namespace"],
)
def test_an_innocent_process_is_let_be(command: list[str], tmp_path: Path) -> None:
    with subprocess.Popen(command) as innocent:
        try:
            pid = innocent.pid if command[0] == "sleep" else child_of(innocent.pid)
            place = note(tmp_path, "forged", pid)
            done = clean(tmp_path, "--yes")
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout == Words("en")("clean_not_ours", session="forged", pid=pid) + "\n"
            assert innocent.poll() is None and record.start_time(pid)
            assert place.exists()
        finally:
            innocent.kill()


def child_of(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    pidfd = os.pidfd_open(pid)
    try:
        while not (found := children.read_text().split()):
            assert not select.select([pidfd], [], [], 0.01)[0], "it ended"
    finally:
        os.close(pidfd)
    return int(found[0])


def test_a_sandbox_of_another_user_is_none(tmp_path: Path) -> None:
    with running(tmp_path) as run:
        assert holders.is_holder(run.session(), os.geteuid())
        ending.end([run.session()], os.geteuid() + 1, patience=0)
        assert run.lives()


@pytest.mark.needs("root")
def test_in_somebody_s_folder_root_has_their_rights_only(tmp_path: Path) -> None:
    """A record and a link of theirs that lead to what is root's."""
    tmp_path.chmod(0o755)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "session.json").write_text(json.dumps({"name": "x", "lab": "x", "holder": 2**22 + 1, "started": 1}))
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "x").symlink_to(precious)
    os.chown(theirs, NOBODY, NOBODY)
    folder = others.Folder(theirs, NOBODY, NOBODY)
    folder.sweep()
    assert (precious / "session.json").exists()
    with running(tmp_path) as run:
        folder.as_owner(lambda: ending.end([run.session()], os.geteuid(), patience=0))
        assert run.lives()


def test_all_folders_are_those_of_their_owners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, forged, link = (tmp_path / name for name in ("mine", "forged", "link"))
    mine.mkdir()
    forged.mkdir()
    link.symlink_to(mine)
    uid = os.geteuid()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr("tunlab.paths.all_sessions", lambda: [(uid, mine), (uid + 1, forged), (uid, link)])
    assert [folder.path for folder in others.everywhere()] == [mine]


# The terminal


def test_a_terminal_without_echo_is_put_in_order(tmp_path: Path) -> None:
    script = f"stty -icanon -echo min 0 time 0; exec {TUNLAB} clean --lang en"
    with Terminal(["/bin/sh", "-c", script], environment(XDG_RUNTIME_DIR=tmp_path)) as terminal:
        assert terminal.end() == 0
        assert terminal.cooked()
        assert Words("en")("clean_terminal") in " ".join(terminal.text().split())
        assert Words("en")("clean_nothing") not in terminal.text()


def test_a_terminal_in_order_is_not_touched(tmp_path: Path) -> None:
    with Terminal([TUNLAB, "clean", "--lang", "en"], environment(XDG_RUNTIME_DIR=tmp_path)) as terminal:
        assert terminal.end() == 0
        assert terminal.mode() == terminal.mode_at_first
        assert Words("en")("clean_nothing") in terminal.text()


def test_inside_a_sandbox_it_sees_nothing_and_says_so(tmp_path: Path) -> None:
    from tunlab.kernel import sandbox

    told = tmp_path / "told"

    def inside(_: object) -> int:
        done = clean(tmp_path, "--lang", "en")
        told.write_text(f"{done.returncode} {done.stderr}")
        return 0

    sandbox.run(inside, lambda _: None)
    assert told.read_text() == f"3 tunlab: {Words('en')('clean_inside')}\n"
