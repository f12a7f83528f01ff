"""Every shipped lab is well written, and each of its steps is proved: its checks fail before it and pass after it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tunlab import paths
from tunlab.labfile.load import load
from tunlab.model.lab import Section

ALL = sorted(path.parent.name for path in paths.labs().glob("*/lab.yaml"))
LABS = [name for name in ALL if not isinstance(load(paths.labs() / name, "fast", paths.find_lab), Section)]


def tunlab(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.prefix) / "bin/tunlab", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_there_are_labs() -> None:
    assert "lab-1.4.3" in LABS


@pytest.mark.parametrize("lab", ALL)
def test_it_is_well_written(lab: str) -> None:
    done = tunlab("lab", "lint", lab, "--json")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.needs("sandbox", "tun")
@pytest.mark.parametrize(
    "twin",
    [pytest.param((), id="as it is"), pytest.param(("--twin",), id="with Python's twins", marks=pytest.mark.alike)],
)
@pytest.mark.parametrize("lab", LABS)
def test_each_step_is_proved(lab: str, twin: tuple[str, ...]) -> None:
    done = tunlab("lab", "prove", lab, "--json", *twin)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    unproved = [e for e in events if e["event"] == "step_proved" and e["state"] == "failed"]
    assert unproved == []
    assert [e["left"] for e in events if e["event"] == "lab_proved"] == [[]]
    assert (done.returncode, done.stderr) == (0, "")
