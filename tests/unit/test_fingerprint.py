"""A lab's fingerprint changes with what the machine acts on, and with nothing else."""

import os
import shutil
from pathlib import Path

import pytest

from tunlab.errors import LabFileError
from tunlab.labfile.fingerprint import fingerprint

SAMPLE = Path(__file__).parent / "golden" / "labfile" / "sample"


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "lab"))


def test_it_does_not_depend_on_the_place(lab: Path, tmp_path: Path) -> None:
    again = shutil.copytree(lab, tmp_path / "again")
    assert fingerprint(lab) == fingerprint(again)
    assert len(fingerprint(lab)) == 64


def test_prose_does_not_count(lab: Path) -> None:
    before = fingerprint(lab)
    (lab / "en.md").write_text("# Other")
    (lab / "zh.md").unlink()
    assert fingerprint(lab) == before


@pytest.mark.parametrize("name", ["lab.yaml", "tun.c", "new.txt"])
def test_each_other_file_counts(name: str, lab: Path) -> None:
    before = fingerprint(lab)
    with (lab / name).open("a") as file:
        file.write("#\n")
    assert fingerprint(lab) != before


def test_names_count(lab: Path) -> None:
    before = fingerprint(lab)
    (lab / "tun.c").rename(lab / "tap.c")
    assert fingerprint(lab) != before


def test_odd_files_do_no_harm(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("a")
    os.mkfifo(lab / "fifo")
    (lab / "nowhere").symlink_to("not-there")
    (lab / "circle").symlink_to("circle")
    (lab / "out").symlink_to(tmp_path / "outside")
    before = fingerprint(lab)
    (tmp_path / "outside").write_text("b")
    assert fingerprint(lab) == before


@pytest.mark.parametrize("spoil", [lambda lab: (lab / "lab.yaml").unlink(), shutil.rmtree], ids=["file", "folder"])
def test_without_lab_yaml_it_is_an_error(spoil: "object", lab: Path) -> None:
    spoil(lab)  # type: ignore[operator]
    with pytest.raises(LabFileError, match="lab_file_missing"):
        fingerprint(lab)
