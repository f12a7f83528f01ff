"""`lab new` makes a lab that is well written and proved, and never spoils what is there."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tunlab import paths
from tunlab.i18n import LANGUAGES

TUNLAB = Path(sys.prefix) / "bin/tunlab"
FILES = {"lab.yaml", "en.md", "zh.md"}


def tunlab(*words: str | Path, cwd: Path | None = None, most: int | None = None) -> subprocess.CompletedProcess[str]:
    """`most` bytes may be written to a file."""
    return subprocess.run(
        [TUNLAB, *words],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))) if most else None,
    )


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.needs("sandbox", "tun")
def test_it_is_well_written_and_proved(tmp_path: Path) -> None:
    assert tunlab("lab", "new", "my-lab", cwd=tmp_path).returncode == 0
    linted = tunlab("lab", "lint", "my-lab", "--json", cwd=tmp_path)
    assert (linted.returncode, linted.stdout, linted.stderr) == (0, "", "")
    proved = tunlab("lab", "prove", "my-lab", "--json", cwd=tmp_path)
    last = json.loads(proved.stdout.splitlines()[-1])
    assert (proved.returncode, last["event"], last["lab"], last["state"]) == (0, "lab_proved", "my-lab", "proved")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_what_to_do_next(language: str, tmp_path: Path) -> None:
    made = tunlab("lab", "new", "my-lab", "--lang", language, cwd=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    assert names(tmp_path / "my-lab") == FILES
    for words in ("lab lint", "lab prove", "run"):
        assert f"tunlab {words} my-lab" in made.stdout


@pytest.mark.needs("sandbox", "tun")
def test_it_plays(tmp_path: Path) -> None:
    tunlab("lab", "new", tmp_path / "my-lab")
    done = tunlab("run", tmp_path / "my-lab", "--auto", "--allow-exec", "--json")
    last = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, last["state"], last["failed"], last["skipped"]) == (0, "done", 0, 0)


def test_it_shows_all_that_a_step_can_be(tmp_path: Path) -> None:
    tunlab("lab", "new", tmp_path / "my-lab")
    text = (tmp_path / "my-lab/lab.yaml").read_text()
    assert all(f"\n    {key}:" in text for key in ("do", "solve", "predict", "watch", "check"))


def identifier(folder: Path) -> str:
    [line] = [line for line in (folder / "lab.yaml").read_text().splitlines() if line.startswith("id: ")]
    return line.removeprefix("id: ")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("lab-7", "lab-7"), ("My Lab", "my-lab"), ("1.5_bridges", "1.5-bridges"), ("null", "null")],
)
def test_the_folders_name_becomes_the_id(name: str, expected: str, tmp_path: Path) -> None:
    assert tunlab("lab", "new", tmp_path / name).returncode == 0
    assert identifier(tmp_path / name) == expected
    assert tunlab("lab", "lint", tmp_path / name).returncode == 0


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    folder = tmp_path / "lab-here"
    folder.mkdir()
    assert tunlab("lab", "new", ".", cwd=folder).returncode == 0
    assert names(folder) == FILES
    assert identifier(folder) == "lab-here"


@pytest.mark.parametrize(
    "name", ["实验", "a:b", "-", "..", "x" * 65, "lab-1.4.3", "missing/lab", "full", "file", "link", "file/lab"]
)
def test_what_cannot_be_is_one_sentence_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    here = tmp_path / "here"
    (here / "full").mkdir(parents=True)
    (here / "full/mine").write_text("mine")
    (here / "file").write_text("mine")
    (here / "link").symlink_to("nowhere")
    before = {path: path.lstat() for path in tmp_path.rglob("*")}
    done = tunlab("lab", "new", "--", name, cwd=here)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tunlab: ")
    assert "Traceback" not in done.stderr
    after = {path: path.lstat() for path in tmp_path.rglob("*")}
    assert [(path, seen.st_mtime_ns) for path, seen in after.items()] == [
        (path, seen.st_mtime_ns) for path, seen in before.items()
    ]


@pytest.mark.parametrize("there", [True, False], ids=["a folder that was there", "a new folder"])
def test_half_a_lab_is_taken_away(there: bool, tmp_path: Path) -> None:
    folder = tmp_path / "lab-x"
    if there:
        folder.mkdir()
    sizes = sorted(os.path.getsize(path) for path in paths.TEMPLATE.iterdir())  # noqa: PTH202
    done = tunlab("lab", "new", folder, most=sizes[-1] - 1)
    assert done.returncode == 2
    assert "EFBIG" in done.stderr
    assert folder.exists() == there
    assert not there or names(folder) == set()
