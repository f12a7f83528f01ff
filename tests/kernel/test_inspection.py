"""An inspection beside a real device: its packets, its counters, what it is, and that it goes and comes back."""

import ctypes
import os
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from inside import Sandboxed, forked, nodes, output

from tunlab.engine.inspection import Arrived, Inspection, Rates, watch
from tunlab.errors import TunlabError
from tunlab.kernel.tuntap import Tun
from tunlab.model.device import DeviceDetails
from tunlab.model.events import Counters
from tunlab.model.packet import LinkType
from tunlab.packet.craft import echo_request

pytestmark = pytest.mark.needs("sandbox", "tun")

PATIENCE = 15  # seconds
HERE, THERE = "198.51.100.1", "198.51.100.2"
_CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h

Script = Iterator[Callable[[], bool]]


class Told:
    """An audience that keeps all."""

    def __init__(self) -> None:
        self.packets: list[Arrived] = []
        self.details: list[DeviceDetails | None] = []  # None: it has gone
        self.counters: list[tuple[Counters, Rates | None]] = []

    def described(self, details: DeviceDetails) -> None:
        self.details.append(details)

    def vanished(self) -> None:
        self.details.append(None)

    def counted(self, counters: Counters, rates: Rates | None) -> None:
        self.counters.append((counters, rates))

    def arrived(self, packets: Sequence[Arrived]) -> None:
        self.packets += packets


def play(inspection: Inspection, script: Callable[[Told], Script]) -> Told:
    """Watch while a script acts: it yields states, and goes on when each is reached."""
    told = Told()
    states = script(told)
    deadline = time.monotonic() + PATIENCE
    waiting: list[Callable[[], bool]] = []

    def over() -> bool:
        while not waiting or waiting[0]():
            waiting.clear()
            state = next(states, None)
            if state is None:
                return True
            waiting.append(state)
        assert time.monotonic() < deadline, (told.details, told.packets, told.counters[-1:])
        return False

    with inspection:
        watch(inspection, told, over)
    return told


def inside_h1(sandboxed: Sandboxed, function: Callable[[], Any]) -> Any:
    """What function() returns in a node of a sandbox."""

    def inside(_: Any) -> Any:
        with nodes("h1") as (h1,), h1.namespace.entered():
            return function()

    return sandboxed(inside)


def opened(stack: ExitStack) -> Tun:
    """tun0, up, with an address and without what IPv6 would send by itself."""
    tun = stack.enter_context(Tun("tun0"))
    Path("/proc/sys/net/ipv6/conf/tun0/disable_ipv6").write_text("1")
    output("ip", "addr", "add", f"{HERE}/24", "dev", "tun0")
    output("ip", "link", "set", "tun0", "up")
    return tun


def send(count: int, port: int = 9, size: int = 5) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(bytes(size), (THERE, port))


def lengths(told: Told) -> list[int]:
    """Of the packets' data, behind IPv4 and UDP headers."""
    return [each.packet.length - 28 for each in told.packets]


def test_packets_are_numbered_and_the_time_between_them_is_told(sandboxed: Sandboxed) -> None:
    def look() -> Told:
        with ExitStack() as stack:
            tun = opened(stack)

            def script(told: Told) -> Script:
                send(2)
                yield lambda: len(told.packets) == 2
                os.write(tun.fileno(), echo_request(THERE, HERE, 1, 1, b"ping"))
                yield lambda: len(told.packets) == 4  # and the kernel's answer

            return play(Inspection("h1", "tun0", None), script)

    told = inside_h1(sandboxed, look)
    assert [each.number for each in told.packets] == [1, 2, 3, 4]
    assert [each.packet.outgoing for each in told.packets] == [True, True, False, True]
    times = [each.packet.time_ns for each in told.packets]
    assert [each.after for each in told.packets] == [
        0.0,
        *((b - a) / 1e9 for a, b in pairwise(times)),
    ]
    assert [each.summary.partition("  ")[2][:12] for each in told.packets][2:] == ["ICMP echo re"] * 2
    assert {each.link for each in told.packets} == {LinkType.RAW} and {each.step for each in told.packets} == {""}
    [details] = told.details
    assert details is not None and (details.kind, details.node, details.device) == ("tun", "h1", "tun0")


def test_a_filter_holds_from_then_on_and_a_wrong_one_changes_nothing(sandboxed: Sandboxed) -> None:
    def look() -> tuple[list[int], int, str]:
        with ExitStack() as stack:
            opened(stack)
            inspection = Inspection("h1", "tun0", None, "udp port 7")

            def script(told: Told) -> Script:
                send(1, port=9, size=1)
                send(1, port=7, size=2)
                yield lambda: len(told.packets) == 1
                with pytest.raises(TunlabError, match="filter_bad"):
                    inspection.filter_by("port (")
                send(1, port=9, size=3)
                send(1, port=7, size=4)
                yield lambda: len(told.packets) == 2
                inspection.ask(lambda: inspection.filter_by("udp port 9"))
                yield lambda: inspection.filter == "udp port 9"
                send(1, port=7, size=5)
                send(1, port=9, size=6)
                yield lambda: len(told.packets) == 3
                inspection.filter_by("")
                send(1, port=7, size=7)
                yield lambda: len(told.packets) == 4

            told = play(inspection, script)
            return lengths(told), inspection.captured, inspection.filter

    assert inside_h1(sandboxed, look) == ([2, 4, 6, 7], 4, "")


def test_a_wrong_filter_is_refused_before_anything_else(sandboxed: Sandboxed) -> None:
    with pytest.raises(TunlabError, match="filter_bad"):
        Inspection("h1", "tun0", None, "nonsense")


@pytest.mark.needs("tshark")
def test_what_was_kept_comes_first_in_the_file(sandboxed: Sandboxed, tmp_path: Path) -> None:
    file = tmp_path / "kept.pcapng"

    def look() -> int:
        with ExitStack() as stack, file.open("xb") as into:
            opened(stack)
            inspection = Inspection("h1", "tun0", None)

            def script(told: Told) -> Script:
                send(3, size=1)
                yield lambda: len(told.packets) == 3
                inspection.write_to(into, "kept", told.packets[1:])
                send(300, size=2)  # more than are handed on at once
                yield lambda: inspection.captured == 303

            play(inspection, script)
            return inspection.not_shown

    inside_h1(sandboxed, look)
    said = output("tshark", "-r", str(file), "-T", "fields", "-e", "udp.length", "-e", "frame.interface_name")
    assert said.split("\n")[:-1] == ["9\th1:tun0"] * 2 + ["10\th1:tun0"] * 300


def test_a_file_that_refuses_is_told(sandboxed: Sandboxed) -> None:
    def look() -> str:
        with ExitStack() as stack, Path("/dev/full").open("wb") as full:
            opened(stack)
            try:
                Inspection("h1", "tun0", None).write_to(full, "full")
            except TunlabError as error:
                assert full.closed
                return f"{error.key} {error.values['problem']}"
            return ""

    assert inside_h1(sandboxed, look) == "capture_failed ENOSPC"


def test_a_device_that_goes_and_comes_back(sandboxed: Sandboxed) -> None:
    def look() -> tuple[list[bool], list[int], list[int]]:
        def script(told: Told) -> Script:
            yield lambda: told.details == [None]
            for times in (1, 2):
                with ExitStack() as stack:
                    opened(stack)
                    send(1, size=times)
                    yield lambda times=times: len(told.packets) == times  # type: ignore[misc]
                    yield lambda: told.details[-1] is not None and told.details[-1].addresses == (f"{HERE}/24",)
                yield lambda: told.details[-1] is None

        told = play(Inspection("h1", "tun0", None), script)
        gone = [each is None for each in told.details]
        once = [each for place, each in enumerate(gone) if place == 0 or gone[place - 1] != each]
        return once, lengths(told), [each.number for each in told.packets]

    assert inside_h1(sandboxed, look) == ([True, False, True, False, True], [1, 2], [1, 2])


def test_a_change_is_told_at_once_and_nothing_where_there_is_none(sandboxed: Sandboxed) -> None:
    def look() -> list[int]:
        with ExitStack() as stack:
            opened(stack)

            def script(told: Told) -> Script:
                yield lambda: len(told.counters) == 3
                output("ip", "link", "set", "tun0", "mtu", "1400")
                yield lambda: len(told.details) > 1

            return [each.mtu for each in play(Inspection("h1", "tun0", None), script).details if each]

    assert inside_h1(sandboxed, look) == [1500, 1400]


def test_rates_are_of_the_time_between_two_looks(sandboxed: Sandboxed) -> None:
    def look() -> list[tuple[int, float | None]]:
        with ExitStack() as stack:
            tun = opened(stack)

            def script(told: Told) -> Script:
                send(10)
                for _ in range(10):
                    os.read(tun.fileno(), 2000)
                yield lambda: len(told.counters) == 3

            told = play(Inspection("h1", "tun0", None), script)
            return [(each.tx_packets, rates and rates.tx) for each, rates in told.counters]

    (at_first, none), (then, rate), (last, nothing) = inside_h1(sandboxed, look)
    assert (at_first, none, then, last, nothing) == (0, None, 10, 10, 0)
    assert rate is not None and 10 / 1.5 < rate <= 10 / 0.45


def test_ethernet_packets_of_one_device_only(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> list[tuple[str, bool, LinkType]]:
        with nodes("h1", "h2") as (h1, h2):
            h1.netlink.add_veth("eth0", "eth0", h2.namespace)
            with h1.namespace.entered(), ExitStack() as stack:
                opened(stack)
                output("ip", "link", "set", "eth0", "up")

                def script(told: Told) -> Script:
                    output("ip", "addr", "add", "192.0.2.1/24", "dev", "eth0")
                    h2.netlink.set_link("eth0", state="up")
                    send(1)  # through tun0, which is another device
                    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                        sender.sendto(b"x", ("192.0.2.2", 9))
                    yield lambda: any("ARP" in each.summary for each in told.packets)

                told = play(Inspection("h1", "eth0", None), script)
                return [(each.packet.device, each.packet.link_header, each.link) for each in told.packets]

    assert set(sandboxed(inside)) == {("eth0", True, LinkType.ETHERNET)}


def test_without_the_right_to_capture_all_else_is_there(sandboxed: Sandboxed) -> None:
    def unprivileged() -> tuple[str | None, bool, int, int]:
        none = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), bytes(24)
        assert ctypes.CDLL(None).capset(*none) == 0
        inspection = Inspection("h1", "tun0", None)

        def script(told: Told) -> Script:
            send(1)
            yield lambda: len(told.counters) == 2

        told = play(inspection, script)
        assert inspection.refused and inspection.refused.remedy == "capture_remedy_raw"
        return inspection.refused.errno_name, told.details != [None], len(told.packets), inspection.dropped

    def look() -> Any:
        with ExitStack() as stack:
            opened(stack)
            return forked(unprivileged)

    assert inside_h1(sandboxed, look) == ("EPERM", True, 0, 0)


def test_a_node_that_is_made_anew_is_followed(sandboxed: Sandboxed) -> None:
    """As a lab does that is rebuilt."""

    def inside(_: Any) -> tuple[Told, list[int]]:
        seen: list[int] = []
        with ExitStack() as first, ExitStack() as second:
            (h1,) = first.enter_context(nodes("h1"))
            with h1.namespace.entered():
                opened(first)

            def script(told: Told) -> Script:
                with h1.namespace.entered():
                    send(2)
                yield lambda: len(told.packets) == 2
                first.close()
                (again,) = second.enter_context(nodes("h1"))
                with again.namespace.entered():
                    opened(second)
                yield lambda: len(told.details) > 1 and told.details[-1] is not None
                with again.namespace.entered():
                    send(1)
                yield lambda: len(told.packets) == 3
                seen.append(inspection.captured)

            inspection = Inspection("h1", "tun0", None)
            return play(inspection, script), seen

    told, seen = sandboxed(inside)
    assert [each.number for each in told.packets] == [1, 2, 3] and seen == [3]
    assert [each and each.place for each in told.details if each] == ["h1:tun0"] * 2 and None in told.details
