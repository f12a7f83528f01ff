"""What the screen shows, from events alone."""

import re
from dataclasses import replace

import pytest
from rich.console import Console

from tunlab.i18n import Words
from tunlab.model.checks import FieldCheck, PacketFilter
from tunlab.model.events import Action, Counters, DeviceSeen, Entry, Holder, Output, PacketSeen
from tunlab.model.lab import Step, Watch
from tunlab.model.packet import Field, Layer
from tunlab.model.topology import Endpoint
from tunlab.model.trace import Hop, Traced
from tunlab.ui.compare import compared
from tunlab.ui.frame import frame
from tunlab.ui.view import View

TUN0 = Endpoint("h1", "tun0")
STEP = Step("up", (), (), (), Watch(TUN0, 0, 1), ())
READER = Holder(pid=7, fd=3, command="./tun", program="reader")
DEVICE = DeviceSeen(
    "h1",
    "tun0",
    "tun",
    ("POINTOPOINT", "NOARP", "UP"),
    "UNKNOWN",
    1500,
    "pfifo_fast",
    500,
    ("192.0.2.1/24",),
    (READER,),
)
SENT = PacketSeen(
    "ping", "h1", "tun0", "capture", "out", 84, "IP 192.0.2.1 > 192.0.2.2  ICMP echo request id 1 seq 1",
    time_ns=1_000_000_000, data="45",
)  # fmt: skip
READ = replace(SENT, seen_by="program", direction="read", program="reader", joined=True)


def view_of(*events: object) -> View:
    view = View()
    for event in events:
        view.read(Entry(0.0, "lab-x", event))  # type: ignore[arg-type]
    return view


def shown(view: View, language: str, height: int = 60, width: int = 80) -> list[str]:
    console = Console(width=width, height=height, force_terminal=False)
    with console.capture() as capture:
        console.print(frame(view, STEP, Words(language), console, height))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_a_packet_that_was_captured_and_read_is_one_row() -> None:
    assert [row.told for row in view_of(SENT, READ).rows] == [["out", "read"]]
    assert [row.told for row in view_of(READ, SENT).rows] == [["out", "read"]]


def test_packets_stand_in_the_order_of_their_times_whoever_was_asked_first() -> None:
    late, early = (replace(SENT, device=device, time_ns=time) for device, time in (("eth1", 3), ("eth0", 2)))
    assert [row.packet for row in view_of(late, early, replace(late, data="46")).rows] == [
        *(early, late),
        replace(late, data="46"),
    ]


def test_a_packet_that_nobody_read_says_so() -> None:
    assert [row.told for row in view_of(SENT).rows] == [["out"]]


def test_the_same_bytes_twice_are_two_packets() -> None:
    assert [row.told for row in view_of(SENT, SENT, READ, READ).rows] == [["out", "read"], ["out", "read"]]


def test_what_the_program_did_counts_from_when_it_took_the_device() -> None:
    view = view_of(DEVICE, READ, READ)
    assert (view.end("h1", "tun0", "read").packets, view.end("h1", "tun0", "read").size) == (2, 168)
    other = replace(DEVICE, holders=(replace(READER, pid=9, program="echo"),))
    view.read(Entry(1.0, "lab-x", other))
    assert view.end("h1", "tun0", "read").packets == 0


def test_an_end_tells_how_much_this_step_added() -> None:
    view = view_of(DEVICE, READ)
    assert view.grown("h1", "tun0", "read") is None  # the device is new, and so is all of it
    view.begin_step()
    assert view.grown("h1", "tun0", "read") == 0
    view.read(Entry(1.0, "lab-x", READ))
    assert (view.end("h1", "tun0", "read").packets, view.grown("h1", "tun0", "read")) == (2, 1)


def test_a_second_program_on_a_device_takes_nothing_from_the_first() -> None:
    view = view_of(DEVICE, READ)
    view.read(Entry(1.0, "lab-x", replace(DEVICE, holders=(READER, replace(READER, pid=9, program="other")))))
    assert view.end("h1", "tun0", "read").packets == 1
    assert view.told_by["h1", "tun0", "reader", "read"] == 1


def test_a_new_device_of_the_same_name_begins_at_nothing() -> None:
    view = view_of(DEVICE, READ)
    view.begin_step()
    view.read(Entry(1.0, "lab-x", replace(DEVICE, index=DEVICE.index + 1)))
    assert view.end("h1", "tun0", "read").packets == 0
    assert view.told_by["h1", "tun0", "reader", "read"] == 0
    assert view.grown("h1", "tun0", "read") is None


def test_a_packet_through_lo_is_one_row() -> None:
    out = replace(SENT, device="lo")
    assert [row.told for row in view_of(out, replace(out, direction="in")).rows] == [["out", "in"]]


def test_a_command_that_printed_nothing_says_so() -> None:
    lines = shown(view_of(DEVICE, Action("ping", "exec", "h1", "find /dev -name tun0")), "en")
    assert lines[-2:] == ["$ find /dev -name tun0", "  (printed nothing)"]


def test_commands_stand_in_the_order_in_which_they_were_run() -> None:
    first, second, third = (
        Action("ping", "exec", "h1", command) for command in ("ip -batch a", "ip link", "ip -batch b")
    )
    lines = shown(view_of(DEVICE, first, Output("ping", "h1", "$ ip link", "1: lo"), second, third), "en")
    assert lines[-6:] == [
        *("$ ip -batch a", "  (printed nothing)"),
        *("$ ip link", "  1: lo"),
        *("$ ip -batch b", "  (printed nothing)"),
    ]


def test_both_ends_in_one_table() -> None:
    counters = Counters("h1", "tun0", 0, 0, 0, 1, 84, 0)
    lines = shown(view_of(DEVICE, counters, SENT, READ, Output("ping", "h1", "reader", "Read 84 bytes")), "en")
    assert any("kernel: tun0" in line and "program: reader" in line for line in lines)
    assert any("state UNKNOWN" in line for line in lines)
    assert any("TX 1 packet, 84 bytes" in line and "---->" in line and "read 1 packet," in line for line in lines)
    assert any("out, read" in line and "84" in line and "192.0.2.1 > 192.0.2.2" in line for line in lines)
    assert lines[-1] == "reader| Read 84 bytes"


def test_a_device_that_is_gone_has_no_answer_to_any_question() -> None:
    console = Console(width=80, force_terminal=False)
    with console.capture() as capture:
        console.print(compared(view_of(DEVICE, replace(DEVICE, gone=True)), [TUN0], Words("en")))
    answers = [line.split("|")[2].strip() for line in capture.get().splitlines() if line.count("|") == 3]
    assert set(answers) == {"h1:tun0", "not there"}


def test_chinese_columns_are_aligned() -> None:
    from rich.cells import cell_len

    lines = [line for line in shown(view_of(DEVICE), "zh") if line.startswith(("|", "+"))]
    assert len({cell_len(line) for line in lines}) == 1


def test_nothing_in_a_table_is_of_ambiguous_width() -> None:
    for language in ("en", "zh"):
        text = "".join(shown(view_of(DEVICE, SENT, READ), language))
        assert not set("…—→│●─└┌") & set(text)


def test_the_frame_of_a_trace_is_no_higher_either() -> None:
    hops = [Hop("ping", 1, n, "h1", f"eth{n} out", "there", f"eth{n}", "out", n, 98, f"IP {n}") for n in range(1, 41)]
    end = Traced("ping", 1, "lost", "there", "h1:eth40 out", None, None, "h1", "10.0.0.2", "icmp", 84)
    for height in (30, 12):
        lines = shown(view_of(*hops, end), "en", height=height)
        assert height - 3 <= len(lines) <= height
        assert any("hops are left out" in line for line in lines)
        assert " 1 " in "".join(lines) and "h1    eth40 out" in "".join(lines)
    lines = shown(view_of(*hops, end), "en", height=4)
    assert len(lines) <= 4 and "40 hops are left out" in lines[-1]


def test_a_frame_is_no_higher_than_it_may_be() -> None:
    packets = [replace(SENT, time_ns=number, data=f"{number:02x}") for number in range(50)]
    view = view_of(DEVICE, *packets)
    assert len(shown(view, "en", height=23)) <= 23
    lines = shown(view, "en", height=23)
    numbers = [int(line.split()[0]) for line in lines if line.strip()[:1].isdecimal()]
    assert (numbers[0], numbers[-1]) == (1, 50)  # the first and the last ones are there
    hidden = sorted(set(range(1, 51)) - set(numbers))
    told = f"{len(hidden)} packets are left out here: {hidden[0]} to {hidden[-1]}"
    assert any(told in line for line in lines)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_packet_is_left_out_unsaid(language: str) -> None:
    """However little room there is: the first, the last, and how many there are between."""
    for count in range(1, 6):
        packets = [replace(SENT, time_ns=number, data=f"{number:02x}") for number in range(count)]
        lines = shown(view_of(DEVICE, *packets), language, height=1)
        numbers = [int(found[1]) for line in lines if (found := re.match(r" *(\d+) +0\.\d{3} ", line))]
        assert numbers == ([*range(1, count + 1)] if count <= 3 else [1, count])
        told = Words(language)("rows_hidden", count=count - 2, first=2, last=count - 1)
        assert any(told in line for line in lines) == (count > 3)


def test_the_field_that_a_check_asks_for_is_told_first() -> None:
    field = FieldCheck("ttl", (), PacketFilter(TUN0, "capture", "out"), "IP.ttl", "64")
    packet = replace(SENT, layers=(Layer("IP", (Field("ttl", "0x40"),)),))
    view, step = view_of(DEVICE, packet), replace(STEP, checks=(field,))
    console = Console(width=120, force_terminal=False)
    with console.capture() as capture:
        console.print(frame(view, step, Words("en"), console, 60))
    assert "84  IP.ttl 64  IP 192.0.2.1 > 192.0.2.2" in capture.get()


def test_a_hop_is_the_packet_that_was_captured_there() -> None:
    there = Hop("ping", 1, 1, "h1", "tun0 out", "there", "tun0", "out", 0.0, 84, "", data="45")
    program = replace(there, number=2, where="echo pid 2", direction="through", program="echo", data="45")
    back = replace(there, number=3, where="tun0 in", way="back", direction="in", data="46")
    reply = replace(SENT, direction="in", data="46")
    view = view_of(SENT, reply, there, program, back)
    assert [row.packet for row in view.rows_of_hops()] == [SENT, SENT, reply]
