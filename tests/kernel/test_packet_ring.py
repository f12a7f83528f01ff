"""The packet ring: every packet with its device, direction, time and bytes, what was lost, and a device that goes."""

import os
import select
import socket
import struct
import time
from typing import Any

import pytest
from inside import Node, Sandboxed, forked, nodes

from tunlab.errors import KernelError
from tunlab.kernel.packet_ring import LEAST_BUFFER, PacketRing
from tunlab.kernel.packet_socket import Captured, PacketSocket
from tunlab.kernel.tuntap import Tun
from tunlab.packet.filter import compile_for_all

pytestmark = pytest.mark.needs("sandbox")

IPV4, UDP = 4, 17
PATIENCE = 10  # seconds


def records(ring: PacketRing, most: int = 1000) -> list[Captured]:
    """The first `most` packets of what has arrived."""
    found: list[Captured] = []
    for block in ring.blocks():
        found += ring.unpacked(block, most - len(found))
    return found


def packets(ring: PacketRing, wanted: int) -> list[Captured]:
    """The next `wanted` IPv4 packets; what IPv6 has to say by itself is left out."""
    found: list[Captured] = []
    deadline = time.monotonic() + PATIENCE
    while len(found) < wanted:
        assert time.monotonic() < deadline, f"only {len(found)} packets came"
        select.select([ring], [], [], 1)
        ring.alive()
        found += [each for each in records(ring) if network(each)[0] >> 4 == IPV4]
    return found


def network(packet: Captured) -> bytes:
    return packet.data[14:] if packet.link_header else packet.data


def udp_to(address: str, data: bytes = b"x") -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(data, (address, 9))


def give_address(node: Node, device: str, address: str) -> None:
    node.netlink.add_address(device, address)
    node.netlink.set_link(device, state="up")


def joined(near: Node, far: Node) -> None:
    near.netlink.add_veth("eth0", "eth0", far.namespace)
    give_address(near, "eth0", "192.0.2.1/24")
    give_address(far, "eth0", "192.0.2.2/24")


def test_it_tells_what_a_packet_socket_tells(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> tuple[list[Captured], list[Captured]]:
        with nodes("h1", "h2") as (h1, h2):
            joined(h1, h2)
            with h1.namespace.entered(), PacketSocket() as other, PacketRing(None) as ring:
                for size in (1, 60, 1400):
                    udp_to("192.0.2.2", bytes(size))
                told = packets(ring, 6)  # each is answered: port unreachable
                said = []
                while packet := other.receive():
                    said += [packet] if network(packet)[0] >> 4 == IPV4 else []
                return told, said

    told, said = sandboxed(inside)
    assert len(told) == 6 and [each.outgoing for each in told] == [True, False] * 3
    key = [(each.device, each.outgoing, each.link_header, each.data, each.length) for each in told]
    assert key == [(each.device, each.outgoing, each.link_header, each.data, each.length) for each in said]
    assert all(abs(one.time_ns - other.time_ns) < 1_000_000 for one, other in zip(told, said, strict=True))
    assert any(each.time_ns % 1000 for each in told), "microseconds only"


@pytest.mark.needs("tun")
def test_a_device_is_seen_from_its_first_packet_on_each_time(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> Any:
        with nodes("h1") as (h1,), h1.namespace.entered(), PacketRing("tun0") as ring:
            states, seen = [ring.alive()], []
            h1.netlink.set_link("lo", state="up")
            for size in (11, 22):
                with Tun("tun0"):
                    give_address(h1, "tun0", "192.0.2.1/24")
                    udp_to("192.0.2.2", bytes(size))
                    udp_to("127.0.0.1")
                    seen += packets(ring, 1)  # before we have looked whether it is there
                    states += [ring.alive(), ring.rebind(), ring.alive()]
                    udp_to("127.0.0.1")
                    udp_to("192.0.2.2", bytes(size + 1))
                    seen += packets(ring, 1)
                assert select.select([ring], [], [], PATIENCE)[0], "not woken"
                states.append(ring.alive())
                assert not select.select([ring], [], [], 0)[0], "woken without news"
            return states, [(each.device, each.link_header, len(each.data) - 28) for each in seen]

    states, seen = sandboxed(inside)
    assert states == [False, *([False, True, True, False] * 2)]
    assert seen == [("tun0", False, size) for size in (11, 12, 22, 23)]


def test_lost_packets_are_counted(sandboxed: Sandboxed) -> None:
    """More than the ring holds, unread: what was received and what was dropped add up to what was sent."""
    size, sent = 60_000, 4 * LEAST_BUFFER // 60_000

    def inside(_: Any) -> tuple[int, int, int, int]:
        with nodes("h1") as (h1,), h1.namespace.entered(), PacketRing("lo", LEAST_BUFFER) as ring:
            h1.netlink.set_link("lo", state="up")
            ring.rebind()
            for _number in range(sent):
                udp_to("127.0.0.1", bytes(size))
            dropped = ring.drops()
            received = packets(ring, 1)
            return len(received), dropped, ring.drops(), max(each.length for each in received)

    received, dropped, again, longest = sandboxed(inside)
    assert dropped > 0 and again >= dropped and longest == 14 + 28 + size
    assert 0 < received < sent


def test_a_flood_does_not_block(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> tuple[int, int]:
        with nodes("h1", "h2") as (h1, h2):
            joined(h1, h2)
            with h1.namespace.entered(), PacketRing("eth0") as ring:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                    for _number in range(2000):
                        sender.sendto(b"x", ("192.0.2.2", 9))
                deadline, found = time.monotonic() + PATIENCE, 0
                while found + ring.passed_over < 2000:
                    assert time.monotonic() < deadline
                    select.select([ring], [], [], 1)
                    some = records(ring, 10)
                    assert len(some) <= 10
                    found += len(some)
                return found, ring.passed_over

    found, passed_over = sandboxed(inside)
    assert found > 0 and passed_over > 1000


def test_a_vlan_tag_is_put_back(sandboxed: Sandboxed) -> None:
    """The kernel takes it out of a frame that arrives (skb_vlan_untag)."""
    frame = bytes.fromhex("ffffffffffff 020000000001 8100 6007 88b5") + b"tagged".ljust(46, b"\0")

    def inside(_: Any) -> list[Captured]:
        with nodes("h1", "h2") as (h1, h2):
            joined(h1, h2)
            with h2.namespace.entered(), PacketRing("eth0") as ring:
                with h1.namespace.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
                    sender.bind(("eth0", 0))
                    sender.send(frame)
                found: list[Captured] = []
                while not found:
                    assert select.select([ring], [], [], PATIENCE)[0]
                    found = [each for each in records(ring) if b"tagged" in each.data]
                return found

    (packet,) = sandboxed(inside)
    assert (packet.data, packet.length) == (frame, len(frame))


@pytest.mark.needs("tun")
def test_a_filter_holds_from_the_first_packet_on_for_every_kind_of_device(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> list[tuple[str, int]]:
        program = compile_for_all("udp dst port 9 and greater 60")
        with nodes("h1", "h2") as (h1, h2):
            joined(h1, h2)
            with h1.namespace.entered(), Tun("tun0"), PacketRing(None, program=program) as ring:
                give_address(h1, "tun0", "198.51.100.1/24")
                for address in ("192.0.2.2", "198.51.100.2"):
                    for size in (1, 100):
                        udp_to(address, bytes(size))
                return [(each.device, struct.unpack("!H", network(each)[2:4])[0]) for each in packets(ring, 2)]

    assert sandboxed(inside) == [("eth0", 128), ("tun0", 128)]


def test_buffer_granted_is_told(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> tuple[int, bool, list[Captured]]:
        with PacketRing(None, 1_000_000) as ring:
            return ring.granted(), bool(select.select([ring], [], [], 0)[0]), records(ring)

    granted, readable, found = sandboxed(inside)
    assert 1_000_000 - (128 << 10) < granted <= 1_000_000
    assert not readable and found == []


@pytest.mark.needs("user")
def test_without_the_right_to_capture_it_is_a_kernel_error() -> None:
    def outside() -> tuple[str, str | None]:
        try:
            with PacketRing(None):
                return "", None
        except KernelError as error:
            return error.errno_name, error.remedy

    assert os.geteuid() and forked(outside) == ("EPERM", "capture_remedy_raw")
