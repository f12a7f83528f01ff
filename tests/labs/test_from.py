"""A lab can be entered at a step in its middle: what it stands on is there, and its checks pass."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.needs("sandbox", "tun")
@pytest.mark.parametrize("step", ["own", "answer", "late", "packet-info"])
def test_only_that_step(step: str) -> None:
    done = subprocess.run(
        [Path(sys.prefix) / "bin/tunlab", "run", "lab-1.4.3", "--auto", "--json", "--only", step],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["step"] for event in events if event["event"] == "step_started"] == [step]
    assert [event["state"] for event in events if event["event"] == "step_finished"] == ["done"]
    (prediction,) = [event for event in events if event["event"] == "prediction"]
    assert (prediction["answer"], prediction["matched"]) == (None, None) and prediction["observed"]
    assert done.returncode == 0, done.stderr
