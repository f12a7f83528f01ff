"""Starting is cheap: help and completion import nothing heavy, and the process that waits for a run stays small."""

import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.alike

HEAVY = {"scapy", "pyroute2", "numpy"}

# Writes each import of every process that inherits it, as "pid module". The file stays open across a fork.
HOOK = """
import os, sys

_log = os.open(os.environ["TUNLAB_TEST_IMPORTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC)

def _note(event, args):
    if event == "import":
        os.write(_log, f"{os.getpid()} {args[0]}\\n".encode())

sys.addaudithook(_note)
"""


@dataclass(frozen=True)
class Started:
    """What a command printed, and the top-level modules that each of its processes imported, by pid."""

    pid: int
    status: int
    stdout: str
    imported: dict[int, set[str]]


def start(folder: Path, *words: str, **environment: str) -> Started:
    (folder / "sitecustomize.py").write_text(HOOK)
    log = folder / "imports"
    environment |= {"PYTHONPATH": str(folder), "TUNLAB_TEST_IMPORTS": str(log)}
    program = subprocess.Popen(
        [Path(sys.prefix) / "bin/tunlab", *words],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    stdout, _ = program.communicate(timeout=60)
    imported = defaultdict(set)
    for line in log.read_text().splitlines():
        pid, module = line.split(" ")
        imported[int(pid)].add(module.split(".")[0])
    return Started(program.pid, program.returncode, stdout, imported)


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("run", "--help"),
        ("show", "--help"),
        ("list", "--help"),
        ("doctor", "--help"),
        ("clean", "--help"),
        ("ps", "--help"),
        ("exec", "--help"),
        ("shell", "--help"),
        ("down", "--help"),
        ("tunnel", "--help"),
        ("lab", "--help"),
        ("lab", "new", "--help"),
        ("--version",),
    ],
)
def test_help_imports_nothing_heavy(tmp_path: Path, words: tuple[str, ...]) -> None:
    started = start(tmp_path, *words)
    assert started.status == 0
    assert "tunlab" in started.stdout
    assert "typer" in started.imported[started.pid]  # the hook sees what is imported
    assert not started.imported[started.pid] & (HEAVY | {"yaml", "rich"})


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_imports_nothing_heavy(tmp_path: Path, shell: str) -> None:
    asked = {"COMP_WORDS": "tunlab r", "COMP_CWORD": "1"}  # as typer's script for bash puts it
    asked |= {"_TYPER_COMPLETE_ARGS": "tunlab r", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    started = start(tmp_path, _TUNLAB_COMPLETE=f"complete_{shell}", **asked)
    assert "run" in started.stdout
    assert not started.imported[started.pid] & (HEAVY | {"yaml"})


@pytest.mark.needs("sandbox", "tun")
def test_the_front_of_a_run_imports_nothing_heavy(tmp_path: Path) -> None:
    started = start(tmp_path, "run", "lab-1.4.3", "--auto", "--json")
    assert started.status == 0
    holder = started.imported[1]  # PID 1 of the sandbox
    assert "pyroute2" in holder
    assert not started.imported[started.pid] & HEAVY
