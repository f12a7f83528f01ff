"""The events that `tunlab inspect --json` writes, and where it has enough."""

import json

import pytest

from tunlab.engine.inspection import Arrived, Inspection
from tunlab.kernel.packet_socket import Captured
from tunlab.model.events import Counters
from tunlab.packet.craft import echo_request
from tunlab.ui.inspect_json import InspectJson

PING = echo_request("192.0.2.1", "192.0.2.2", 1, 1, b"x")
PACKETS = [
    Arrived(n, 0.0, Captured("tun0", True, False, n, PING, len(PING)), step)
    for n, step in ((1, ""), (2, "go"), (3, "go"))
]


def test_no_more_than_so_many_packets(capsys: pytest.CaptureFixture[str]) -> None:
    audience = InspectJson(Inspection("h1", "tun0", None), "lab-x", 2)
    audience.vanished()
    audience.counted(Counters("h1", "tun0", 1, 2, 3, 4, 5, 6), None)
    assert not audience.enough
    audience.arrived(PACKETS)
    audience.end()
    assert audience.enough
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["event"] for each in events] == ["device", "counters", "capture", "packet", "packet", "capture"]
    gone, counters, lost, first, second, _ = events
    assert (lost["captured"], lost["not_shown"], lost["dropped"], lost["refused"]) == (0, 0, 0, None)
    assert {(each["node"], each["device"], each["lab"], each["schema"]) for each in events} == {
        ("h1", "tun0", "lab-x", 1)
    }
    assert gone["gone"] and counters["tx_packets"] == 4
    assert (first["step"], second["step"], second["direction"], second["link"]) == ("", "go", "out", "RAW")
    assert [layer["name"] for layer in second["layers"]][:2] == ["IP", "ICMP"]


def test_without_a_number_it_never_has_enough(capsys: pytest.CaptureFixture[str]) -> None:
    audience = InspectJson(Inspection("", "tun0", None), "", None)
    audience.arrived(PACKETS)
    assert not audience.enough and capsys.readouterr().out.count('"event": "packet"') == 3
