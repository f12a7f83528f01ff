"""A learner's progress: kept whole, kept by several runs at once, and never lost to a file that is broken."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunlab import paths
from tunlab.errors import Status, TunlabError
from tunlab.kernel import user
from tunlab.session import progress
from tunlab.session.progress import Progress, StepRecord, forget, load, record

LAB = "lab-x"
DONE = StepRecord("done", "2026-01-02T03:04:05Z", {"kind": "choice", "answer": "a", "matched": False})
SKIPPED = StepRecord("skipped", "2026-01-02T03:04:06Z")

# Keeps recording steps of its own: PREFIX0, PREFIX1, ...
RECORDS = f"""
import sys
from pathlib import Path
from tunlab.session.progress import StepRecord, record
folder, prefix, most = sys.argv[1:]
for number in range(int(most)):
    record(Path(folder), {LAB!r}, "h", f"{{prefix}}{{number}}", StepRecord("done", "t", {{"answer": "x" * 2000}}))
    print(number, flush=True)
"""


def test_a_lab_never_played(tmp_path: Path) -> None:
    assert load(tmp_path / "none", LAB) is None
    assert load(tmp_path, LAB) is None
    forget(tmp_path / "none", LAB)
    assert list(tmp_path.iterdir()) == []


def test_what_is_recorded_is_read_again(tmp_path: Path) -> None:
    record(tmp_path, LAB, "old", "one", DONE)
    record(tmp_path, LAB, "new", "two", SKIPPED)
    record(tmp_path, "lab-y", "other", "one", SKIPPED)
    assert load(tmp_path, LAB) == Progress(LAB, "new", {"one": DONE, "two": SKIPPED})


def test_only_steps_survive_a_rewrite(tmp_path: Path) -> None:
    record(tmp_path, LAB, "h", "gone", DONE)
    file = tmp_path / f"{LAB}.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"unknown": 1}))
    record(tmp_path, LAB, "h", "new", SKIPPED)
    content = json.loads(file.read_text())
    assert content["steps"].keys() == {"gone", "new"}
    assert "unknown" not in content


def test_nobody_else_reads_it(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "for" / "it"
    record(folder, LAB, "h", "one", DONE)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600, 0o600]


def test_a_finished_lab_is_forgotten(tmp_path: Path) -> None:
    record(tmp_path, LAB, "h", "one", DONE)
    forget(tmp_path, LAB)
    assert load(tmp_path, LAB) is None
    assert not list(tmp_path.glob("*.json*"))


def test_a_broken_file_is_set_aside(tmp_path: Path) -> None:
    for text in ("first", "second"):
        (tmp_path / f"{LAB}.json").write_text(text)
        with pytest.raises(TunlabError, match="progress_unreadable") as refused:
            record(tmp_path, LAB, "h", "one", DONE)
        assert refused.value.status == Status.USAGE
        forget(tmp_path, LAB)
        assert load(tmp_path, LAB) is None
    aside = {path.name: path.read_text() for path in tmp_path.glob("*.broken*")}
    assert aside == {f"{LAB}.json.broken": "first", f"{LAB}.json.broken-2": "second"}


def test_a_folder_in_its_place_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / f"{LAB}.json").mkdir()
    with pytest.raises(TunlabError, match="progress_unreadable"):
        load(tmp_path, LAB)
    forget(tmp_path, LAB)
    record(tmp_path, LAB, "h", "one", DONE)


def test_a_fifo_in_its_place_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / f"{LAB}.json")
    with pytest.raises(TunlabError, match="progress_unreadable"):
        load(tmp_path, LAB)


def test_a_file_in_the_way_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert load(tmp_path / "file", LAB) is None
    with pytest.raises(TunlabError, match="progress_refused") as refused:
        record(tmp_path / "file", LAB, "h", "one", DONE)
    assert refused.value.values["problem"] == "ENOTDIR"


def test_a_full_disk_leaves_what_was_there() -> None:
    script = f"""
from pathlib import Path
from tunlab.errors import TunlabError
from tunlab.session.progress import StepRecord, load, record
here = Path("/mnt/p")
record(here, {LAB!r}, "h", "one", StepRecord("done", "t"))
try:
    record(here, {LAB!r}, "h", "two", StepRecord("done", "t", {{"answer": "x" * 100_000}}))
except TunlabError as error:
    print(error.values["problem"], *load(here, {LAB!r}).steps, *sorted(path.name for path in here.iterdir()))
"""
    mount = 'mount -t tmpfs -o size=32k none /mnt && exec "$@"'
    words = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh", sys.executable, "-c", script]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["ENOSPC", "one", ".lock", f"{LAB}.json"]


# Broken files

STEPS = st.dictionaries(st.text(), st.none() | st.integers() | st.dictionaries(st.text(), st.text() | st.none()))
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "schema": st.just(1) | st.integers(),
        "lab": st.just(LAB) | st.none(),
        "hash": st.text() | st.floats(),
        "steps": STEPS | st.lists(st.integers()),
    },
)


@given(data=st.binary() | NEARLY.map(lambda content: json.dumps(content).encode()))
def test_any_bytes(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    loads_or_is_refused(data, tmp_path_factory.getbasetemp())


@pytest.mark.parametrize("data", [b"[" * 100_000, b"1" * 10_000, b'{"a":' * 50_000, b" " * 2_000_000, b"\xff", b""])
def test_hard_bytes(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(TunlabError):
        loads_or_is_refused(data, tmp_path, raises=True)


@given(at=st.integers(0, 150), byte=st.binary(max_size=2))
def test_a_good_file_with_bytes_changed(at: int, byte: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "good"
    forget(folder, LAB)
    record(folder, LAB, "h", "one", DONE)
    data = (folder / f"{LAB}.json").read_bytes()
    loads_or_is_refused(data[:at] + byte + data[at + 1 :], folder)


def loads_or_is_refused(data: bytes, folder: Path, raises: bool = False) -> None:
    """What loads can be rewritten and loads again; what does not is set aside, unharmed."""
    file = folder / f"{LAB}.json"
    file.write_bytes(data)
    try:
        known = load(folder, LAB)
    except TunlabError as error:
        assert error.key == "progress_unreadable"
        assert file.read_bytes() == data
        forget(folder, LAB)
        aside = max(folder.glob(f"{LAB}.json.broken*"), key=lambda path: path.stat().st_mtime_ns)
        aside.unlink()
        if raises:
            raise
    else:
        assert known is not None
        record(folder, LAB, "h", "new", SKIPPED)
        again = load(folder, LAB)
        assert again is not None
        assert again.steps == {**known.steps, "new": SKIPPED}


# Several processes


def recorder(folder: Path, prefix: str, most: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", RECORDS, folder, prefix, str(most)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def test_two_runs_at_once_lose_nothing(tmp_path: Path) -> None:
    runs = [recorder(tmp_path, prefix, 40) for prefix in ("a", "b")]
    for run in runs:
        run.communicate(timeout=60)
        assert run.returncode == 0
    known = load(tmp_path, LAB)
    assert known is not None
    assert known.steps.keys() == {f"{prefix}{number}" for prefix in ("a", "b") for number in range(40)}


def test_a_kill_at_any_point_tears_nothing(tmp_path: Path) -> None:
    record(tmp_path, LAB, "h", "before", DONE)
    point, killed = 0, True
    while killed:
        point += 1
        pid = os.fork()
        if pid == 0:
            killed_at(point, lambda: record(tmp_path, LAB, "h", "new", DONE))
        _, status = os.waitpid(pid, 0)
        killed = os.WIFSIGNALED(status)
        known = load(tmp_path, LAB)
        assert known is not None
        assert known.steps in ({"before": DONE}, {"before": DONE, "new": DONE})
    assert status == 0
    assert point > 20
    assert known.steps.keys() == {"before", "new"}
    assert {path.name for path in tmp_path.iterdir()} == {".lock", f"{LAB}.json"}  # no killed one's draft is left


def killed_at(point: int, action: Callable[[], None]) -> NoReturn:
    """Act, and die by SIGKILL before the so many-th call of a function in C: among these are all system calls."""
    calls = 0

    def count(_frame: object, event: str, _called: object) -> None:
        nonlocal calls
        calls += event == "c_call"
        if calls == point:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    try:
        action()
    except BaseException:  # this is a copy of pytest: nothing may leave it
        os._exit(1)
    os._exit(0)


# Where it is


@pytest.mark.parametrize("told", ["relative/folder", "", None])
def test_only_an_absolute_state_folder_counts(told: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    if told is not None:
        monkeypatch.setenv("XDG_STATE_HOME", told)
    assert paths.state(Path("/home/u")) == Path("/home/u/.local/state/tunlab")
    monkeypatch.setenv("XDG_STATE_HOME", "/var/s")
    assert paths.state(Path("/home/u")) == Path("/var/s/tunlab")


@pytest.mark.parametrize("home", [None, "", "relative"])
def test_without_a_home_the_account_says_it(home: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME", raising=False)
    if home is not None:
        monkeypatch.setenv("HOME", home)
    account = user.pwd.getpwuid(os.geteuid()).pw_dir
    assert user.real_home() == Path(account)


# Under sudo

USER = 65534
SUDO = {"SUDO_UID": str(USER), "SUDO_GID": str(USER)}


@pytest.fixture
def sudo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home of the user who called sudo."""
    for name, value in SUDO.items():
        monkeypatch.setenv(name, value)
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, USER, USER)
    return home


@pytest.mark.needs("root")
def test_under_sudo_the_home_is_the_users(sudo: Path) -> None:
    assert user.real_home() == Path(user.pwd.getpwuid(USER).pw_dir)
    assert str(progress.folder()).startswith(user.pwd.getpwuid(USER).pw_dir)


@pytest.mark.needs("root")
def test_under_sudo_all_that_is_made_is_the_users(sudo: Path) -> None:
    record(sudo / ".local/state/tunlab/progress", LAB, "h", "one", DONE)
    record(sudo / ".local/state/tunlab/progress", LAB, "h", "two", DONE)
    made = list(sudo.rglob("*"))
    assert len(made) == 6
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(USER, USER)}


@pytest.mark.needs("root")
@pytest.mark.parametrize("place", ["link", "link/deeper"])
def test_under_sudo_a_link_leads_nowhere_that_is_not_the_users(place: str, sudo: Path, tmp_path: Path) -> None:
    roots = tmp_path / "roots"
    roots.mkdir()
    (sudo / "link").symlink_to(roots)
    with pytest.raises(TunlabError, match="progress_refused") as refused:
        record(sudo / place, LAB, "h", "one", DONE)
    assert refused.value.values["problem"] == "EPERM"
    assert list(roots.iterdir()) == []
