"""The record by which a running sandbox is found, and what becomes of it when the sandbox dies."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from tunlab.errors import TunlabError
from tunlab.session import record
from tunlab.session.finding import Found, named, nearest, of_caller
from tunlab.session.others import Folder


def living(name: str) -> record.Session:
    return record.Session(name, "lab-x", os.getpid(), record.start_time(os.getpid()))


def dead(name: str) -> record.Session:
    process = subprocess.Popen([sys.executable, "-c", ""])
    session = record.Session(name, "lab-x", process.pid, record.start_time(process.pid))
    process.wait()
    return session


def zombie() -> tuple[record.Session, int]:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return record.Session("z", "lab-x", pid, record.start_time(pid)), pid


def test_a_claim_is_the_callers_until_the_holder_is_published(tmp_path: Path) -> None:
    name = record.claim(tmp_path, "lab-x")
    assert list(record.sessions(tmp_path)) == [living(name)]


def test_a_claim_whose_front_died_is_swept(tmp_path: Path) -> None:
    code = (
        f"from pathlib import Path; from tunlab.session import record; record.claim(Path({str(tmp_path)!r}), 'lab-x')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert [session.name for session in record.sessions(tmp_path)] == ["lab-x"]
    assert record.claim(tmp_path, "lab-x") == "lab-x"


def test_the_last_session_takes_the_folder_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "tunlab"
    for name in [record.claim(folder, "lab-x"), record.claim(folder, "lab-x")]:
        assert folder.exists()
        record.remove(folder, name)
    assert not folder.exists()


def test_names_are_free_ones(tmp_path: Path) -> None:
    assert record.claim(tmp_path, "lab-x") == "lab-x"
    assert record.claim(tmp_path, "lab-x") == "lab-x-2"
    record.remove(tmp_path, "lab-x")
    assert record.claim(tmp_path, "lab-x") == "lab-x"


def test_a_record_is_found_again(tmp_path: Path) -> None:
    session = living(record.claim(tmp_path, "lab-x"))
    record.write(tmp_path, session)
    assert list(record.sessions(tmp_path)) == [session]
    assert session.alive()


def test_the_dead_are_swept_and_the_living_stay(tmp_path: Path) -> None:
    for session in (living("a"), dead("b")):
        (tmp_path / session.name).mkdir()
        record.write(tmp_path, session)
    record.sweep(tmp_path)
    assert [session.name for session in record.sessions(tmp_path)] == ["a"]


def test_a_zombie_is_dead() -> None:
    session, pid = zombie()
    try:
        assert not session.alive()
    finally:
        os.waitpid(pid, 0)


def test_another_process_of_that_pid_is_not_it() -> None:
    assert not record.Session("a", "lab-x", os.getpid(), 1).alive()


def test_garbage_is_no_session(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "session.json").write_text("{")
    assert list(record.sessions(tmp_path)) == []


def test_what_is_no_file_of_ours_is_no_session(tmp_path: Path) -> None:
    """Root reads other people's folders: nothing in them may delay it or take up its memory."""
    record.write(tmp_path, living(record.claim(tmp_path, "lab-x")))
    for name in ("fifo", "huge", "link", "two\nlines"):
        (tmp_path / name).mkdir()
    os.mkfifo(tmp_path / "fifo" / "session.json")
    with (tmp_path / "huge" / "session.json").open("w") as file:
        file.write(json.dumps(asdict(living("huge"))))
        file.write(" " * 100_000)
    (tmp_path / "link" / "session.json").symlink_to(tmp_path / "lab-x" / "session.json")
    (tmp_path / "two\nlines" / "session.json").write_text(json.dumps(asdict(living("two\nlines"))))
    assert [each.name for each in record.sessions(tmp_path)] == ["lab-x"]


def test_no_more_than_so_many_are_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(record, "MOST", 2)
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        record.write(tmp_path, living(name))
    assert len(list(record.sessions(tmp_path))) == 2


def test_a_name_with_or_without_its_user() -> None:
    own, other = (
        Found(living(name), Folder(Path("/x"), uid, uid)) for name, uid in (("a", os.geteuid()), ("b", 64999))
    )
    same = Found(living("a"), Folder(Path("/x"), 64999, 64999))
    everything = [own, other, same]
    assert named(everything, "a") == [own]
    assert named(everything, "64999/a") == [same]
    assert named(everything, "b") == [other]
    assert named(everything, "c") == []


def test_which_are_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those in the folder of this runtime; else those of another one, as after su(1); never another user's."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    here, elsewhere, anothers = (
        Found(living(name), Folder(path, uid, uid))
        for name, path, uid in (
            ("here", tmp_path / "tunlab", os.geteuid()),
            ("elsewhere", Path("/x"), os.geteuid()),
            ("anothers", Path("/y"), 64999),
        )
    )
    for found, ours, meant in (
        ([here, elsewhere, anothers], [here], [here]),
        ([elsewhere, anothers], [elsewhere], [elsewhere]),
        ([anothers], [], [anothers]),
    ):
        assert (of_caller(found), nearest(found)) == (ours, meant)


def test_a_folder_behind_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(TunlabError, match="sessions_not_yours"):
        record.claim(tmp_path / "link", "lab-x")


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TunlabError, match="sessions_unusable"):
        record.claim(tmp_path / "file", "lab-x")
