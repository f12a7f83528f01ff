"""`tunlab capture` beside a running lab, judged by tshark and capinfos: what is in the file, and each way it ends."""

import os
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from other_terminal import Lab, running
from strange import PATIENCE, TUNLAB, Done, environment, shell

from tunlab.i18n import LANGUAGES, Words

pytestmark = pytest.mark.needs("sandbox", "tshark")

SAY = {language: Words(language) for language in LANGUAGES}
ENGLISH = SAY["en"]


class Capture:
    """A capture in the background, from when it says that it captures."""

    def __init__(self, place: Path, line: str) -> None:
        words = [TUNLAB, "capture", "--lang", "en", *shlex.split(line)]
        self.process = subprocess.Popen(
            words, stderr=subprocess.PIPE, text=True, cwd=place, env=environment(XDG_RUNTIME_DIR=place)
        )
        self.said = ""

    def wait_for(self, wanted: str, times: int = 1) -> None:
        assert self.process.stderr
        while self.said.count(wanted) < times:
            assert select.select([self.process.stderr], [], [], PATIENCE)[0], self.said
            line = os.read(self.process.stderr.fileno(), 4096).decode()
            assert line, self.said
            self.said += line

    def end(self, signum: int = signal.SIGINT) -> int:
        self.process.send_signal(signum)
        return self.ended()

    def ended(self) -> int:
        self.said += self.process.communicate(timeout=PATIENCE)[1]
        return self.process.returncode


@contextmanager
def capturing(place: Path, line: str, wanted: str = "capturing", times: int = 1) -> Iterator[Capture]:
    capture = Capture(place, line)
    try:
        capture.wait_for(wanted, times)
        yield capture
    finally:
        if capture.process.poll() is None:
            capture.process.kill()
            capture.process.communicate()


def inside(place: Path, node: str, script: str) -> None:
    done = shell(f'"$TUNLAB" exec {node} -- sh -c {shlex.quote(script)}', XDG_RUNTIME_DIR=place)
    assert done.returncode == 0, done.stderr


def tunlab(place: Path, line: str) -> Done:
    return shell(f'"$TUNLAB" capture --lang en {line}', place, XDG_RUNTIME_DIR=place)


def fields(file: Path, *names: str) -> list[list[str]]:
    """What tshark reads; it must find nothing wrong."""
    words = ["tshark", "-r", str(file), "-T", "fields", *(word for name in names for word in ("-e", name))]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def information(file: Path) -> str:
    return subprocess.run(["capinfos", file], capture_output=True, text=True, check=True).stdout


def until(reached: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, what
        select.select([], [], [], 0.02)


PING_LO = "ip link set lo up; ping -q -c 1 127.0.0.1"
# argv: how many packets to send into a tun0 of one's own.
THROUGH_TUN = """
import socket, subprocess, sys
from tunlab.kernel.tuntap import Tun
with Tun("tun0"):
    subprocess.run("ip addr add 198.51.100.1/24 dev tun0; ip link set tun0 up", shell=True, check=True)
    open(sys.argv[2]).close()  # a FIFO: until the capture says that it has the device
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(int(sys.argv[1])):
            sender.sendto(b"x", ("198.51.100.2", 9))
"""


FLOOD = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    for _ in range(2_000_000):
        sender.sendto(b"x", ("127.0.0.1", 9))
"""


def test_a_whole_lab_with_devices_that_come_later_and_its_steps(tmp_path: Path) -> None:
    file = tmp_path / "lab.pcapng"
    with running(tmp_path), capturing(tmp_path, "-w lab.pcapng --filter icmp", times=2) as capture:
        inside(tmp_path, "h1", PING_LO)
        inside(
            tmp_path,
            "h1",
            "ip link add eth0 type veth peer name eth0 netns h2; ip addr add 192.0.2.1/24 dev eth0;"
            "ip link set eth0 up; ip -n h2 addr add 192.0.2.2/24 dev eth0; ip -n h2 link set eth0 up;"
            "echo $(date +%s%N) lab-x ping >> /run/tunlab/steps; ping -q -c 1 192.0.2.2",
        )
        assert capture.end() == 0
    seen = fields(file, "frame.interface_name", "frame.encap_type", "frame.packet_flags_direction", "frame.comment")
    ethernet, out, into, step = "1", "0x00000002", "0x00000001", "lab-x step ping"
    assert [each for each in seen if each[0] == "h1:lo"] == [["h1:lo", ethernet, way, ""] for way in (out, into)] * 2
    assert [each for each in seen if each[0] == "h1:eth0"] == [["h1:eth0", ethernet, way, step] for way in (out, into)]
    assert [each for each in seen if each[0] == "h2:eth0"] == [["h2:eth0", ethernet, way, step] for way in (into, out)]
    assert information(file).count("Number of stat entries = 1") == 4
    assert information(file).count("Time resolution = 0x09") == 4
    assert ENGLISH("capture_count", name="h1:eth0", captured=2, dropped=0) in capture.said


@pytest.mark.needs("tun")
def test_a_device_that_comes_and_goes(tmp_path: Path) -> None:
    file, captured = tmp_path / "tun.pcapng", tmp_path / "captured"
    os.mkfifo(captured)
    waits = ENGLISH("capture_waits", name="h1:tun0", buffer=512)
    with running(tmp_path), capturing(tmp_path, "h1:tun0 -w tun.pcapng --buffer 512K", waits) as capture:
        for number in (1, 2):
            inside(tmp_path, "h1", PING_LO)
            words = [TUNLAB, "exec", "h1", "--", sys.executable, "-c", THROUGH_TUN, str(number), captured]
            with subprocess.Popen(words, env=environment(XDG_RUNTIME_DIR=tmp_path)) as program:
                capture.wait_for(ENGLISH("capture_back", name="h1:tun0"), number)
                captured.write_text("")
                assert program.wait(PATIENCE) == 0
            capture.wait_for(ENGLISH("capture_gone", name="h1:tun0"), number)
        assert capture.end(signal.SIGTERM) == 128 + signal.SIGTERM
    seen = [each for each in fields(file, "frame.interface_name", "frame.encap_type", "udp.dstport") if each[2]]
    assert seen == [["h1:tun0", "7", "9"]] * 3  # wiretap's raw IP
    assert "Number of interfaces in file: 1" in information(file)


def test_into_a_pipe_as_packets_come(tmp_path: Path) -> None:
    with running(tmp_path):
        script = '"$TUNLAB" capture h1 -w - --filter icmp | tshark -l -c 4 -r - -T fields -e icmp.type'
        reader = subprocess.Popen(
            ["sh", "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(XDG_RUNTIME_DIR=tmp_path) | {"TUNLAB": str(TUNLAB)},
        )
        assert reader.stdout and reader.stderr
        assert reader.stderr.readline()  # it captures, or tshark has begun
        told = b""
        while told.count(b"\n") < 4:
            inside(tmp_path, "h1", PING_LO)
            if select.select([reader.stdout], [], [], 0.5)[0]:
                told += os.read(reader.stdout.fileno(), 100)
        reader.communicate(timeout=PATIENCE)  # the capture ends because nobody reads
        assert set(told.split()) == {b"0", b"8"}


def test_so_many_packets(tmp_path: Path) -> None:
    with running(tmp_path), capturing(tmp_path, "h1:lo -c 3 -w three.pcapng") as capture:
        inside(tmp_path, "h1", PING_LO)
        assert capture.ended() == 0
    assert len(fields(tmp_path / "three.pcapng", "frame.len")) == 3


def test_the_end_of_the_session_completes_the_file(tmp_path: Path) -> None:
    with running(tmp_path) as lab, capturing(tmp_path, "h1 -w end.pcapng") as capture:
        inside(tmp_path, "h1", PING_LO)
        until(lambda: (tmp_path / "end.pcapng").stat().st_size > 500, "nothing is written")
        lab.kill()
        assert capture.ended() == 0
        assert ENGLISH("capture_session_ended", session=lab.name) in capture.said
        assert ENGLISH("capture_count", name="h1:lo", captured=4, dropped=0) in capture.said
    assert len(fields(tmp_path / "end.pcapng", "frame.len")) == 4
    assert "Number of stat entries = 1" in information(tmp_path / "end.pcapng")


@pytest.mark.parametrize("victim", ["capture", "lab"])
def test_killed_in_a_flood_the_file_can_be_read(tmp_path: Path, victim: str) -> None:
    file = tmp_path / "flood.pcapng"
    with running(tmp_path) as lab, capturing(tmp_path, "h1:lo -w flood.pcapng") as capture:
        inside(tmp_path, "h1", PING_LO)
        words = [TUNLAB, "exec", "h1", "--", sys.executable, "-c", FLOOD]
        with subprocess.Popen(words, stderr=subprocess.DEVNULL, env=environment(XDG_RUNTIME_DIR=tmp_path)) as flood:
            try:
                # What is being written at the moment of the kill, a block of the ring, is cut off again.
                until(lambda: file.stat().st_size > 4_000_000, "no flood")
                killed(victim, lab, capture)
            finally:
                flood.terminate()
    words = ["tshark", "-r", str(file), "-T", "fields", "-e", "frame.interface_name"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.stdout.count("h1:lo\n") > 500
    # Of what was being written there may be a part, unless we are still there to cut it off.
    assert done.returncode == 0 or (victim == "capture" and "cut short" in done.stderr), done.stderr


def killed(victim: str, lab: Lab, capture: Capture) -> None:
    if victim == "capture":
        capture.process.kill()
        assert capture.ended() == -signal.SIGKILL
    else:
        lab.kill()
        assert capture.ended() == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("-w there", ENGLISH("file_exists", file="there")),
        ("-w /nowhere/x", ENGLISH("file_refused", file="/nowhere/x", problem="ENOENT")),
        ("-w new h9", "there is no node 'h9'"),
        ("-w new h1:", ENGLISH("capture_place", place="h1:")),
        ("-w new --buffer 1K", ENGLISH("capture_buffer_small", least=256)),
        ("-w new --buffer huge", ENGLISH("capture_buffer", size="huge")),
        ("-w new --host --session lab-x", ENGLISH("capture_session_or_host")),
        ("-w new --filter 'host ('", "libpcap says"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_leaves_no_file(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "there").write_bytes(b"mine")
    with running(tmp_path):
        done = tunlab(tmp_path, line)
    assert done.returncode == 2, done
    assert said in done.stderr and "Traceback" not in done.stderr
    assert (tmp_path / "there").read_bytes() == b"mine" and not (tmp_path / "new").exists()


@pytest.mark.needs("user")
def test_the_host_needs_a_right(tmp_path: Path) -> None:
    done = tunlab(tmp_path, "--host -w new")
    assert done.returncode == 3 and "sudo" in done.stderr and not (tmp_path / "new").exists()


@pytest.mark.needs("root")
def test_the_host_itself(tmp_path: Path) -> None:
    """In a network namespace of our own, which stands for the host's."""
    script = (
        'ip link set lo up; "$TUNLAB" capture --host lo -c 4 -w host.pcapng & '
        "until grep -qs . host.pcapng; do :; done; ping -q -c 2 -i 0.2 127.0.0.1; wait $!"
    )
    done = shell(f"unshare --net sh -c {shlex.quote(script)}", tmp_path, XDG_RUNTIME_DIR=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [name for (name,) in fields(tmp_path / "host.pcapng", "frame.interface_name")] == ["lo"] * 4
