"""Checks are judged on the log alone, as far as they need no kernel: packets, lines, and agreement of both."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tunlab.engine.evidence import Evidence
from tunlab.engine.judge import judge
from tunlab.model.checks import AgreeCheck, Check, OutputCheck, PacketCheck, PacketFilter
from tunlab.model.events import Output, PacketSeen
from tunlab.model.lab import Step
from tunlab.model.packet import Field, Layer
from tunlab.model.topology import Endpoint
from tunlab.session.log import EventLog

NOTHING_CAPTURED = SimpleNamespace(drain_all=lambda: None)
TUN0 = Endpoint("h1", "tun0")
READ = PacketFilter(TUN0, "program", "read", 84, "echo request")
REPLIES = PacketFilter(TUN0, "capture", "in", what="echo reply")
REQUEST = PacketSeen(
    "ping", "h1", "tun0", "program", "read", 84, "IP a > b  ICMP echo request id 255 seq 1",
    layers=(Layer("ICMP", (Field("id", "0xff"), Field("seq", "1"))),),
)  # fmt: skip


def results(dropped: int, checks: tuple[Check, ...], *events: Any) -> dict[str, tuple[str, str, str | None]]:
    log, evidence = EventLog(), Evidence()
    log.follow(evidence.read)
    for event in events:
        log.add(event)
    stage: Any = SimpleNamespace(
        evidence=evidence, dropped=lambda: dropped, packets=NOTHING_CAPTURED
    )  # all of a stage that these checks need
    step = Step("ping", (), (), (), None, checks)
    judged = [judgement.result for judgement in judge(stage, step)]
    return {result.check: (result.status, result.actual, result.reason) for result in judged}


def packets(count: int, wanted: PacketFilter = READ, name: str = "read") -> PacketCheck:
    return PacketCheck(name, (), wanted, count)


@pytest.mark.parametrize(("seen", "status"), [(0, "fail"), (3, "fail"), (4, "pass"), (5, "fail")])
def test_exactly_so_many_packets(seen: int, status: str) -> None:
    assert results(0, (packets(4),), *[REQUEST] * seen) == {"read": (status, str(seen), None)}


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, step="up"),
        replace(REQUEST, device="eth0"),
        replace(REQUEST, node="h2"),
        replace(REQUEST, seen_by="capture", direction="out"),
        replace(REQUEST, length=48),
        replace(REQUEST, summary="IP a > b  ICMP echo reply id 255 seq 1"),
    ],
)
def test_other_packets_do_not_count(other: PacketSeen) -> None:
    assert results(0, (packets(1),), REQUEST, other)["read"] == ("pass", "1", None)


def test_silence_passes_only_beside_something_that_happened() -> None:
    both = (packets(1), packets(0, REPLIES, "replies"))
    assert results(0, both, REQUEST)["replies"] == ("pass", "0", None)
    assert results(0, both)["replies"] == ("fail", "0", "nothing_else_happened")


def test_what_a_capture_counted_is_unknown_when_it_lost_packets() -> None:
    sent = replace(REQUEST, seen_by="capture", direction="out")
    captured = PacketFilter(TUN0, "capture", "out")
    for count in (1, 2):
        checks = (packets(count, captured), packets(1, name="told"))
        assert results(1, checks, sent, REQUEST)["read"] == ("unknown", "1", "capture_dropped")
        assert results(1, checks, sent, REQUEST)["told"] == ("pass", "1", None)  # the program told, not the capture


def test_lines_of_a_program() -> None:
    check = OutputCheck("printed", (), "tcpdump", "echo request", 2)
    lines = [Output("ping", "h1", "tcpdump", f"… echo request, seq {number}") for number in (1, 2)]
    assert results(0, (check,), *lines, Output("ping", "h1", "reader", "echo request"))["printed"][0] == "pass"


def test_a_program_agrees_when_it_prints_the_packets_own_values() -> None:
    check = AgreeCheck("same", (), "tcpdump", "id {ICMP.id}, seq {ICMP.seq},", READ, 1)
    right = Output("ping", "h1", "tcpdump", "ICMP echo request, id 255, seq 1, length 64")
    wrong = Output("ping", "h1", "tcpdump", "ICMP echo request, id 255, seq 2, length 64")
    assert results(0, (check,), REQUEST, right)["same"] == ("pass", "1", None)
    assert results(0, (check,), REQUEST, wrong)["same"] == ("fail", "0", None)


def test_the_length_that_prose_may_name() -> None:
    log, evidence = EventLog(), Evidence()
    log.follow(evidence.read)
    log.add(REQUEST)
    stage: Any = SimpleNamespace(evidence=evidence, dropped=lambda: 0, packets=NOTHING_CAPTURED)
    everything = PacketFilter(TUN0, "program", "read")
    step = Step("ping", (), (), (), None, (packets(1), packets(1, everything, "any"), packets(0, REPLIES, "replies")))
    assert [judgement.length for judgement in judge(stage, step)] == [84, 84, None]
    log.add(replace(REQUEST, length=48))
    assert [judgement.length for judgement in judge(stage, step)] == [84, None, None]


def test_the_folder_of_labs_is_found() -> None:
    from tunlab import paths

    assert isinstance(paths.find_lab("lab-1.4.3"), Path)
    assert paths.find_lab("../etc") is None
