"""The built wheel, in a fresh environment and far from the checkout: it plays section 1.4 and leaves nothing."""

import json
import os
import subprocess
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

import host_state
import pytest

from tunlab import paths
from tunlab.model.events import Happening

LAB = "lab-1.4.3"
KNOWN = {kind.event for kind in get_args(Happening)}

pytestmark = pytest.mark.needs("sandbox", "tun")

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """A finished run: what it printed, what it saved, and what it changed on the host."""

    status: int
    stdout: str
    stderr: str
    saved: Path
    changes: dict[str, Any]
    left: list[int]

    @property
    def events(self) -> list[Event]:
        return [json.loads(line) for line in self.stdout.splitlines()]


def play(installed: Path, folder: Path, lab: str, *options: str) -> Run:
    marker = f"TUNLAB_TEST_RUN={uuid4()}"
    name, _, value = marker.partition("=")
    before = host_state.snapshot()
    done = subprocess.run(
        [installed / "tunlab", "run", lab, "--auto", "--json", "--save", "saved", *options],
        cwd=folder,
        env=os.environ | {name: value},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    changes = host_state.changes(before, host_state.snapshot())
    left = host_state.processes_with(marker)
    return Run(done.returncode, done.stdout, done.stderr, folder / "saved", changes, left)


@pytest.fixture(scope="module")
def run(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return play(installed, tmp_path_factory.mktemp("elsewhere"), "lab-1.4")


@pytest.fixture(scope="module")
def twin(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return play(installed, tmp_path_factory.mktemp("twin"), LAB, "--twin")


def packets(run: Run, **wanted: object) -> list[Event]:
    """The packets of the lab with the tun device that have these values."""
    found = [event for event in run.events if event["event"] == "packet" and event["lab"] == LAB]
    return [packet for packet in found if all(packet[key] == value for key, value in wanted.items())]


def counts(run: Run) -> Counter[tuple[str, str, str, int]]:
    """Without ARP at the cable: the kernel asks a neighbour again seconds later, in whatever step that is (arp(7))."""
    found = (p for p in packets(run) if p["seen_by"] == "program" or not p["summary"].startswith("ARP"))
    return Counter((p["step"], p["seen_by"], p["direction"], p["length"]) for p in found)


def tell(words: Sequence[str | Path]) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def test_the_labs_are_inside(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    files = (path for path in paths.labs().rglob("*") if path.is_file() and path.parent.name != "__pycache__")
    shipped = {f"tunlab/labs/{path.relative_to(paths.labs())}" for path in files}
    assert f"tunlab/labs/{LAB}/tun.c" in shipped
    assert shipped <= inside


def test_the_template_of_a_new_lab_is_inside(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert {f"tunlab/labfile/template/{name}" for name in ("lab.yaml", "en.md", "zh.md")} <= inside


def test_nothing_else_is_inside(wheel: Path) -> None:
    inside = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in inside} == {"tunlab", wheel.name.split("-py3")[0] + ".dist-info"}


def test_it_is_played_to_the_end(run: Run) -> None:
    assert (run.status, run.stderr) == (0, "")
    first, *_, last = run.events
    assert (first["event"], first["lab"]) == ("run_started", "lab-1.4")
    assert (last["event"], last["lab"], last["state"]) == ("run_finished", "lab-1.4", "done")
    assert [last[key] for key in ("failed", "unknown")] == [0, 0]
    assert last["passed"] > 0


def test_every_line_is_an_event(run: Run) -> None:
    assert all(event["schema"] == 1 for event in run.events)
    assert {event["event"] for event in run.events} <= KNOWN
    times = [event["t"] for event in run.events]
    assert all(isinstance(t, int | float) and t >= 0 for t in times)
    assert times == sorted(times)


def test_every_step_ends_well(run: Run) -> None:
    begun = [(event["lab"], event["step"]) for event in run.events if event["event"] == "step_started"]
    ended = {(e["lab"], e["step"]): e["state"] for e in run.events if e["event"] == "step_finished"}
    assert begun
    assert set(begun) <= ended.keys()
    assert set(ended.values()) <= {"done", "skipped"}  # skipped: without tcpdump, say


def test_the_program_reads_what_the_kernel_sends_unasked(run: Run) -> None:
    assert [p["length"] for p in packets(run, step="up", seen_by="program", direction="read")] == [48] * 3


def test_the_program_reads_every_ping(run: Run) -> None:
    assert [p["length"] for p in packets(run, step="ping", seen_by="program", direction="read")] == [84] * 4
    assert packets(run, step="ping", seen_by="capture", direction="in") == []


def test_the_answering_program_writes_every_reply(run: Run) -> None:
    written = packets(run, step="answer", seen_by="program", direction="written")
    assert [p["length"] for p in written] == [84] * 4
    assert all("echo reply" in p["summary"] for p in written)


@pytest.mark.needs("cc")
def test_only_what_the_c_program_reads_is_joined(run: Run) -> None:
    told = packets(run, seen_by="program")
    assert all(p["joined"] for p in told if p["step"] in ("up", "ping"))
    assert not any(p["joined"] for p in told if p["step"] == "answer")
    assert not any(p["joined"] for p in packets(run, seen_by="capture"))


def test_the_twin_reads_the_same(run: Run, twin: Run) -> None:
    assert (twin.status, twin.stderr) == (0, "")
    assert counts(twin) == counts(run)
    assert not any(p["joined"] for p in packets(twin))


def test_the_saved_events_are_those_on_stdout(run: Run) -> None:
    saved = (run.saved / "events.jsonl").read_text(encoding="utf-8")
    assert saved == run.stdout


@pytest.mark.needs("tshark")
def test_the_saved_packets_are_those_captured(run: Run) -> None:
    """Of all parts of the section."""
    file = run.saved / "packets.pcapng"
    about = tell(["capinfos", file])
    assert "Name = h1:tun0" in about
    assert "Encapsulation = Raw IP" in about
    assert "Time precision = nanoseconds (9)" in about
    fields = ["frame.interface_name", "frame.time_epoch", "frame.len"]
    lines = tell(["tshark", "-r", file, "-T", "fields", *(word for field in fields for word in ("-e", field))])
    captured = [
        f"h1:tun0\t{p['time_ns'] // 10**9}.{p['time_ns'] % 10**9:09}\t{p['length']}"
        for p in run.events
        if p["event"] == "packet" and (p["seen_by"], p["node"], p["device"]) == ("capture", "h1", "tun0")
    ]
    assert [line for line in lines.splitlines() if line.startswith("h1:tun0")] == captured


@pytest.mark.parametrize("which", ["run", "twin"])
def test_nothing_is_left(which: str, request: pytest.FixtureRequest) -> None:
    run: Run = request.getfixturevalue(which)
    assert run.changes == {}
    assert run.left == []


def test_saving_into_the_same_folder_is_refused(installed: Path, run: Run) -> None:
    again = subprocess.run(
        [installed / "tunlab", "run", "lab-1.4", "--auto", "--save", run.saved],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert again.returncode in (2, 3)
    assert "events.jsonl" in again.stderr
