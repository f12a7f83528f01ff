"""One part of a capture in real nodes: a device with a strange name, one that is renamed, a node that is made anew."""

import io
import os
import select
import shlex
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from inside import Node, Sandboxed, nodes

from tunlab.engine.capture_source import CaptureFile, CaptureSource
from tunlab.engine.step_times import StepTimes
from tunlab.kernel.packet_ring import BUFFER
from tunlab.packet.pcapng import PcapngWriter

pytestmark = pytest.mark.needs("sandbox")

PATIENCE = 10  # seconds
MOST = 1 << 30
STRANGE = os.fsdecode(b"\xffx")
HEADER = bytes.fromhex("ffffffffffff 020000000001 88b5")  # of Ethernet


class Captured:
    """A source, the file that it writes, and what it tells."""

    def __init__(self, device: str | None) -> None:
        self.file = io.BytesIO()
        self.source = CaptureSource("h1", device, BUFFER, b"", CaptureFile(PcapngWriter(self.file)))
        self.told: list[str] = []

    def follow(self) -> None:
        self.source.follow(lambda key, **_: self.told.append(key))

    def until(self, packet: bytes) -> dict[str, int]:
        """How many packets each device has had, once that one is written."""
        steps, deadline = StepTimes(), time.monotonic() + PATIENCE
        while packet not in self.file.getvalue():
            assert self.source.ring and time.monotonic() < deadline, self.source.count
            select.select([self.source.ring], [], [], 1)
            self.source.take(MOST, steps)
            self.follow()
        count = self.source.count
        return {name: count.captured[number] for number, name in count.devices.items()}


@contextmanager
def capturing(device: str | None) -> Iterator[Captured]:
    captured = Captured(device)
    with captured.source:
        captured.source.open()
        yield captured


def add_pair(h1: Node, device: str, far: str = "far") -> None:
    """Two devices that are up, each carrying what is sent into the other; nothing sends by itself."""
    h1.output("ip", "link", "add", device, "type", "veth", "peer", "name", far)
    h1.output("sh", "-c", "echo 1 | tee /proc/sys/net/ipv6/conf/*/disable_ipv6")
    for each in (device, far):
        h1.output("ip", "link", "set", each, "up")
    for each in (device, far):
        until_up(h1, each)


def until_up(h1: Node, device: str) -> None:
    """The kernel's link watch gives a device its qdisc a moment after its carrier; what is sent before is lost."""
    deadline = time.monotonic() + PATIENCE
    while "UP" not in h1.output(
        "sh", "-c", f"ip link show up type veth dev {shlex.quote(device)} | grep -ao 'state [A-Z]*'"
    ):
        assert time.monotonic() < deadline, device


def rename(h1: Node, device: str, name: str) -> None:
    h1.output("ip", "link", "set", device, "down")
    h1.output("ip", "link", "set", device, "name", name)
    h1.output("ip", "link", "set", name, "up")
    until_up(h1, name)


def send(h1: Node, device: str, packet: bytes) -> None:
    with h1.namespace.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
        sender.bind((device, 0))
        sender.send(HEADER + packet)


def test_a_name_that_is_no_text(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> Any:
        with nodes("h1") as (h1,):
            add_pair(h1, STRANGE)
            with capturing(STRANGE) as one, capturing(None) as all_of_them:
                send(h1, "far", b"packet")
                return one.source.there, one.until(b"packet"), all_of_them.until(b"packet")

    there, one, all_of_them = sandboxed(inside)
    assert there and one == {f"h1:{STRANGE}": 1}
    assert list(all_of_them) == ["h1:lo", "h1:far", f"h1:{STRANGE}"]


def test_a_renamed_device_is_captured_under_its_new_name(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> Any:
        with nodes("h1") as (h1,):
            add_pair(h1, "va")
            with capturing("va") as va, capturing(None) as all_of_them:
                each = va, all_of_them
                send(h1, "va", b"before")
                for captured in each:
                    captured.until(b"before")
                rename(h1, "va", "zz")
                for captured in each:
                    captured.follow()
                send(h1, "zz", b"behind")
                add_pair(h1, "va", "far2")
                va.follow()
                send(h1, "va", b"last")
                return va.until(b"last"), va.told, b"behind" in va.file.getvalue(), all_of_them.until(b"last")

    one, told, behind, all_of_them = sandboxed(inside)
    assert one["h1:va"] == 2 and not behind
    assert told == ["capture_gone", "capture_back"]
    assert all_of_them["h1:va"] and all_of_them["h1:zz"]


def test_a_node_without_its_device_has_gone_once(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> list[str]:
        with ExitStack() as first, ExitStack() as second:
            (h1,) = first.enter_context(nodes("h1"))
            add_pair(h1, "va")
            with capturing("va") as va:
                first.close()
                va.follow()
                va.source.forget()
                (again,) = second.enter_context(nodes("h1"))
                for _number in range(3):
                    va.follow()
                va.told.append("made anew")
                add_pair(again, "va")
                va.follow()
                return va.told

    assert sandboxed(inside) == ["capture_gone", "made anew", "capture_back"]
