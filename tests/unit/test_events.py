"""The events of `--json` have the names and fields that scripts rely on."""

import json
from dataclasses import fields
from typing import get_args

import pytest

from tunlab.model import events
from tunlab.model.events import Entry, PacketSeen
from tunlab.model.packet import Field, Layer

PROMISED = {
    "run_started": "lab session kernel version",
    "step_started": "step",
    "step_running": "step",
    "action": "step verb node command error",
    "packet": "step node device seen_by direction length summary layers time_ns",
    "counters": "node device rx_packets rx_bytes rx_dropped tx_packets tx_bytes tx_dropped",
    "device": "node device kind flags state mtu addresses holders",
    "device_details": "node device kind flags state mtu addresses qdiscs offloads routes tun peer bridge vxlan macvlan",
    "output": "step node program line",
    "check": "step check claims status expected actual reason",
    "step_finished": "step state",
    "prediction": "step kind answer observed matched",
    "tunnel": "state device local peer mode path offloads lacking mtu receive_buffer counters",
    "run_finished": "state passed failed unknown skipped",
}


@pytest.mark.parametrize("name", PROMISED)
def test_an_event_has_its_fields(name: str) -> None:
    (kind,) = [kind for kind in get_args(events.Happening) if kind.event == name]
    assert set(PROMISED[name].split()) <= {field.name for field in fields(kind)}


def test_an_event_is_one_json_object() -> None:
    layer = Layer("IP", (Field("chksum", "0x1", 10, 16, "", "bad"), Field("options", "")))
    packet = PacketSeen("ping", "h1", "tun0", "capture", "out", 84, "IP", (layer,), 5, "45")
    told = json.loads(json.dumps(Entry(0.1234567, "lab-x", packet).as_json()))
    assert (told["schema"], told["event"], told["t"], told["lab"]) == (1, "packet", 0.123457, "lab-x")
    assert told["layers"] == [
        {
            "name": "IP",
            "fields": [
                {"name": "chksum", "value": "0x1", "offset": 10, "bits": 16, "meaning": "", "verdict": "bad"},
                {"name": "options", "value": "", "offset": None, "bits": None, "meaning": "", "verdict": None},
            ],
        }
    ]
