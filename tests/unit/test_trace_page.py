"""The page of a trace: it fits, in both languages, says first what became of the packet, and marks what changed."""

import io
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tunlab.i18n import LANGUAGES, Words
from tunlab.model.endpoint import Endpoint
from tunlab.model.scene import Scene, SceneDevice, SceneLink, SceneNode
from tunlab.model.trace import BACK, ERROR, THERE, Change, Hop, Reason, Traced
from tunlab.ui.cells import cells
from tunlab.ui.look import ORDINARY
from tunlab.ui.trace_drawing import drawing
from tunlab.ui.trace_marks import marks_of
from tunlab.ui.trace_page import trace_page

GOLDEN = Path(__file__).with_name("golden") / "trace"
WIDTHS = (80, 120)
MACS = [f"52:54:00:{number:02x}:1b:{number:02x} > 52:54:00:{number + 1:02x}:1b:{number + 1:02x}" for number in range(9)]
REQUEST = "IP 10.0.1.2 > 10.0.3.2  ICMP echo request id 41206 seq 1"
REPLY = "IP 10.0.3.2 > 10.0.1.2  ICMP echo reply id 41206 seq 1"
Told = tuple[list[Hop], list[Traced]]


def hop(number: int, place: str, us: float, size: int, summary: str, *changes: Change, **more: Any) -> Hop:
    """`place` is `h1:eth0 out`, or `h1:tun0 tunnel 12` for a program."""
    at, *rest = place.split(" ")
    node, _, device = at.partition(":")
    program, pid = (rest[0], int(rest[1])) if len(rest) > 1 else (None, None)
    direction = "through" if program else rest[0]
    where = f"{program} pid {pid}" if program else f"{device} {direction}"
    fields: dict[str, Any] = {"way": THERE, "packet": 1, "direction": direction, "program": program, "pid": pid}
    return Hop("", number=number, node=node, where=where, device=device, us=us, bytes=size, summary=summary,
               changes=changes, **fields | more)  # fmt: skip


def traced(state: str, way: str, last: str, why: Reason | None = None, **more: Any) -> Traced:
    fields: dict[str, Any] = {"us": None, "packet": 1, "node": "h1", "to": "10.0.3.2", "protocol": "icmp", "size": 84}
    return Traced("", state=state, way=way, last=last, why=why, **fields | more)


def ethernet() -> Change:
    return Change("wrapped", "", "Ethernet 14")


def no_route(node: str, gateway: str = "") -> tuple[tuple[str, str], ...]:
    return (("node", node), ("to", "10.0.3.2"), ("network", "10.0.3.0/24"), ("gateway", gateway))


def vpn() -> Told:
    """Through a VPN of ours, there and back: two programs each way."""
    inside = "IP 192.168.1.2 > 192.168.1.3  ICMP echo request id 41206 seq 1"
    outside = "IP 100.89.104.21 > 100.89.104.22  UDP 8285 > 8285  length 84"
    reply = "IP 192.168.1.3 > 192.168.1.2  ICMP echo reply id 41206 seq 1"
    returned = "IP 100.89.104.22 > 100.89.104.21  UDP 8285 > 8285  length 84"
    wrap, unwrap = (
        Change("wrapped", "", "UDP 8, IPv4 20, Ethernet 14"),
        Change("unwrapped", "UDP 8, IPv4 20, Ethernet 14", ""),
    )
    answer = Change("type", "echo request", "echo reply")
    hops = [
        hop(1, "A:tun0 out", 0.0, 84, inside),
        hop(2, "A:tun0 tunnel 12", 38.2, 84, inside, bytes_out=112),
        hop(3, "A:eth0 out", 51.1, 126, f"{outside}  [{inside}]", wrap),
        hop(4, "B:eth0 in", 55.4, 126, f"{outside}  [{inside}]"),
        hop(5, "B:tun0 tunnel 13", 93.0, 112, inside, bytes_out=84),
        hop(6, "B:tun0 in", 101.2, 84, inside, unwrap),
        hop(7, "B:tun0 out", 112.9, 84, reply, answer, way=BACK),
        hop(8, "B:tun0 tunnel 13", 150.0, 84, reply, bytes_out=112, way=BACK),
        hop(9, "B:eth0 out", 163.7, 126, f"{returned}  [{reply}]", wrap, way=BACK),
        hop(10, "A:eth0 in", 168.0, 126, f"{returned}  [{reply}]", way=BACK),
        hop(11, "A:tun0 tunnel 12", 205.5, 112, reply, bytes_out=84, way=BACK),
        hop(12, "A:tun0 in", 214.3, 84, reply, unwrap, way=BACK),
    ]
    return hops, [traced("answered", BACK, "A:tun0 in", us=214.3, node="A", to="192.168.1.3")]


def routed(packet: int = 1, faster: float = 1.0) -> Told:
    """Through a router, there and back."""
    answer = Change("type", "echo request", "echo reply")
    hops = [
        hop(1, "h1:eth0 out", 0.0, 98, REQUEST),
        hop(2, "r1:eth0 in", 4.1 * faster, 98, REQUEST),
        hop(3, "r1:eth1 out", 9.8 * faster, 98, REQUEST, Change("ttl", "64", "63"), Change("mac", MACS[0], MACS[2])),
        hop(4, "h2:eth0 in", 12.6 * faster, 98, REQUEST),
        hop(5, "h2:eth0 out", 20.3 * faster, 98, REPLY, answer, way=BACK),
        hop(6, "r1:eth1 in", 22.0 * faster, 98, REPLY, way=BACK),
        hop(7, "r1:eth0 out", 25.5 * faster, 98, REPLY, Change("ttl", "64", "63"), Change("mac", MACS[3], MACS[1]),
            way=BACK),
        hop(8, "h1:eth0 in", 27.2 * faster, 98, REPLY, way=BACK),
    ]  # fmt: skip
    its = [with_packet(each, packet) for each in hops]
    return its, [traced("answered", BACK, "h1:eth0 in", us=27.2 * faster, packet=packet)]


def with_packet(before: Hop, packet: int) -> Hop:
    from dataclasses import replace

    return replace(before, packet=packet)


def lost(packet: int = 1) -> Told:
    """It came to a router that does not forward."""
    hops = [with_packet(each, packet) for each in routed()[0][:2]]
    why = Reason("why_not_forwarding", "r1:eth1 out", (("node", "r1"), ("setting", "net.ipv4.ip_forward")))
    return hops, [traced("lost", THERE, "r1:eth0 in", why, packet=packet)]


def never() -> Told:
    """It did not leave the stack."""
    return [], [traced("lost", THERE, "", Reason("why_no_route", "", no_route("h1", "10.0.1.1")))]


def refused() -> Told:
    """A router had no route: an ICMP error came back."""
    error = "IP 10.0.1.1 > 10.0.1.2  ICMP destination unreachable, net"
    hops = [
        *routed()[0][:2],
        hop(3, "r1:eth0 out", 8.8, 126, error, Change("type", "echo request", "ICMP destination unreachable, net"),
            way=ERROR),
        hop(4, "h1:eth0 in", 10.2, 126, error, way=ERROR),
    ]  # fmt: skip
    return hops, [traced("refused", ERROR, "h1:eth0 in", Reason("why_no_route", "", no_route("r1")), us=10.2)]


def odd() -> Told:
    """All that can change at once: NAT, vxlan, fragments, OpenVPN, and long names."""
    inside = "IPv6 fd00:1:2:3:4:5:6:7 > fd00:1:2:3:4:5:6:8  UDP 40001 > 33434  length 1952"
    hops = [
        hop(1, "a-rather-long-node-name:enp0s31f6abcdef out", 0.0, 2014, inside, ethernet()),
        hop(2, "a-rather-long-node-name:vxlan0 out", 12345.6, 2064, inside,
            Change("wrapped", "", "VXLAN 8, UDP 8, IPv4 20, Ethernet 14"),
            Change("fragmented", "", "1500+584", outer=True), fragments=(1514, 598)),
        hop(3, "r1:eth1 out", 1234567.8, 2064, inside, Change("ttl", "64", "63", outer=True),
            Change("source", "10.0.1.2:40001", "198.51.100.7:61000"),
            Change("destination", "10.0.3.2:80", "192.0.2.9:8080"),
            Change("source", "10.0.1.2", "198.51.100.7", outer=True),
            Change("fragmented", "1500+584", "1300+784", outer=True)),
        hop(4, "r2:tun0 openvpn-with-a-long-name 4194304", 1234580.0, 2000, inside, bytes_out=2041, inferred=True),
        hop(5, "h2:tun0 in", 1234590.0, 2000, inside, Change("reassembled", "1300+784", ""), inferred=True),
        hop(6, "h2:tun0 reader 7", 1234599.0, 2000, inside, direction="read"),
    ]  # fmt: skip
    why = Reason(
        "why_program_deaf", "h2:tun0 read", (("node", "h2"), ("device", "tun0"), ("program", "reader"), ("pid", "7"))
    )
    return hops, [traced("lost", THERE, "h2:tun0", why, protocol="udp", size=2000)]


def several() -> Told:
    """Five packets: four took one path, one was lost."""
    told = [routed(1), routed(2, 1.5), lost(3), routed(4, 0.7), routed(5, 1.1)]
    return [each for hops, _ in told for each in hops], [each for _, ends in told for each in ends]


TRACES = {f.__name__: f for f in (vpn, routed, lost, never, refused, odd, several)}


def page(hops: Sequence[Hop], ends: Sequence[Traced], language: str, width: int, colour: bool = False) -> str:
    written = io.StringIO()
    console = Console(
        file=written, width=width, theme=ORDINARY.theme, highlight=False, force_terminal=colour, legacy_windows=False
    )
    console.print(trace_page(hops, ends, Words(language), width))
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines()) + "\n"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TRACES)
def test_as_it_was_agreed(name: str, language: str, width: int) -> None:
    """UPDATE_GOLDEN=1 writes them anew; then read the difference."""
    said = page(*TRACES[name](), language, width)
    assert max(cells(line) for line in said.splitlines()) <= width
    golden = GOLDEN / f"{name}.{language}.{width}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(said)
    assert said == golden.read_text()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TRACES)
def test_nothing_is_cut_off(name: str, language: str) -> None:
    """Whatever stands in a column 120 wide stands in one 60 wide too, if on more lines."""
    hops, ends = TRACES[name]()
    narrow = "".join(page(hops, ends, language, 60).split())
    for each in hops:
        assert "..." not in narrow and str(each.bytes) in narrow
        for change in each.changes if each.packet == 1 else ():
            assert change.what == "mac" or "".join((change.after or change.before).split())[:5] in narrow


def test_no_escape_sequence_of_theirs() -> None:
    evil = hop(1, "h\x1b[31m1:eth\x1b[2J out", 0.0, 84, "x\x1b[0m", Change("type", "", "\x1b[1m"), way=BACK)
    end = traced(
        "lost",
        THERE,
        "h\x1b1:e out",
        Reason("why_no_route", "\x1b[6m", no_route("\x1b[7m")),
        node="\x1b[8m",
    )
    assert "\x1b" not in page([evil], [end], "en", 80)


def test_what_changed_is_marked() -> None:
    coloured = page(*routed(), "en", 120, colour=True)
    assert "\x1b[33mTTL 64 becomes 63" in coloured and "\x1b[1;32mANSWERED" in coloured
    assert "\x1b[1;31mLOST on the way there" in page(*lost(), "en", 120, colour=True)


def test_stopped_before_the_end() -> None:
    said = page(routed()[0][:3], [], "en", 80)
    assert said.startswith("STOPPED") and "r1" in said


def test_the_numbers_on_the_drawing() -> None:
    hops, ends = vpn()
    assert marks_of(hops, ends[0]) == {
        Endpoint("A", "tun0"): ("1>", "2>", "<11", "<12"),
        Endpoint("A", "eth0"): ("3>", "<10"),
        Endpoint("B", "eth0"): ("4>", "<9"),
        Endpoint("B", "tun0"): ("5>", "6>", "<7", "<8"),
    }
    hops, ends = lost()
    assert marks_of(hops, ends[0])[Endpoint("r1", "eth0")] == ("2>", "X")
    assert marks_of(*[[], never()[1][0]]) == {}
    assert marks_of(several()[0]) == marks_of(routed()[0])


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_drawing(language: str, width: int) -> None:
    nodes = [("h1", "host", ("eth0",)), ("r1", "router", ("eth0", "eth1")), ("h2", "host", ("eth0",))]
    scene = Scene(
        "routed",
        tuple(SceneNode(name, kind, tuple(SceneDevice(each, "veth") for each in its)) for name, kind, its in nodes),
        (
            SceneLink((Endpoint("h1", "eth0"), Endpoint("r1", "eth0"))),
            SceneLink((Endpoint("r1", "eth1"), Endpoint("h2", "eth0"))),
        ),
        live=True,
    )
    written = io.StringIO()
    hops, ends = routed()
    Console(file=written, width=width).print(drawing(scene, hops, ends[0], Words(language), width))
    said = written.getvalue()
    assert max(cells(line) for line in said.splitlines()) <= width
    for mark in ("1> <8", "2> <7", "3> <6", "4> <5"):
        assert mark in said


def lines(hops: Sequence[Hop], end: Traced, most: int = 1000) -> list[str]:
    console = Console(width=80, force_terminal=False)
    with console.capture() as capture:
        console.print(trace_page(hops, [end], Words("en"), 80, most))
    return capture.get().splitlines()


def test_hops_in_the_middle_are_left_out() -> None:
    hops, [end] = routed()
    told = lines(hops, end, most=3)
    numbers = [line[:2].strip() for line in told if line[:2].strip().isdecimal()]
    assert numbers == ["1", "2", str(len(hops))]
    assert sum(Words("en")("trace_left_out", count=len(hops) - 3) in line for line in told) == 1
    told = lines(hops, end, most=0)
    assert not any(line[:2].strip().isdecimal() for line in told)
    assert told[-1] == Words("en")("trace_left_out", count=len(hops))


def test_a_program_that_plays_the_destination_answers() -> None:
    hops = [
        hop(1, "h1:tap0 out", 0.0, 98, REQUEST),
        hop(2, "h1:tap0 guest 7", 1.0, 98, REQUEST),
        hop(3, "h1:tap0 in", 2.0, 98, REQUEST, way=BACK),
    ]
    assert any("back: guest answers" in line for line in lines(hops, traced("answered", BACK, "h1:tap0 in")))


def test_lost_stands_where_it_was_lost() -> None:
    """The node that could not send the answer on has told so; that error comes after it."""
    hops = [
        hop(1, "h1:eth0 out", 0.0, 98, REQUEST),
        hop(2, "h2:eth0 out", 1.0, 98, REQUEST, way=BACK),
        hop(3, "r1:eth2 in", 2.0, 98, REQUEST, way=BACK),
        hop(4, "r1:eth2 out", 3.0, 98, REQUEST, way=ERROR),
        hop(5, "h2:eth0 in", 4.0, 98, REQUEST, way=ERROR),
    ]
    end = traced("lost", BACK, "r1:eth2 in")
    told = lines(hops, end)
    [where] = [number for number, line in enumerate(told) if "LOST here" in line]
    assert told[where - 1].split()[:3] == ["3", "2", "r1"]
    assert marks_of(hops, end)[Endpoint("r1", "eth2")][-1] == "X"


def test_a_program_that_kept_it_was_the_last() -> None:
    hops = [
        hop(1, "h1:tun0 out", 0.0, 84, REQUEST),
        hop(2, "h1:tun0 reader 7", 1.0, 84, REQUEST, direction="read"),
    ]
    assert "last seen  h1 reader pid 7 read" in [
        line.rstrip() for line in lines(hops, traced("lost", THERE, "h1:tun0 out"))
    ]


def test_a_name_that_looks_like_markup_is_shown_as_it_is() -> None:
    hops, [end] = routed()
    named = replace(hops[1], program="vtund[c]", pid=7, direction="through")
    assert any("vtund[c] pid 7" in line for line in lines([hops[0], named, *hops[2:]], end))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_in_a_lab_the_reason_does_not_say_what_to_do(language: str) -> None:
    hops, ends = lost()
    console = Console(width=80)
    with console.capture() as capture:
        console.print(trace_page(hops, ends, Words(language), 80, advice=False))
    assert "net.ipv4.ip_forward" in capture.get()
    assert "sysctl" not in capture.get()
