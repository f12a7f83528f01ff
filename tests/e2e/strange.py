"""A minimal lab made on the spot, a call of the `tunlab` beside our own interpreter, and what no call may do."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TUNLAB = Path(sys.executable).with_name("tunlab")
PLAY = '"$TUNLAB" run "$LAB" --auto --allow-exec'
PATIENCE = 30.0  # seconds for a run to end

# Verbs and programs of such labs

START: dict[str, Any] = {"start": "p"}


def execute(*words: str) -> dict[str, Any]:
    return {"exec": {"node": "h1", "command": words}}


def program(*words: str, ready: str = "READY", **more: str) -> dict[str, Any]:
    """The lab's only program, `p`."""
    return {"p": {"node": "h1", "words": words, "ready": ready} | more}


def make_lab(
    folder: Path, *verbs: dict[str, Any], programs: Mapping[str, Any] | None = None, name: str = "lab-strange"
) -> Path:
    """A lab of one step that does these verbs, and whose check passes whatever they do."""
    folder.mkdir()
    up = {"id": "up", "device": {"at": "h1:lo", "flags": ["UP"]}}
    lab = {
        "schema": 1,
        "id": name,
        "topology": {"nodes": {"h1": {"kind": "host"}}},
        "steps": [{"id": "go", "do": verbs, "watch": {"at": "h1:lo", "deadline": 3}, "check": [up]}],
    }
    if programs:
        lab["programs"] = programs
    (folder / "lab.yaml").write_text(json.dumps(lab))
    for language in ("en", "zh"):
        (folder / f"{language}.md").write_text("# Strange\n\n## go: Go\n\n### say\n\nGo.\n")
    return folder


# Calls

Done = subprocess.CompletedProcess[str]


def environment(**more: str | Path) -> dict[str, str]:
    return os.environ | {"TUNLAB": str(TUNLAB)} | {key: str(more[key]) for key in more}


def shell(script: str, cwd: Path | None = None, **more: str | Path) -> Done:
    """Run a shell script; `$TUNLAB` is set, and what else is given."""
    return subprocess.run(
        ["sh", "-c", script],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env=environment(**more),
        timeout=PATIENCE,
    )


def play(lab: Path, *options: str, **more: str | Path) -> Done:
    """Run a lab to its end."""
    return shell(" ".join((PLAY, *options)), LAB=lab, **more)


def ended(done: Done, *statuses: int) -> None:
    """It ended with one of these statuses and without a traceback; where it failed, it says why, and says it once."""
    assert done.returncode in statuses, done.stderr
    assert no_python(done.stderr)
    if done.returncode in (2, 3):
        assert done.stderr.startswith("tunlab: ")
        assert done.stderr.count("tunlab: ") == 1


def no_python(said: str) -> bool:
    """Whether nothing of the interpreter's own shows."""
    assert "Traceback" not in said, said
    assert "Exception ignored" not in said, said
    return True
