"""Checks are judged on the log alone, as far as they need no kernel: packets, lines, and agreement of both."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tunlab.engine.evidence import Evidence
from tunlab.engine.judge import Judgement, judge
from tunlab.model.checks import (
    AgreeCheck,
    Check,
    CrossingsCheck,
    FieldCheck,
    LengthCheck,
    OutputCheck,
    PacketCheck,
    PacketFilter,
    PrintedCheck,
    RatioCheck,
    TracedCheck,
)
from tunlab.model.events import DeviceSeen, Holder, Measured, Output, PacketSeen
from tunlab.model.lab import Step
from tunlab.model.packet import Field, Layer
from tunlab.model.topology import Endpoint
from tunlab.model.trace import Hop, Outcome, Reason, Traced
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
    judged = [judgement.result for judgement in judgements(dropped, checks, *events)]
    return {result.check: (result.status, result.actual, result.reason) for result in judged}


def judgements(dropped: int, checks: tuple[Check, ...], *events: Any) -> list[Judgement]:
    log, evidence = EventLog(), Evidence()
    log.follow(evidence.read)
    for event in events:
        log.add(event)
    stage: Any = SimpleNamespace(
        evidence=evidence, dropped=lambda: dropped, packets=NOTHING_CAPTURED
    )  # all of a stage that these checks need
    step = Step("ping", (), (), (), None, checks)
    return judge(stage, step)


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
        ours = replace(REQUEST, data="45")  # a program of ours tells the bytes too
        assert results(1, checks, sent, ours)["told"] == ("pass", "1", None)
        # Of what a C program read only the capture has the bytes.
        assert results(1, checks, sent, REQUEST)["told"] == ("unknown", "1", "capture_dropped")


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


@pytest.mark.parametrize(("seen", "status"), [(0, "fail"), (3, "fail"), (4, "pass"), (5, "pass")])
def test_at_least_so_many(seen: int, status: str) -> None:
    line = Output("ping", "h1", "reader", "id 255")
    checks = (
        PacketCheck("packets", (), READ, 4, at_least=True),
        OutputCheck("lines", (), "reader", "id", 4, at_least=True),
        AgreeCheck("same", (), "reader", "id {ICMP.id}", READ, 4, at_least=True),
    )
    judged = results(0, checks, *[REQUEST] * seen, *[line] * seen)
    assert judged == {name: (status, str(seen), None) for name in ("packets", "lines", "same")}


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (PacketFilter(TUN0, "program", "read"), 3),
        (PacketFilter(TUN0, "program", "read", program="reader"), 1),
        (PacketFilter(TUN0, "program", "read", program="reader-2"), 1),
        (PacketFilter(TUN0, "program", "read", data="4500"), 2),
        (PacketFilter(TUN0, "program", "read", data="450000"), 1),
        (PacketFilter(TUN0, "program", "read", program="reader", data="4500"), 0),
        (PacketFilter(TUN0, "program", "read", text="E\0"), 2),
        (PacketFilter(TUN0, "program", "read", text="\0E"), 0),
    ],
)
def test_packets_by_their_teller_and_by_their_first_bytes(wanted: PacketFilter, count: int) -> None:
    told = [("reader", "60"), ("reader-2", "4500"), (None, "450000")]
    packets = [replace(REQUEST, program=program, data=data) for program, data in told]
    assert results(0, (PacketCheck("read", (), wanted, count, at_least=count > 0), ANY), *packets)["read"][1] == str(
        count
    )


ANY = PacketCheck("any", (), PacketFilter(TUN0, "program", "read"), 1, at_least=True)


def test_lines_of_whatever_the_step_ran() -> None:
    lines = [Output("ping", "h1", program, "it is 3 of 4") for program in ("tcpdump", "$ ls", "reader")]
    checks = (OutputCheck("lines", (), None, "it is", 3), PrintedCheck("value", (), "is {value} of", "3"))
    assert results(0, checks, *lines) == {"lines": ("pass", "3", None), "value": ("pass", "3", None)}


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("write 45: {value}", "EIO"),
        ("{value} 45: EIO", "write"),
        ("{value}: E", "write 45"),
        ("write {value}: ", "45"),
        ("tap: {value}", "-"),
    ],
)
def test_what_stands_in_the_gap_of_the_last_line(pattern: str, value: str) -> None:
    lines = [Output("ping", "h1", "attach", line) for line in ("write 45: EBUSY", "write 45: EIO", "done")]
    check = PrintedCheck("printed", (), pattern, "EIO", "attach")
    status = "pass" if value == "EIO" else "fail"
    assert results(0, (check,), *lines)["printed"] == (status, value, None)


@pytest.mark.parametrize(
    ("tellers", "fewest"),
    [((), 0), (("first",) * 5, 0), (("first", "other", "first"), 1), (("first", "other", "first", "other"), 2)],
)
def test_the_program_that_read_fewest_counts(tellers: tuple[str, ...], fewest: int) -> None:
    log, evidence = EventLog(), Evidence()
    log.follow(evidence.read)
    holders = tuple(Holder(pid, 3, "reader", None) for pid in (7, 8))
    log.add(DeviceSeen("h1", "tun0", "tun", ("UP",), "UNKNOWN", 1500, "noop", 500, (), holders))
    for teller in tellers:
        log.add(replace(REQUEST, program=teller))
    looked = SimpleNamespace(look=lambda at: None)
    stage: Any = SimpleNamespace(evidence=evidence, dropped=lambda: 0, packets=NOTHING_CAPTURED, devices=looked)
    check = PacketCheck("each", (), READ, 1, at_least=True, each=True)
    [judgement] = judge(stage, Step("ping", (), (), (), None, (check,)))
    assert (judgement.result.status, judgement.value) == ("pass" if fewest else "fail", str(fewest))


def test_the_length_of_the_last_packet() -> None:
    check = LengthCheck("bytes", (), PacketFilter(TUN0, "program", "read"), 88)
    assert results(0, (check,))["bytes"] == ("fail", "-", None)
    assert results(0, (check,), replace(REQUEST, length=88), REQUEST)["bytes"] == ("fail", "84", None)
    assert results(0, (check,), REQUEST, replace(REQUEST, length=88))["bytes"] == ("pass", "88", None)


def test_what_was_measured() -> None:
    log, evidence = EventLog(), Evidence()
    log.follow(evidence.read)
    log.add(replace(REQUEST, seen_by="capture", direction="out"))
    checks: tuple[Check, ...] = (
        PacketCheck("captured", (), PacketFilter(TUN0, "capture", "out"), 1),
        PacketCheck("told", (), READ, 0),
        PrintedCheck("printed", (), "is {value}", "3"),
    )
    step = Step("ping", (), (), (), None, checks)

    def values(dropped: int) -> list[str | None]:
        stage: Any = SimpleNamespace(evidence=evidence, dropped=lambda: dropped, packets=NOTHING_CAPTURED)
        return [judgement.value for judgement in judge(stage, step)]

    assert values(dropped=0) == ["1", "0", None]
    assert values(dropped=1) == [None, "0", None]  # nobody can tell what the capture would have counted


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


LOST = Traced(
    "ping", 1, "lost", "back", "h2:eth0 in", Reason("why_no_route_back", "h2:eth0 out"), None,
    "h1", "10.0.2.2", "icmp", 84,
)  # fmt: skip


@pytest.mark.parametrize(
    ("check", "found"),
    [
        (TracedCheck("t", (), "lost"), ("pass", "lost")),
        (TracedCheck("t", (), "lost", "h2:eth0 in", "no_route_back"), ("pass", "lost, h2:eth0 in, no_route_back")),
        (TracedCheck("t", (), "lost", "h1:eth0 in"), ("fail", "lost, h2:eth0 in")),
        (TracedCheck("t", (), "lost", why="no_route"), ("fail", "lost, no_route_back")),
        (TracedCheck("t", (), "answered"), ("fail", "lost")),
        (TracedCheck("t", (), last="h2:eth0 in"), ("pass", "h2:eth0 in")),
        (TracedCheck("t", (), why="no_route"), ("fail", "no_route_back")),
    ],
)
def test_how_a_traced_packet_ended(check: TracedCheck, found: tuple[str, str]) -> None:
    """It is the step's last one that counts."""
    answered = replace(LOST, state="answered", last="h1:eth0 in", why=None, us=1.0)
    assert results(0, (check,), answered, LOST, replace(answered, step="other"))["t"] == (*found, None)
    assert results(0, (check,))["t"] == ("fail", "-", None)


@pytest.mark.parametrize(
    ("check", "told"),
    [
        (TracedCheck("t", (), "lost"), Outcome("lost")),
        (TracedCheck("t", (), "lost", "h1:eth0 in"), Outcome("lost", "h2:eth0 in")),
        (TracedCheck("t", (), why="no_route"), Outcome(why=LOST.why)),
    ],
)
def test_prose_gets_the_end_of_a_traced_packet_in_no_language(check: TracedCheck, told: Outcome) -> None:
    assert [each.told() for each in judgements(0, (check,), LOST)] == [told]
    assert [each.told() for each in judgements(0, (check,))] == ["-"]


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [("ICMP.id", "255", ("pass", "255")), ("ICMP.seq", "2", ("fail", "1")), ("IP.ttl", "64", ("fail", "-"))],
)
def test_a_field_of_the_last_packet(field: str, value: str, found: tuple[str, str]) -> None:
    other = replace(REQUEST, layers=(Layer("ICMP", (Field("id", "0x1"), Field("seq", "9"))),))
    check = FieldCheck("f", (), READ, field, value)
    assert results(0, (check,), other, REQUEST)["f"] == (*found, None)
    assert results(3, (replace(check, packets=REPLIES),), REQUEST)["f"][0] == "unknown"


def test_of_a_header_in_another_one_the_outer_counts() -> None:
    layers = tuple(Layer("IP", (Field("ttl", ttl),)) for ttl in ("64", "63"))
    check = FieldCheck("f", (), READ, "IP.ttl", "64")
    assert results(0, (check,), replace(REQUEST, layers=layers))["f"] == ("pass", "64", None)


def test_crossings_of_the_packet_that_was_traced_last() -> None:
    def hop(number: int, direction: str) -> Hop:
        return Hop("ping", 1, number, "h2", f"eth0 {direction}", "there", "eth0", direction, 0.0, 98, "")

    once, both = (hop(1, "in"),), (hop(1, "in"), hop(2, "out"), hop(3, "out"))
    check = CrossingsCheck("c", (), "h2", "there", 1)
    assert results(0, (check,), *both, *once)["c"] == ("pass", "1", None)
    assert results(0, (check,), *once, *both)["c"] == ("fail", "2", None)
    assert results(0, (check,))["c"] == ("fail", "-", None)


@pytest.mark.parametrize(
    ("of", "more", "less", "found"),
    [
        ("throughput", "direct", "vpn", ("pass", "25")),
        ("round_trip", "vpn", "direct", ("pass", "3")),
        ("round_trip", "direct", "vpn", ("fail", "0")),
        ("throughput", "direct", "nothing", ("fail", "-")),
    ],
)
def test_ratio_of_two_ways(of: str, more: str, less: str, found: tuple[str, str]) -> None:
    direct = Measured("ping", "A", "direct", "192.0.2.2", 9.0, 10.0, 30.0, 25.5e9, "iperf3")
    vpn = replace(direct, way="vpn", us_median=39.0, bits_per_second=1e9)
    assert results(0, (RatioCheck("r", (), of, more, less, 2),), direct, vpn)["r"] == (*found, None)
