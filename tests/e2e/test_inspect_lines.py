"""`tunlab inspect` without a live view: pages, lines and events, which device is meant, and whose."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import pytest
from carrier import carrying
from other_terminal import STRANGER, running
from playing import SMALL, Player
from strange import PATIENCE, TUNLAB, Done, environment, shell
from terminal import ENTER
from view import looking

from tunlab.i18n import LANGUAGES, Words
from tunlab.model.events import Happening

pytestmark = pytest.mark.needs("sandbox")

SAY = {language: Words(language) for language in LANGUAGES}
ENGLISH = SAY["en"]
EVENTS = {each.event: {field.name for field in fields(each)} for each in get_args(Happening)}


def tunlab(place: Path, line: str, cwd: Path | None = None) -> Done:
    return shell(f'"$TUNLAB" inspect --lang en {line}', cwd, XDG_RUNTIME_DIR=place)


def one_sentence(done: Done, status: int) -> str:
    """It ended with that status, and said one sentence; that one."""
    assert done.returncode == status and done.stderr.startswith("tunlab: "), done
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
    return done.stderr.removeprefix("tunlab: ").rstrip("\n")


# argv: a uid. All is imported before: that user may not be able to read our files.
THEIRS = """
import os, sys, typer
import tunlab.engine.inspection, tunlab.ui.inspect_lines, tunlab.ui.inspect_json, tunlab.messages.en
from tunlab.cli.inspect import Asked, inspect_device
from tunlab.packet.scapy_loader import load_scapy
load_scapy()
os.setgroups([])
os.setgid(int(sys.argv[1]))
os.setuid(int(sys.argv[1]))
try:
    inspect_device(Asked("h1:lo", None, False, True, None, "", None, True), "en")
except typer.Exit as end:
    sys.exit(end.exit_code)
"""


class Watch:
    """A call in the background, of which each line is read as it comes."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[str] = []

    def until(self, wanted: str) -> str:
        """Read up to a line that has `wanted` in it."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if wanted in line:
                return self.lines[-1]
        pytest.fail(f"no {wanted!r} in {self.lines}")

    def event(self, kind: str) -> dict[str, Any]:
        """The next event of that kind."""
        found: dict[str, Any] = json.loads(self.until(f'"event": "{kind}"'))
        return found

    def ended(self) -> int:
        rest, _ = self.process.communicate(timeout=PATIENCE)
        self.lines += rest.splitlines()
        return self.process.returncode


@contextmanager
def watching(place: Path, line: str) -> Iterator[Watch]:
    words = [TUNLAB, "inspect", "--lang", "en", *shlex.split(line)]
    surroundings = environment(XDG_RUNTIME_DIR=place)
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=place, env=surroundings) as process:
        try:
            yield Watch(process)
        finally:
            process.kill()


def checked(line: str) -> dict[str, Any]:
    """An event, which must be one of model/events.py."""
    event: dict[str, Any] = json.loads(line)
    assert set(event) == EVENTS[event["event"]] | {"schema", "event", "t", "lab"}, event
    return event


# Pages, lines, events


@pytest.mark.needs("tun")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.alike
def test_once(language: str, tmp_path: Path) -> None:
    say = SAY[language]
    with running(tmp_path), carrying(tmp_path) as carrier:
        carrier.send(2)
        done = shell(f'"$TUNLAB" inspect tun0 --once --lang {language}', XDG_RUNTIME_DIR=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        for word in ("h1:tun0", "203.0.113.1/24", "IFF_NO_PI", "python", say("page_counters"), say("page_routes")):
            assert word in done.stdout, done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 80 and "\x1b" not in done.stdout
        events = [checked(line) for line in tunlab(tmp_path, "tun0 --once --json").stdout.splitlines()]
    assert [each["event"] for each in events] == ["counters", "capture", "device_details", "capture"]
    assert {(each["node"], each["device"], each["lab"]) for each in events} == {("h1", "tun0", "lab-x")}


@pytest.mark.needs("tun", "tshark")
@pytest.mark.alike
def test_so_many_packets_filtered_and_written(tmp_path: Path) -> None:
    file = tmp_path / "few.pcapng"
    with running(tmp_path), carrying(tmp_path) as carrier:
        with watching(tmp_path, "tun0 --count 3 --filter 'udp port 7' -w few.pcapng") as watch:
            watch.until(ENGLISH("page_offloads"))
            carrier.send(2, port=9, size=1)
            carrier.send(5, port=7, size=2)
            assert watch.ended() == 0
        rows = [line.split() for line in watch.lines if " UDP " in line]
        assert [(row[0], row[2], row[3]) for row in rows] == [(str(n), "out", "30") for n in (1, 2, 3)]
        assert ENGLISH("inspect_captured", count=5) in watch.lines[-1]
    words = ["tshark", "-r", str(file), "-T", "fields", "-e", "udp.dstport"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == 5 * "7\n"


@pytest.mark.needs("tun")
@pytest.mark.alike
def test_events(tmp_path: Path) -> None:
    with running(tmp_path), carrying(tmp_path, opened=False) as carrier:
        with watching(tmp_path, "h1:tun0 --json --count 2") as watch:
            assert watch.event("device")["gone"]
            carrier.open()
            assert watch.event("device_details")["device"] == "tun0"
            carrier.send(1, size=3)
            packet = watch.event("packet")
            carrier.close()
            assert watch.event("device")["gone"]
            carrier.open()
            watch.event("device_details")
            carrier.send(1)
            assert watch.ended() == 0
    for line in watch.lines:
        checked(line)
    assert [layer["name"] for layer in packet["layers"]] == ["IP", "UDP", "Raw"]
    assert (packet["length"], packet["direction"], packet["seen_by"], packet["step"]) == (31, "out", "capture", "")
    assert bytes.fromhex(packet["data"])[-3:] == b"xxx"


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.alike
def test_asked_to_end(signum: signal.Signals, tmp_path: Path) -> None:
    with running(tmp_path), watching(tmp_path, "h1:lo --json") as watch:
        watch.event("device_details")
        watch.process.send_signal(signum)
        assert watch.ended() == 128 + signum


@pytest.mark.alike
def test_the_session_ends_under_it(tmp_path: Path) -> None:
    with running(tmp_path) as lab:
        script = (
            f'"$TUNLAB" inspect --lang en h1:lo --json | {{ read line; kill {lab.session.holder}; cat >/dev/null; }}'
        )
        script = f"{{ {script.partition(' | ')[0]}; echo $? >&2; }} | {script.partition(' | ')[2]}"
        done = shell(script.replace("kill ", "kill -KILL "), XDG_RUNTIME_DIR=tmp_path)
    assert done.stderr == f"tunlab: {ENGLISH('session_ended', session=lab.name)}\n3\n"


@pytest.mark.alike
@pytest.mark.parametrize("option", ["--json", ""])
def test_a_reader_who_has_enough_ends_it(option: str, tmp_path: Path) -> None:
    """Nothing happens at the device: after its first lines there is nothing to write, by which one would notice."""
    with running(tmp_path):
        script = f'{{ "$TUNLAB" inspect h1:lo {option}; echo $? >&2; }} | head -n 3'
        done = shell(script, XDG_RUNTIME_DIR=tmp_path)
    told = [checked(line)["event"] for line in done.stdout.splitlines()] if option else ["LOOPBACK" in done.stdout]
    assert (told, done.stderr) == (["counters", "capture", "device_details"] if option else [True], "141\n")


@pytest.mark.needs("tun")
@pytest.mark.alike
def test_a_file_that_cannot_grow_is_told(tmp_path: Path) -> None:
    with running(tmp_path), carrying(tmp_path) as carrier:
        script = 'ulimit -f 1; exec "$TUNLAB" inspect --lang en tun0 --json --count 500 -w small.pcapng'
        surroundings = environment(XDG_RUNTIME_DIR=tmp_path)
        with subprocess.Popen(
            ["sh", "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=surroundings,
        ) as process:
            Watch(process).event("device_details")
            carrier.send(40)
            _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert said == f"tunlab: {ENGLISH('capture_failed', file='small.pcapng', problem='EFBIG')}\n"


# Mistakes, and which device is meant


@pytest.mark.alike
def test_what_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    say = ENGLISH
    (tmp_path / "there").write_bytes(b"mine")
    cases = {
        "h1:": say("inspect_device", device="h1:"),
        ":tun0": say("inspect_device", device=":tun0"),
        "lo --once --count 2": say("inspect_once_alone"),
        "lo --once -w new": say("inspect_once_alone"),
        "lo --host --session lab-x": say("capture_session_or_host"),
        "h1:lo --count 1 -w there": say("file_exists", file="there"),
        "h1:lo --count 1 -w /nowhere/x": say("file_refused", file="/nowhere/x", problem="ENOENT"),
        "lo </dev/null": say("several_device", names="h1:lo, h2:lo"),
    }
    with running(tmp_path):
        for line, said in cases.items():
            assert one_sentence(tunlab(tmp_path, line, tmp_path), 2) == said, line
        done = tunlab(tmp_path, 'h1:lo -w new --filter "host ("', tmp_path)
        assert "libpcap" in one_sentence(done, 2)
    assert (tmp_path / "there").read_bytes() == b"mine" and not (tmp_path / "new").exists()


@pytest.mark.needs("tun")
@pytest.mark.alike
def test_an_unknown_device_names_those_that_there_are(tmp_path: Path) -> None:
    with running(tmp_path), carrying(tmp_path):
        for name in ("tun9", "h9:tun0", "eth0"):  # h1:tun9 may still come
            said = one_sentence(tunlab(tmp_path, f"--session lab-x {name}"), 2)
            assert f"'{name}'" in said and "h1:tun0" in said, said
        assert "h1:tun0" in one_sentence(tunlab(tmp_path, "tun9"), 2)


@pytest.mark.needs("tun")
@pytest.mark.alike
def test_one_of_two_sessions(tmp_path: Path) -> None:
    with running(tmp_path) as one, carrying(tmp_path), running(tmp_path) as two:
        done = tunlab(tmp_path, "tun0 --once")  # only one of them has such a device
        assert (done.returncode, "h1:tun0" in done.stdout) == (0, True)
        said = one_sentence(tunlab(tmp_path, "h2:lo --once"), 2)
        assert one.name in said and two.name in said
        assert tunlab(tmp_path, f"--session {two.name} h2:lo --once").returncode == 0
        assert "h9" in one_sentence(tunlab(tmp_path, f"--session {two.name} h9:tun0 --once"), 2)


# This machine, and other users


@pytest.mark.needs("root")
def test_this_machine_itself(tmp_path: Path) -> None:
    """In a network namespace of our own, which stands for the host's."""
    script = (
        "ip link set lo up; ip link add veth7 type veth peer name veth8; "
        '"$TUNLAB" inspect --lang en veth7 --once || exit 9; '
        '"$TUNLAB" inspect --lang en --host lo --json --count 4 > events & '
        "until grep -qs device_details events; do :; done; ping -q -c 2 -i 0.2 127.0.0.1; wait $!"
    )
    with running(tmp_path):
        done = shell(f"unshare --net sh -c {shlex.quote(script)}", tmp_path, XDG_RUNTIME_DIR=tmp_path)
    assert done.returncode == 0, done
    assert "veth7" in done.stdout
    events = [checked(line) for line in (tmp_path / "events").read_text().splitlines()]
    packets = [each for each in events if each["event"] == "packet"]
    assert [(each["node"], each["device"], each["direction"]) for each in packets] == [
        ("", "lo", way) for way in ("out", "in", "out", "in")
    ]


@pytest.mark.needs("user")
def test_this_machine_without_the_right(tmp_path: Path) -> None:
    for line in ("--host lo --once", "--host lo"):
        done = tunlab(tmp_path, line)
        assert (done.returncode, done.stderr) == (0, "")
        assert "sudo" in done.stdout and "packets" in done.stdout and "LOOPBACK" in done.stdout
    done = tunlab(tmp_path, "--host lo --count 1")
    assert done.returncode == 3 and "sudo" in done.stderr
    with looking(tmp_path, "--host lo", wanted="LOOPBACK") as view:
        view.expect("sudo").expect_none("inspect_captured", count=0)
        view.terminal.type(b"q")
        view.ended(0)


@pytest.mark.needs("root")
def test_each_user_sees_only_their_own(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    surroundings = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}

    def theirs() -> Done:
        return subprocess.run(
            [sys.executable, "-c", THEIRS, str(STRANGER)], env=surroundings, capture_output=True, text=True, cwd="/"
        )

    with running(tmp_path):
        assert theirs().returncode == 2
        with running(tmp_path, STRANGER) as lab:
            done = theirs()
            assert (done.returncode, "device_details" in done.stdout) == (0, True), done
            assert tunlab(tmp_path, f"--session {STRANGER}/{lab.name} h2:lo --once").returncode == 0
            assert tunlab(tmp_path, "h2:lo --once").returncode == 0  # one's own is meant


# A real run


@pytest.mark.needs("tun")
@pytest.mark.alike
def test_beside_a_run_that_waits(installed: Path, tmp_path: Path) -> None:
    with Player(installed, tmp_path)("en", SMALL, "--from", "send") as run:
        run.enter("predict_type")
        run.press("s", "footer_act")
        with (
            watching(tmp_path, "tun0 --json --count 3") as watch,
            looking(tmp_path, wanted="192.0.2.1/24") as view,
        ):
            watch.event("device_details")
            run.press(ENTER, "footer_explain")
            view.expect("inspect_captured", count=3).expect("reader")
            assert watch.ended() == 0
            packets = [each for each in map(checked, watch.lines) if each["event"] == "packet"]
            assert [(each["step"], each["length"], each["lab"]) for each in packets] == [("send", 34, "lab-keys")] * 3
            view.expect("  TX  read by the program           3    102")
            run.quit()
            view.ended(3)
