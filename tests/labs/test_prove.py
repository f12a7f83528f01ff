"""Every shipped lab is well written, and each of its steps is proved: its checks fail before it and pass after it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tunlab import paths
from tunlab.i18n import Words
from tunlab.kernel import probe
from tunlab.labfile.load import load
from tunlab.model.lab import Lab

ALL = {path.parent.name: load(path.parent, "fast", paths.find_lab) for path in sorted(paths.labs().glob("*/lab.yaml"))}
LABS = {name: lab for name, lab in ALL.items() if isinstance(lab, Lab)}
TUNLAB = Path(sys.prefix) / "bin/tunlab"
PATIENCE = 300.0  # seconds for a proof
AT_ONCE = 3  # proofs; each waits for packets most of its time

Proof = tuple[str, tuple[str, ...]]  # of which lab, with which options


def test_there_are_labs() -> None:
    assert "lab-1.4.3" in LABS


@pytest.mark.parametrize("lab", ALL)
def test_it_is_well_written(lab: str) -> None:
    words = [TUNLAB, "lab", "lint", lab, "--json"]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


class Proofs:
    """The proofs that are wanted, some at once: the next begin while the first is waited for."""

    def __init__(self, wanted: list[Proof], folder: Path) -> None:
        self._wanted = wanted
        self._folder = folder
        self._running: dict[Proof, subprocess.Popen[bytes]] = {}

    def outcome(self, proof: Proof) -> subprocess.CompletedProcess[str]:
        """Wait for the end of one."""
        place = self._wanted.index(proof)
        for each in self._wanted[place : place + AT_ONCE]:
            if each not in self._running:
                self._running[each] = self._begin(each)
        status = self._running[proof].wait(PATIENCE)
        out, err = (file.read_text() for file in self._files(proof))
        return subprocess.CompletedProcess(proof, status, out, err)

    def end(self) -> None:
        for process in self._running.values():
            process.terminate()
            process.wait(PATIENCE)

    def _begin(self, proof: Proof) -> "subprocess.Popen[bytes]":
        lab, options = proof
        out, err = self._files(proof)
        with out.open("wb") as stdout, err.open("wb") as stderr:
            words = [TUNLAB, "lab", "prove", lab, "--json", *options]
            return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)

    def _files(self, proof: Proof) -> tuple[Path, Path]:
        number = self._wanted.index(proof)
        return self._folder / f"{number}.out", self._folder / f"{number}.err"


@pytest.fixture(scope="module")
def proofs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proofs]:
    """Of the tests below that were chosen, in their order."""
    calls = [item.callspec.params for item in request.session.items if item.path == request.path and is_proof(item)]
    running = Proofs([(call["lab"], call["twin"]) for call in calls], tmp_path_factory.mktemp("proofs"))
    yield running
    running.end()


def is_proof(item: pytest.Item) -> bool:
    return "proofs" in getattr(item, "fixturenames", ())


def unmet(lab: Lab) -> str | None:
    """What is missing for every step of a lab, such as `openvpn`."""
    common = set.intersection(*(set(step.requires) for step in lab.steps))
    return next((each for each in sorted(common) if probe.missing(each)), None)


@pytest.mark.needs("sandbox", "tun")
@pytest.mark.parametrize(
    ("lab", "twin"),
    [
        *(pytest.param(name, (), id=name) for name in LABS),
        *(
            pytest.param(name, ("--twin",), id=f"{name} with Python's twins", marks=pytest.mark.alike)
            for name, lab in LABS.items()
            if any(program.source for program in lab.programs)
        ),
    ],
)
def test_each_step_is_proved(lab: str, twin: tuple[str, ...], proofs: Proofs) -> None:
    done = proofs.outcome((lab, twin))
    if missing := unmet(LABS[lab]):
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr == f"tunlab: {Words('en')(f'missing_{missing}')}\n"
        pytest.skip(f"no {missing}")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    unproved = [e for e in events if e["event"] == "step_proved" and e["state"] == "failed"]
    assert unproved == []
    assert [e["left"] for e in events if e["event"] == "lab_proved"] == [[]]
    assert (done.returncode, done.stderr) == (0, "")
