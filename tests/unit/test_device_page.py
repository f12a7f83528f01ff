"""The page of a device: it fits, in both languages, and says of each device what matters."""

import io
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tunlab.i18n import LANGUAGES, Words
from tunlab.kernel import link_state
from tunlab.model.device import (
    Bridge,
    BridgePort,
    DeviceDetails,
    FarDevice,
    FdbEntry,
    HeldBy,
    Macvlan,
    Offload,
    QdiscSeen,
    RouteSeen,
    TunEnd,
    Vxlan,
)
from tunlab.model.events import Counters
from tunlab.ui.cells import cells
from tunlab.ui.device_page import device_page
from tunlab.ui.far_end import holder_words
from tunlab.ui.look import ORDINARY

GOLDEN = Path(__file__).with_name("golden") / "device"
ALL_FLAGS = ("NO-CARRIER", *link_state.FLAG_NAMES.values())
MOST = 10**13  # packets and bytes


class Rates:
    rx, tx = 0.0, 123456.7


def device(kind: str, **more: Any) -> DeviceDetails:
    basics: dict[str, Any] = {
        "node": "h1", "device": "dev0", "index": 2, "flags": ("UP", "LOWER_UP"), "state": "UP", "mtu": 1500,
        "txqlen": 1000, "link_address": "", "addresses": (), "qdiscs": (QdiscSeen("noqueue", "0:", "root"),),
    }  # fmt: skip
    return DeviceDetails(kind=kind, **basics | more)


def tun(**more: Any) -> TunEnd:
    basics: dict[str, Any] = {
        "attached": True, "queues": 1, "disabled_queues": 0, "packet_information": False, "vnet_header": False,
        "multi_queue": False, "persistent": False, "owner_id": None, "owner": None, "group_id": None, "group": None,
        "holders": (HeldBy(4, 8268, 3, "/usr/bin/python3 -m tunlab.programs.reader"),), "holders_visible": True,
    }  # fmt: skip
    return TunEnd(**basics | more)


THE_TUN = device(
    "tun",
    device="tun0",
    flags=("POINTOPOINT", "MULTICAST", "NOARP", "UP", "LOWER_UP"),
    state="UNKNOWN",
    txqlen=500,
    addresses=("192.128.1.2/24", "fe80::bf6b:6c02:2309:656c/64"),
    qdiscs=(QdiscSeen("pfifo_fast", "0:", "root", packets=7, bytes=480),),
    offloads=(Offload("tx-checksumming", False), Offload("generic-segmentation-offload", True)),
    routes=(RouteSeen(4, "192.128.1.0/24", None, "192.128.1.2", None, "kernel", "link", "unicast"),),
    tun=tun(),
)
SIXTH = "2001:db8:1234:5678:9abc:def0:1234:5678"
LONG = "/opt/a/very/long/path/to/a/program --with " + "option " * 30
HELD_BY_MANY = tun(
    queues=12, disabled_queues=3, packet_information=True, vnet_header=True, multi_queue=True, persistent=True,
    owner_id=1000, owner="a-long-name-of-a-user", group_id=2000, group=None, holders_visible=False,
    holders=tuple(HeldBy(number, None, 3, LONG) for number in (4, 5)),
)  # fmt: skip
FDB = tuple(FdbEntry(f"02:00:00:00:00:{number:02x}", "port1", "learned", 7.0) for number in range(20))
DEVICES = {
    "tun": THE_TUN,
    "tun of many": device(
        "tun",
        tun=HELD_BY_MANY,
        flags=ALL_FLAGS,
        qdiscs=tuple(
            QdiscSeen("pfifo_fast", "0:", f":{number:x}", MOST, MOST, MOST, MOST, MOST, MOST) for number in range(20)
        ),
        routes=tuple(
            RouteSeen(6, SIXTH, "fe80::bf6b:6c02:2309:656c", "2001:db8::1", 1024, "ra", None, "unicast")
            for number in range(20)
        ),
    ),
    "tap, nobody": device("tap", tun=tun(attached=False, queues=0, holders=()), state="DOWN", master="br0"),
    "tun, old kernel": device(
        "tun",
        tun=tun(
            queues=None,
            disabled_queues=None,
            packet_information=None,
            vnet_header=None,
            multi_queue=None,
            persistent=None,
            holders=(),
            holders_visible=False,
        ),
    ),
    "veth": device("veth", peer=FarDevice("h2", "eth0"), master="br0", link_address="02:00:00:00:00:01"),
    "veth, unseen": device("veth", peer=FarDevice(None, None)),
    "veth, unnamed": device("veth", peer=FarDevice(None, "eth0")),
    "bridge": device(
        "bridge",
        bridge=Bridge(tuple(BridgePort(f"port{number}", "forwarding") for number in range(20)), FDB, True, True, 300.0),
    ),
    "bridge, empty": device(
        "bridge",
        bridge=Bridge((), (FdbEntry("02:00:00:00:00:01", "br0", "permanent", None, 1),), False, False, 300.0),
    ),
    "vxlan": device(
        "vxlan",
        vxlan=Vxlan(
            42,
            "192.0.2.1",
            SIXTH,
            4789,
            FarDevice("h1", "eth0"),
            True,
            (FdbEntry("00:00:00:00:00:00", "vx0", "permanent", None, None, SIXTH),),
        ),
    ),
    "vxlan, external": device("vxlan", vxlan=Vxlan(None, None, None, 4789, None, False, ())),
    "macvlan": device("macvlan", macvlan=Macvlan("bridge", FarDevice("h1", "eth0"))),
    "macvtap": device("macvtap", macvlan=Macvlan("passthru", FarDevice(None, None))),
    "loopback": device("loopback", flags=("LOOPBACK", "UP"), link_address="00:00:00:00:00:00"),
    "host": device("device", node="", device="enp0s31f6", qdiscs=(QdiscSeen("noop", "0:", "root"),)),
    "kind without words": device("wireguard", state="SOMETHING"),
}


def shown(details: DeviceDetails, words: Words, width: int = 80, short: bool = False, counted: int = 7) -> list[str]:
    """The lines of the page on paper that is far wider than the page may be."""
    counters = Counters(details.node, details.device, *[counted] * 6)
    paper = io.StringIO()
    console = Console(file=paper, width=400, highlight=False, theme=ORDINARY.theme, color_system=None)
    console.print(device_page(details, counters, Rates(), words, width, short))
    return [line.rstrip() for line in paper.getvalue().splitlines()]


@pytest.fixture(autouse=True)
def command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/opt/tunlab/bin/tunlab", "inspect", "tun0"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", DEVICES)
def test_no_line_is_too_wide(name: str, width: int, language: str) -> None:
    for short in (False, True):
        for line in shown(DEVICES[name], Words(language), width, short, counted=MOST):
            assert cells(line) <= width, line
            assert "…" not in line


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name in DEVICES if "many" not in name and name != "bridge"])
def test_in_short_it_leaves_room_for_packets(name: str, language: str) -> None:
    assert len(shown(DEVICES[name], Words(language), short=True)) <= 8


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_tun(language: str) -> None:
    lines = "\n".join(shown(THE_TUN, Words(language))) + "\n"
    golden = GOLDEN / f"tun.{language}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(lines, encoding="utf-8")
    assert lines == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_flag_has_a_meaning(language: str) -> None:
    for flag in ALL_FLAGS:
        assert Words(language).find(f"page_flag_{flag}")


SAID = {
    "tun": "pid 4 (host pid 8268)",
    "tun of many": "sudo /opt/tunlab/bin/tunlab inspect tun0",
    "tap, nobody": "no program holds it",
    "tun, old kernel": "a program holds it",
    "veth": "h2:eth0",
    "veth, unseen": "in a namespace that we cannot see",
    "veth, unnamed": "eth0, in a namespace that has no name here",
    "bridge": "and 12 more",
    "bridge, empty": "no ports",
    "vxlan": "VNI 42",
    "vxlan, external": "a VNI for each packet",
    "macvlan": "on h1:eth0",
    "macvtap": "mode passthru",
    "loopback": "what is sent comes back",
    "host": "enp0s31f6   device: a NIC",
    "kind without words": "wireguard",
}


@pytest.mark.parametrize("name", DEVICES)
def test_what_is_said(name: str) -> None:
    assert SAID[name] in "\n".join(shown(DEVICES[name], Words("en")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_a_program_calls_itself_reaches_the_terminal(language: str) -> None:
    evil = HeldBy(4, None, 3, "\x1b[31mred\x07")
    for short in (False, True):
        page = shown(device("tun", device="\x1bx", tun=tun(holders=(evil,))), Words(language), short=short)
        assert not re.search(r"[\x00-\x1f]", "".join(page))


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("/usr/bin/python3 -m tunlab.programs.reader --device tun0", "reader"),
        ("python3.12 /home/me/answer.py", "answer.py"),
        ("python3 -u answer.py -m x", "answer.py"),
        ("/usr/bin/python3 /bin/tunlab tunnel --device tun0", "tunnel"),
        ("/bin/sh ./tap.sh", "tap.sh"),
        ("/usr/sbin/openvpn --config a.conf", "openvpn"),
        ("vtund[c]: plain tun tun0", "vtund"),
        ("python3", "python3"),
        ("", ""),
    ],
)
def test_the_name_of_a_program(command: str, name: str) -> None:
    assert next(iter(holder_words(HeldBy(1, None, 3, command), Words("en"), whole=False))).plain == name
