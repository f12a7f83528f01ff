"""`tunlab trace` as a user types it: what it shows, what it writes, how it ends, and that nothing of it is left."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from other_terminal import STRANGER, running
from strange import PATIENCE, TUNLAB, Done, ended, environment, shell
from terminal import CONTROL_C, Terminal
from test_up import kill, wait_for

from tunlab.i18n import LANGUAGES, Words
from tunlab.model.trace import Hop, Traced
from tunlab.session import record
from tunlab.ui.cells import cells

pytestmark = pytest.mark.needs("sandbox")

FILE = """\
name: x
topology:
  nodes:
    h1:
      exec:
        - ip route add default via 10.0.1.1
        - ip neigh add 10.0.1.9 lladdr 02:00:00:00:00:09 dev eth0
    r1: {kind: router}
    h2: {exec: [ip route add 10.0.1.2/32 via 10.0.2.1]}
  links:
    - {endpoints: ["h1:eth0", "r1:eth1"], ipv4: [10.0.1.2/24, 10.0.1.1/24]}
    - {endpoints: ["h2:eth0", "r1:eth2"], ipv4: [10.0.2.2/24, 10.0.2.1/24]}
"""
PLACES = [
    "h1 eth0 out", "r1 eth1 in", "r1 eth2 out", "h2 eth0 in",
    "h2 eth0 out", "r1 eth2 in", "r1 eth1 out", "h1 eth0 in",
]  # fmt: skip
NO_ROUTE = "r1 10.9.9.9"
# Its frames arrive at r1, which ignores them
UNANSWERED = "h1 10.0.1.9 --timeout 60"


class Place:
    """A folder with a session that runs meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "x.yaml").write_text(FILE)

    def tunlab(self, line: str) -> Done:
        return shell(f'"$TUNLAB" {line}', self.folder, XDG_RUNTIME_DIR=self.folder)

    def trace(self, line: str, *statuses: int) -> Done:
        done = self.tunlab(f"trace {line}")
        ended(done, *statuses)
        return done

    def surroundings(self) -> dict[str, str]:
        return environment(XDG_RUNTIME_DIR=self.folder)

    def session(self) -> record.Session:
        [session] = record.sessions(self.folder / "tunlab")
        return session

    def sockets(self) -> list[str]:
        """Of those who trace."""
        done = self.tunlab("exec h1 -- ls /run/tunlab/listeners")
        assert done.returncode == 0, done.stderr
        return [name for name in done.stdout.split() if name.startswith("trace-")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("trace"))
    done = place.tunlab("up x.yaml")
    assert done.returncode == 0, done.stderr
    try:
        yield place
    finally:
        kill(place.session())


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_a_terminal(place: Place, language: str) -> None:
    words = Words(language)
    line = [TUNLAB, "--lang", language, "trace", "h1", "h2", "--graph"]
    with Terminal(line, place.surroundings(), lines=100) as terminal:
        assert terminal.end() == 0
        text = terminal.text()
    assert words("trace_state_answered") in text
    rows = [row.split() for row in text.splitlines() if row.strip()]
    told = [" ".join(row[2:5]) for row in rows if row[0].isdecimal() and len(row) > 5]
    assert told == [" ".join([*each.split()[:2], words(f"way_{each.split()[2]}")]) for each in PLACES]
    assert words("trace_legend") in text
    assert all(cells(row) <= 80 for row in text.splitlines())


def test_the_verdict_is_on_a_low_screen(place: Place) -> None:
    """The page is longer than that: what became of the packet is told at its end once more."""
    with Terminal([TUNLAB, "trace", "h1", "h2"], place.surroundings(), lines=12) as terminal:
        assert terminal.end() == 0
        text = terminal.text()
    assert text.strip().splitlines()[-1].startswith(Words("en")("trace_state_answered"))


def test_of_several_sessions_that_with_the_node(place: Place) -> None:
    (place.folder / "y.yaml").write_text("name: y\ntopology: {nodes: {h1: {}, z: {}}}\n")
    assert place.tunlab("up y.yaml").returncode == 0
    try:
        assert [place.tunlab(f"exec {node} -- true").returncode for node in ("r1", "z")] == [0, 0]
        place.trace("h2 10.0.1.2", 0)
        done = place.tunlab("exec h1 -- true")  # both have it
        assert (done.returncode, "x, y" in done.stderr) == (2, True)
    finally:
        assert place.tunlab("down y").returncode == 0


def test_json(place: Place) -> None:
    """Every line is an event as the model has it."""
    lines = place.trace("h1 h2 --json --count 3 --protocol udp", 1).stdout.splitlines()
    events = [json.loads(each) for each in lines]
    assert {each["schema"] for each in events} == {1}
    hops = [each for each in events if each["event"] == "hop"]
    ends = [each for each in events if each["event"] == "traced"]
    assert set(Hop.__slots__) <= set(hops[0]) and set(Traced.__slots__) <= set(ends[0])
    for packet in (1, 2, 3):
        assert [f"{each['node']} {each['where']}" for each in hops if each["packet"] == packet] == PLACES
    assert [(end["packet"], end["state"], end["why"]["key"]) for end in ends] == [
        (packet, "refused", "why_port_closed") for packet in (1, 2, 3)
    ]


def test_several_packets_are_one_table(place: Place) -> None:
    words = Words("en")
    told = place.trace("h1 h2 --count 3", 0).stdout
    assert words("trace_packets", count=3, numbers="1-3") in told
    assert words("trace_spread") in told


def test_svg(place: Place) -> None:
    file = place.folder / "path.svg"
    place.trace("h1 h2 --svg path.svg", 0)
    assert "".join(ElementTree.parse(file).getroot().itertext()).count(">") >= 4
    before = file.read_bytes()
    assert "path.svg" in place.trace("h1 h2 --svg path.svg", 2).stderr
    assert file.read_bytes() == before
    place.trace("nobody h2 --svg other.svg", 2)
    assert not (place.folder / "other.svg").exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nobody h2", "nobody"),
        ("h1 nobody", "nobody"),
        ("h1 h2 --size 20", "20"),
        ("h1 H2", "'h2'"),
        ("h1 nowhere", "h1, h2"),
        ("h1 h2:eth0", "alone: h2"),
        ("10.0.1.2 h1", "tunlab trace h1 10.0.1.2"),
        ("h1 h2 --size 100 --protocol tcp", "--size"),
        ("h1 h2 --port 7", "--protocol"),
        ("h1 h2 --host --session x", "--session"),
    ],
)
def test_wrong_words(place: Place, line: str, said: str) -> None:
    done = place.trace(line, 2)
    assert said in done.stderr
    assert done.stdout == ""


def test_lost(place: Place) -> None:
    words = Words("en")
    told = place.trace(NO_ROUTE, 1).stdout
    assert words("trace_state_not_sent") in told
    assert words("trace_last") not in told


def test_ended_while_it_waits(place: Place) -> None:
    with subprocess.Popen([TUNLAB, "trace", *UNANSWERED.split()], env=place.surroundings()) as tracing:
        wait_for(place.sockets)
        tracing.terminate()
        assert tracing.wait(PATIENCE) == 128 + signal.SIGTERM
    assert place.sockets() == []


def test_control_c(place: Place) -> None:
    with Terminal([TUNLAB, "trace", *UNANSWERED.split()], place.surroundings()) as terminal:
        said = Words("en")("trace_waiting")
        terminal.wait_until(lambda: said in terminal.text(), "that it waits")
        terminal.type(CONTROL_C)
        assert terminal.end() == 130
        assert terminal.text().split("\n")[0].rstrip() == Words("en")("trace_interrupted", place="r1:eth1 in")
        assert said not in terminal.text()
    assert place.sockets() == []


def test_two_at_once(place: Place) -> None:
    lines = [[TUNLAB, "trace", *line, "--json"] for line in (("h1", "h2", "-c", "5"), ("h2", "h1", "-c", "5"))]
    those = [subprocess.Popen(line, env=place.surroundings(), stdout=subprocess.PIPE, text=True) for line in lines]
    told = [tracing.communicate(timeout=PATIENCE)[0] for tracing in those]
    assert [tracing.returncode for tracing in those] == [0, 0]
    for text, first in zip(told, ("h1 eth0 out", "h2 eth0 out"), strict=True):
        hops = [each for line in text.splitlines() if (each := json.loads(line))["event"] == "hop"]
        assert len(hops) == 5 * len(PLACES)
        assert {_at(each) for each in hops if each["number"] == 1} == {first}


def _at(hop: dict[str, Any]) -> str:
    return f"{hop['node']} {hop['where']}"


@pytest.mark.needs("sandbox", "root")
def test_another_users(tmp_path: Path) -> None:
    """Nothing is imported in there: the files may be theirs."""
    with running(tmp_path, STRANGER) as lab:
        session = f"--session {STRANGER}/{lab.name}"
        shell(f'"$TUNLAB" exec {session} h1 -- ip link set lo up', XDG_RUNTIME_DIR=tmp_path)
        for protocol, status in (("icmp", 0), ("udp", 1), ("tcp", 1)):
            line = f'"$TUNLAB" trace {session} h1 127.0.0.1 --graph --protocol {protocol}'
            ended(done := shell(line, XDG_RUNTIME_DIR=tmp_path), status)
            assert done.stderr == ""
            assert "lo out" in done.stdout


@pytest.mark.needs("root")
def test_the_host_itself(tmp_path: Path) -> None:
    """In a namespace that `ip netns` made, in a view of /run of the test's own."""
    script = 'mount -t tmpfs x /run && ip netns add t && ip -n t link set lo up && "$TUNLAB" trace --host t 127.0.0.1'
    done = shell(f"unshare --mount --net sh -c '{script}'", XDG_RUNTIME_DIR=tmp_path)
    ended(done, 0)
    assert done.stdout.count("lo out") == done.stdout.count("lo in") == 2
