"""What checks measure on a running lab: counters, devices that vanish, peers, programs by hand, printed lines."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inside import Sandboxed

from tunlab import paths
from tunlab.engine.environment import environment
from tunlab.engine.judge import Judgement, judge
from tunlab.engine.packets import MOST
from tunlab.engine.perform import perform
from tunlab.engine.stage import Stage
from tunlab.errors import TunlabError
from tunlab.kernel.process import spawn
from tunlab.model.checks import (
    Check,
    CounterCheck,
    DeviceCheck,
    OutputCheck,
    PacketCheck,
    PacketFilter,
    PrintedCheck,
)
from tunlab.model.events import Action, Counters, Entry, PacketSeen
from tunlab.model.lab import Lab, Step
from tunlab.model.program import Program
from tunlab.model.topology import Endpoint, Link, Node, Topology
from tunlab.model.verbs import (
    AddAddress,
    AddDevice,
    DeleteDevice,
    Execute,
    Ping,
    SetLink,
    SignalProgram,
    StartProgram,
    StopProgram,
    Verb,
)
from tunlab.session.log import EventLog

pytestmark = pytest.mark.needs("sandbox", "tun")

PATIENCE = 20.0  # seconds
TUN0, ETH0, LO = Endpoint("h1", "tun0"), Endpoint("h1", "eth0"), Endpoint("h1", "lo")
SETTINGS = (("net.ipv6.conf.default.disable_ipv6", "1"), ("net.ipv4.ip_default_ttl", "17"))
TOPOLOGY = Topology((Node("h1", SETTINGS), Node("h2")), (Link((ETH0, Endpoint("h2", "eth7"))),))
DEAF = Program("deaf", "h1", module="deaf", arguments=("--device", "tun0"), device=TUN0, ready="Open tun/tap device")
UP: tuple[Verb, ...] = (AddAddress(TUN0, "192.0.2.1/24"), SetLink(TUN0, "up"))


def on_a_stage(folder: Path, play: Callable[[Stage], Any]) -> Callable[[Any], Any]:
    """What a sandbox runs: `play` on a stage of two nodes, in a step called one."""

    def inside(_: Any) -> Any:
        with Stage(Lab("measured", folder, TOPOLOGY, (), ()), EventLog()) as stage:
            stage.begin_step("one")
            return play(stage)

    return inside


def do(stage: Stage, *verbs: Verb) -> None:
    for verb in verbs:
        perform(stage, verb)


def told(stage: Stage, *checks: Check, step: str = "one") -> list[tuple[str, str, str | None]]:
    """Status, actual and value of each."""
    judged: list[Judgement] = judge(stage, Step(step, (), (), (), None, checks))
    return [(each.result.status, each.result.actual, each.value) for each in judged]


def counter(name: str, count: int, at: Endpoint = TUN0, at_least: bool = False) -> CounterCheck:
    return CounterCheck(f"{at} {name}", (), at, name, count, at_least)


def test_a_counter_counts_from_the_step_or_from_the_device(sandboxed: Sandboxed, tmp_path: Path) -> None:
    def play(stage: Stage) -> Any:
        do(stage, Ping("h1", "127.0.0.1", 1))
        stage.begin_step("two")
        before = told(stage, counter("tx_packets", 0, LO), counter("tx_packets", 0), step="two")
        do(stage, Ping("h1", "127.0.0.1", 2), StartProgram(DEAF), *UP, Ping("h1", "192.0.2.7", 1))
        after = told(stage, counter("rx_packets", 4, LO), counter("tx_packets", 1), step="two")
        do(stage, SignalProgram(DEAF, "USR1"))
        stage.loop.wait(lambda: bool(stage.evidence.packets("two", READ)), PATIENCE)
        late = told(stage, counter("tx_packets", 1, at_least=True), counter("tx_bytes", 84), step="two")
        # Another device of that name begins at nothing again.
        do(stage, StopProgram(DEAF), AddDevice(TUN0, "tun"))
        return before, after, late, told(stage, counter("tx_packets", 1), step="two")

    before, after, late, anew = sandboxed(on_a_stage(tmp_path, play))
    assert before == [("fail", "0", "0"), ("fail", "-", None)]
    assert after == [("pass", "4", "4"), ("fail", "0", "0")]
    assert late == [("pass", "1", "1"), ("pass", "84", "84")]
    assert anew == [("fail", "0", "0")]


def test_a_step_begins_with_the_counters_of_a_device_that_nobody_watched(sandboxed: Sandboxed, tmp_path: Path) -> None:
    """Or else its table would show as this step's own what passed in the steps before."""

    def play(stage: Stage) -> Any:
        entries: list[Entry] = []
        stage.log.follow(entries.append)
        stage.devices.look(LO)
        do(stage, Ping("h1", "127.0.0.1", 2))
        stage.begin_step("two")
        return [entry.what.tx_packets for entry in entries if isinstance(entry.what, Counters)]

    assert sandboxed(on_a_stage(tmp_path, play)) == [0, 4]


READ = PacketFilter(TUN0, "program", "read")


def test_a_device_that_is_gone_was_there_before(sandboxed: Sandboxed, tmp_path: Path) -> None:
    gone = DeviceCheck("gone", (), TUN0, gone=True)

    def play(stage: Stage) -> Any:
        never = told(stage, gone)
        do(stage, AddDevice(TUN0, "tun"))
        down = told(stage, gone)
        do(stage, SetLink(TUN0, "up"))
        up = told(stage, gone, DeviceCheck("held", (), TUN0, holders=0), DeviceCheck("bare", (), TUN0, addresses=0))
        do(stage, DeleteDevice(TUN0))
        return never, down, up, told(stage, gone)

    never, down, up, after = sandboxed(on_a_stage(tmp_path, play))
    assert (never, down) == ([("fail", "-", None)], [("fail", "DOWN", "DOWN")])
    assert up == [("fail", "UP", "UP"), ("pass", "holders 0", "0"), ("pass", "addresses 0", "0")]
    assert after == [("pass", "gone", "gone")]


def test_a_device_gone_that_only_a_step_began_with(sandboxed: Sandboxed, tmp_path: Path) -> None:
    def play(stage: Stage) -> Any:
        do(stage, AddDevice(TUN0, "tun"))
        stage.begin_step("two")
        do(stage, DeleteDevice(TUN0))
        return told(stage, DeviceCheck("gone", (), TUN0, gone=True), step="two")

    assert sandboxed(on_a_stage(tmp_path, play)) == [("pass", "gone", "gone")]


def test_the_other_end_of_a_veth(sandboxed: Sandboxed, tmp_path: Path) -> None:
    here = Endpoint("h1", "veth0")

    def play(stage: Stage) -> Any:
        do(stage, AddDevice(here, "veth", Endpoint("h1", "veth1")), AddDevice(TUN0, "tun"))
        for at in (ETH0, TUN0):
            stage.devices.look(at)
        eth0, tun0 = stage.evidence.device(ETH0), stage.evidence.device(TUN0)
        assert eth0 and tun0
        checks = (DeviceCheck("a", (), ETH0, peer=Endpoint("h2", "eth7")), DeviceCheck("b", (), here, peer=ETH0))
        return told(stage, *checks), len(eth0.link_address), (tun0.link_address, tun0.peer)

    peers, mac, tun0 = sandboxed(on_a_stage(tmp_path, play))
    assert peers == [("pass", "peer h2:eth7", "h2:eth7"), ("fail", "peer h1:veth1", "h1:veth1")]
    assert (mac, tun0) == (len("52:54:00:12:34:56"), ("", None))


def test_a_link_that_is_up_carries_at_once(sandboxed: Sandboxed, tmp_path: Path) -> None:
    def play(stage: Stage) -> Any:
        do(stage, AddAddress(ETH0, "192.0.2.1/24"), AddAddress(Endpoint("h2", "eth7"), "192.0.2.2/24"))
        do(stage, SetLink(ETH0, "up"), SetLink(Endpoint("h2", "eth7"), "up"), Ping("h1", "192.0.2.2", 3, 0.001))
        ttl = Execute("h1", ("cat", "/proc/sys/net/ipv4/ip_default_ttl"))
        do(stage, ttl)
        replies = PacketFilter(ETH0, "capture", "in", what="echo reply")
        checks = (
            counter("tx_packets", 4, ETH0),  # one asks for the MAC
            PacketCheck("replies", (), replies, 3),
            OutputCheck("ttl", (), None, "17", 1),
        )
        return [status for status, *_ in told(stage, *checks)]

    assert sandboxed(on_a_stage(tmp_path, play)) == ["pass", "pass", "pass"]


def test_the_settings_of_the_topology_are_told_before_any_step(sandboxed: Sandboxed, tmp_path: Path) -> None:
    def inside(_: Any) -> Any:
        log = EventLog()
        entries: list[Entry] = []
        log.follow(entries.append)
        with Stage(Lab("measured", tmp_path, TOPOLOGY, (), ()), log):
            return [entry.what for entry in entries]

    assert sandboxed(inside) == [
        Action("", "sysctl", "h1", "sysctl -w net.ipv6.conf.default.disable_ipv6=1"),
        Action("", "sysctl", "h1", "sysctl -w net.ipv4.ip_default_ttl=17"),
    ]


def test_a_command_ends_as_it_must_and_speaks_english(sandboxed: Sandboxed, tmp_path: Path) -> None:
    def play(stage: Stage) -> Any:
        os.environ["LC_ALL"] = "de_DE.UTF-8"
        do(stage, Execute("h1", ("sh", "-c", "echo locale $LC_ALL in $TUNLAB_NODE; exit 3"), 3))
        refused = []
        for status in (0, 4):
            try:
                do(stage, Execute("h1", ("sh", "-c", "exit 3"), status))
            except TunlabError as error:
                refused.append(error.key)
        return told(stage, PrintedCheck("printed", (), "locale {value} in h1", "C.UTF-8")), refused

    printed, refused = sandboxed(on_a_stage(tmp_path, play))
    assert printed == [("pass", "C.UTF-8", "C.UTF-8")]
    assert refused == ["command_failed", "command_status"]


def test_signals_are_taken_one_by_one(sandboxed: Sandboxed, tmp_path: Path) -> None:
    def play(stage: Stage) -> Any:
        do(stage, StartProgram(DEAF), *UP, Ping("h1", "192.0.2.7", 3, 0.001))
        do(stage, *[SignalProgram(DEAF, "USR1")] * 4)
        check = OutputCheck("empty", (), "deaf", "Nothing to read", 1)
        stage.loop.wait(lambda: told(stage, check)[0][0] == "pass", PATIENCE)
        do(stage, StopProgram(DEAF))
        refused = ""
        try:
            do(stage, SignalProgram(DEAF, "USR1"))
        except TunlabError as error:
            refused = error.key
        return told(stage, check, PacketCheck("read", (), READ, 3)), refused

    checks, refused = sandboxed(on_a_stage(tmp_path, play))
    assert checks == [("pass", "1", "1"), ("pass", "3", "3")]
    assert refused == "program_not_running"


def test_the_writer_says_when_nobody_answers(sandboxed: Sandboxed, tmp_path: Path) -> None:
    arguments = ("--device", "tun0", "--source", "192.0.2.9", "--destination", "192.0.2.1")
    writer = Program("writer", "h1", module="writer", arguments=arguments, device=TUN0, ready="for writing...")

    def play(stage: Stage) -> Any:
        do(stage, StartProgram(writer), SignalProgram(writer, "USR1"))
        down = OutputCheck("down", (), "writer", "Writing: Input/output error", 1)
        stage.loop.wait(lambda: told(stage, down)[0][0] == "pass", PATIENCE)
        do(stage, SetLink(TUN0, "up"), SignalProgram(writer, "USR1"))  # without an address: not for this host
        silence = OutputCheck("silence", (), "writer", "No reply within", 1)
        stage.loop.wait(lambda: told(stage, silence)[0][0] == "pass", PATIENCE)
        do(stage, AddAddress(TUN0, "192.0.2.1/24"), SignalProgram(writer, "USR1"))
        reply = PacketCheck("reply", (), PacketFilter(TUN0, "program", "read", 84, "echo reply"), 1)
        stage.loop.wait(lambda: told(stage, reply)[0][0] == "pass", PATIENCE)
        return [status for status, *_ in told(stage, down, silence, reply)]

    assert sandboxed(on_a_stage(tmp_path, play)) == ["pass", "pass", "pass"]


@pytest.mark.parametrize("queues", [1, 2])
def test_programs_started_by_hand_are_heard(sandboxed: Sandboxed, tmp_path: Path, queues: int) -> None:
    """As the learner's shell starts them: with its variables, and nobody's child that the lab knows."""
    words = ("python3", "-m", "tunlab.programs.reader", "--device", "tun0", "--packet-info")
    words += ("--multi-queue",) * (queues > 1)

    def play(stage: Stage) -> Any:
        started = [spawn(words, stage.nodes["h1"].namespace, environment("h1"), tmp_path) for _ in range(queues)]
        held = DeviceCheck("held", (), TUN0, holders=queues)
        stage.loop.wait(lambda: told(stage, held)[0][0] == "pass", PATIENCE)
        do(stage, *UP, Execute("h1", ("python3", "-m", "tunlab.programs.flows", "--to", "192.0.2.7")))
        read = PacketFilter(TUN0, "program", "read", 56, "PI flags 0 proto 0x0800  IP", data="0000080045")
        checks = (PacketCheck("read", (), read, 40), PacketCheck("each", (), read, 1, at_least=True, each=True))
        stage.loop.wait(lambda: told(stage, *checks)[0][0] == "pass", PATIENCE)
        names = {packet.program for packet in stage.evidence.packets("one", read)}
        statuses = [status for status, *_ in told(stage, *checks)]
        for process in started:
            process.kill()
        return statuses, names

    statuses, names = sandboxed(on_a_stage(tmp_path, play))
    assert statuses == ["pass", "pass"]
    assert names == {"reader", "reader-2"} if queues == 2 else names == {"reader"}


HELLO = {"program": "reader", "node": "h1", "device": "tun0"}
HOSTILE: dict[str, object] = {
    "no such node": HELLO | {"node": "h9"},
    "node is a path": HELLO | {"node": "../h1"},
    "node is a number": HELLO | {"node": 1},
    "long device": HELLO | {"device": "x" * 16},
    "device with an escape": HELLO | {"device": "tun\x1b[2J"},
    "program with an escape": HELLO | {"program": "\x1b[2Jreader"},
    "long program": HELLO | {"program": "r" * 65},
    "no program": {"node": "h1", "device": "tun0"},
    "a list": [],
    "nothing": {},
}


def test_a_hostile_program_is_not_believed(sandboxed: Sandboxed, tmp_path: Path) -> None:
    packet = {"t_ns": 1, "did": "read", "bytes": 2, "data": "4500"}

    def play(stage: Stage) -> list[str]:
        entries: list[Entry] = []
        stage.log.follow(entries.append)
        believed = []
        for name, hello in HOSTILE.items():
            say(stage, hello, packet)
            if any(isinstance(entry.what, PacketSeen) for entry in entries):
                believed.append(name)
                entries.clear()
        wrong: list[object] = [{**packet, "data": "xx"}, {**packet, "did": "eaten"}, {**packet, "t_ns": "now"}, [], 7]
        say(stage, HELLO, *wrong, {**packet, "link": "ETHERNET"}, {**packet, "link": ["PI"]}, packet)
        links = [entry.what.link for entry in entries if isinstance(entry.what, PacketSeen)]
        return believed + links

    assert sandboxed(on_a_stage(tmp_path, play)) == ["ETHERNET", "RAW", "RAW"]


def say(stage: Stage, *lines: object) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(paths.LISTENERS / "stage.sock"))
        line.sendall(b"".join(json.dumps(each).encode() + b"\n" for each in lines))
        stage.loop.wait(lambda: False, 0.05)  # three turns and more: accept, hear, leave


def test_a_flood_is_not_looked_at_any_further(sandboxed: Sandboxed, tmp_path: Path) -> None:
    """Only so many packets of a step are logged; that there were more makes what was captured unknown."""

    def play(stage: Stage) -> tuple[int, bool, str]:
        seen: list[PacketSeen] = []
        stage.log.follow(lambda entry: seen.append(entry.what) if isinstance(entry.what, PacketSeen) else None)
        with stage.nodes["h1"].namespace.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
            flood.bind(("127.0.0.1", 0))
            for _ in range(MOST + 100):
                flood.sendto(b"x", flood.getsockname())
                stage.packets.drain(stage.nodes["h1"])
        stage.packets.drain_all()
        check = PacketCheck("sent", (), PacketFilter(LO, "capture", "out"), 1, at_least=True)
        (judgement,) = judge(stage, Step("one", (), (), (), None, (check,)))
        return len(seen), stage.dropped() > 0, judgement.result.status

    assert sandboxed(on_a_stage(tmp_path, play)) == (MOST, True, "unknown")
