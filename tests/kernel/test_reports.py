"""What our programs report, and who hears it: listeners that come late, leave, die, or never read."""

import json
import os
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from inside import Sandboxed

from tunlab import paths
from tunlab.engine.loop import Loop
from tunlab.engine.reports import Reports
from tunlab.model.packet import LinkType
from tunlab.programs import report
from tunlab.programs.report import Reporter

_open: list["Listener | Reporter"] = []


class Listener:
    """Binds in the folder as Reports does, and reads whole lines."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.sock"
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(self.path.with_suffix(".new")))
        self._socket.listen()
        self._socket.settimeout(5)
        self.path.with_suffix(".new").rename(self.path)
        self._caller: socket.socket | None = None
        _open.append(self)

    def lines(self) -> list[dict[str, Any]]:
        if self._caller is None:
            self._caller, _ = self._socket.accept()
        data = b""
        while not data.endswith(b"\n"):
            data += self._caller.recv(1 << 20)
        return [json.loads(line) for line in data.splitlines()]

    def numbers(self) -> list[int]:
        return [line["number"] for line in self.lines() if "number" in line]

    def die(self) -> None:
        """As a process that is killed: what it has open is closed, its file stays."""
        self._socket.close()
        if self._caller:
            self._caller.close()


def reporter(device: str = "tun0", link: LinkType = LinkType.RAW) -> Reporter:
    program = Reporter(device, link)
    _open.append(program)
    return program


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    for each in _open:
        each.die() if isinstance(each, Listener) else each.close()
    _open.clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUNLAB_REPORTS", str(tmp_path))
    monkeypatch.setenv("TUNLAB_PROGRAM", "echo")
    monkeypatch.setenv("TUNLAB_NODE", "h1")
    return tmp_path


def test_two_hear_the_same_with_number_and_cause(folder: Path) -> None:
    listeners = [Listener(folder, name) for name in ("stage", "trace-7")]
    program = reporter()
    program.packet("read", b"\x45")
    program.packet("written", b"\x46", cause=program.number)
    program.packet("written", b"\x47")
    first, second = (each.lines() for each in listeners)
    assert first == second
    assert first[0] == {"program": "echo", "node": "h1", "device": "tun0"}
    assert [(each["number"], each["did"], each.get("cause", "-")) for each in first[1:]] == [
        (1, "read", "-"),
        (2, "written", 1),
        (3, "written", None),
    ]


def test_one_that_comes_later_hears_the_next_packet(folder: Path) -> None:
    program = reporter("tap0", LinkType.ETHERNET)
    program.packet("read", b"1")
    late = Listener(folder, "late")
    program.packet("read", b"2")
    later = Listener(folder, "later")  # within the same tick of the kernel's clock, as likely as not
    program.packet("read", b"3")
    assert late.numbers() == [2, 3]
    hello, *lines = later.lines()
    assert hello["device"] == "tap0"
    assert [(line["number"], line["link"]) for line in lines] == [(3, "ETHERNET")]


def test_one_that_dies_disturbs_nobody(folder: Path) -> None:
    dying, staying = Listener(folder, "dying"), Listener(folder, "staying")
    program = reporter()
    program.packet("read", b"1")
    assert dying.numbers() == staying.numbers() == [1]
    dying.die()
    for _ in range(3):
        program.packet("read", b"2")
    assert staying.numbers() == [2, 3, 4]
    dying.path.unlink()
    again = Listener(folder, "dying")  # a new one of the same name
    program.packet("read", b"5")
    assert again.numbers() == staying.numbers() == [5]


def test_the_socket_of_a_dead_one_is_tried_once(folder: Path) -> None:
    Listener(folder, "dead").die()
    settle(folder)
    program = reporter()
    assert calls(program) == {"stat": 1}


def test_a_listener_that_never_reads_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "_PATIENCE", 0.05)
    Listener(folder, "stopped")
    program = reporter()
    for _ in range(100):
        program.packet("read", bytes(60_000))
    assert program.number == 100


def test_without_a_listener_a_packet_costs_one_stat(folder: Path) -> None:
    settle(folder)
    program = reporter()
    assert calls(program) == {"stat": 1}
    assert calls(program) == {"stat": 1}


def test_parts_of_a_program_number_their_reports_apart(folder: Path) -> None:
    listener = Listener(folder, "stage")
    parts = [Reporter("tun0", program="tunnel", part=part, parts=2, leader=7) for part in (0, 1)]
    _open.extend(parts)
    for _ in range(3):
        for each in parts:
            each.packet("read", b"1")
    assert [each.number for each in parts] == [5, 6]
    first, *lines = listener.lines()
    assert (first["program"], first["leader"]) == ("echo", 7)  # the lab's name of it comes first
    assert [line["number"] for line in lines] == [1, 3, 5]


@pytest.mark.parametrize("named", ["", "/nonexistent/listeners"])
def test_without_a_session_nothing_is_told(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNLAB_REPORTS", named)
    program = reporter()
    program.packet("read", b"1")
    assert program.number == 1


def settle(folder: Path) -> None:
    """Wait until the folder has last changed so long ago that its time tells of every change from here on."""
    deadline = time.monotonic() + 5
    while time.time_ns() - folder.stat().st_mtime_ns <= report._SETTLED:
        assert time.monotonic() < deadline


def calls(program: Reporter) -> dict[str, int]:
    """What one packet calls of the system: files and sockets, by name."""
    counted: Counter[str] = Counter()

    def count(_frame: object, event: str, called: Any) -> None:
        if event == "c_call" and called.__name__ in ("stat", "scandir", "connect", "socket", "sendall", "dumps"):
            counted[called.__name__] += 1

    sys.setprofile(count)
    try:
        program.packet("read", b"1")
    finally:
        sys.setprofile(None)
    return dict(counted)


@pytest.mark.needs("sandbox")
def test_the_stage_and_a_trace_listen_in_the_sandbox(sandboxed: Sandboxed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNLAB_REPORTS", str(paths.LISTENERS))
    monkeypatch.setenv("TUNLAB_PROGRAM", "echo")
    monkeypatch.setenv("TUNLAB_NODE", "h1")

    def listen(_: object) -> tuple[list[tuple[str, str, int]], list[str], int, int]:
        heard: list[tuple[str, str, int]] = []

        def hear(who: str, program: str, fields: dict[str, Any]) -> None:
            heard.append((who, program, fields["number"]))

        with Loop() as loop:
            with Reports(loop, lambda teller, fields: hear("stage", teller.program, fields), "stage"):
                program = reporter()
                program.packet("read", b"1")
                with Reports(loop, lambda teller, fields: hear("trace", teller.program, fields), "trace-1"):
                    program.packet("read", b"2")
                    mode = (paths.LISTENERS / "stage.sock").stat().st_mode & 0o777
                    assert loop.wait(lambda: len(heard) == 3, 5)
                program.packet("read", b"3")
                assert loop.wait(lambda: len(heard) == 4, 5)
                left = [path.name for path in paths.LISTENERS.iterdir()]
            return sorted(heard), left, mode, paths.LISTENERS.stat().st_mode & 0o777

    heard, left, mode, entered = sandboxed(listen)
    assert heard == [("stage", "echo", 1), ("stage", "echo", 2), ("stage", "echo", 3), ("trace", "echo", 2)]
    assert (left, mode, entered) == (["stage.sock"], 0o666, 0o755)


@pytest.mark.needs("sandbox")
def test_who_calls_himself_a_part_must_be_one(sandboxed: Sandboxed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes with one name: as one program where the one is the other's parent, else as two."""
    monkeypatch.setenv("TUNLAB_REPORTS", str(paths.LISTENERS))
    monkeypatch.setenv("TUNLAB_NODE", "h1")
    monkeypatch.delenv("TUNLAB_PROGRAM", raising=False)

    def listen(_: object) -> list[list[str]]:
        return [[name for name, _ in called(device, leader)] for device, leader in (("tun0", os.getpid()), ("tun1", 1))]

    def called(device: str, leader: int) -> list[tuple[str, int]]:
        heard: list[tuple[str, int]] = []
        with Loop() as loop, Reports(loop, lambda one, told: heard.append((one.program, told["number"])), device):
            ours = Reporter(device, program="tunnel", part=0, parts=2, leader=leader)
            ours.packet("read", b"1")
            assert loop.wait(lambda: len(heard) == 1, 5)
            pid = os.fork()
            if pid == 0:
                Reporter(
                    device, program="tunnel", part=1, parts=2, leader=leader if device == "tun0" else 12345
                ).packet("received", b"2")
                os._exit(0)
            assert loop.wait(lambda: len(heard) == 2, 5)
            os.waitpid(pid, 0)
            ours.close()
        return heard

    one, two = sandboxed(listen)
    assert one == ["tunnel", "tunnel"]
    assert two == ["tunnel", "tunnel-2"]
