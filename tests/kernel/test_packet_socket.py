"""The capture of a node: every packet with its device, direction, time and bytes, and the count of those lost."""

import os
import select
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from inside import Node, Sandboxed, nodes

from tunlab.errors import KernelError
from tunlab.kernel.packet_socket import BUFFER, Captured, PacketSocket, send_packet
from tunlab.kernel.tuntap import Tun

pytestmark = pytest.mark.needs("sandbox")

IPV4, UDP = 4, 17


def packets(capture: PacketSocket, wanted: int) -> list[Captured]:
    """The next `wanted` IPv4 packets; what IPv6 has to say by itself is left out."""
    found: list[Captured] = []
    while len(found) < wanted:
        assert select.select([capture], [], [], 10)[0], f"only {len(found)} packets came"
        while len(found) < wanted and (packet := capture.receive()):
            network = packet.data[14:] if packet.link_header else packet.data
            if network[0] >> 4 == IPV4:
                found.append(packet)
    return found


def udp_to(address: str, data: bytes = b"x") -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(data, (address, 9))


def give_address(node: Node, device: str, address: str) -> None:
    node.netlink.add_address(device, address)
    node.netlink.set_link(device, state="up")


@pytest.mark.needs("tun")
def test_tun_has_no_link_header(sandboxed: Sandboxed) -> None:
    """What the stack sends is outgoing, what the program writes is not."""

    def inside(_: Any) -> tuple[Captured, Captured, bytes]:
        with nodes("h1") as (h1,), h1.namespace.entered(), PacketSocket() as capture, Tun("tun0") as tun:
            give_address(h1, "tun0", "192.0.2.1/24")
            udp_to("192.0.2.2")
            (out,) = packets(capture, 1)
            back = out.data[:12] + out.data[16:20] + out.data[12:16] + out.data[20:]
            os.write(tun.fd, back)
            (into,) = packets(capture, 1)
            return out, into, back

    out, into, back = sandboxed(inside)
    assert (out.device, out.outgoing, out.link_header, out.data[9]) == ("tun0", True, False, UDP)
    assert len(out.data) == 20 + 8 + 1
    assert (into.device, into.outgoing, into.link_header, into.data) == ("tun0", False, False, back)


def test_veth_has_one(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> tuple[Captured, Captured]:
        with nodes("h1", "h2") as (h1, h2):
            h1.netlink.add_veth("eth0", "eth0", h2.namespace)
            give_address(h1, "eth0", "192.0.2.1/24")
            give_address(h2, "eth0", "192.0.2.2/24")
            with h2.namespace.entered(), PacketSocket() as far, h1.namespace.entered(), PacketSocket() as near:
                udp_to("192.0.2.2")
                return packets(near, 1)[0], packets(far, 1)[0]

    near, far = sandboxed(inside)
    assert (near.device, near.outgoing, near.link_header) == ("eth0", True, True)
    assert (far.device, far.outgoing, far.link_header) == ("eth0", False, True)
    assert near.data == far.data and near.data[12:14] == bytes.fromhex("0800")
    assert near.time_ns <= far.time_ns


def test_time_is_in_nanoseconds_since_the_epoch(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> tuple[int, list[int], int]:
        with nodes("h1") as (h1,), h1.namespace.entered(), PacketSocket() as capture:
            h1.netlink.set_link("lo", state="up")
            before = time.time_ns()
            for _number in range(5):
                udp_to("127.0.0.1")
            stamps = [packet.time_ns for packet in packets(capture, 10)]  # each goes out and comes in
            return before, stamps, time.time_ns()

    before, stamps, after = sandboxed(inside)
    assert before <= stamps[0] and stamps == sorted(stamps) and stamps[-1] <= after
    assert any(stamp % 1000 for stamp in stamps), "microseconds only"


@pytest.mark.needs("tun")
def test_device_that_came_later_is_captured_and_may_go(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> list[str]:
        with nodes("h1") as (h1,), h1.namespace.entered(), PacketSocket() as capture:
            seen = []
            for name in ("tun0", "tun1"):
                with Tun(name):
                    give_address(h1, name, "192.0.2.1/24")
                    udp_to("192.0.2.2")
                    seen += [packet.device for packet in packets(capture, 1)]
            return seen

    assert sandboxed(inside) == ["tun0", "tun1"]


def test_lost_packets_are_counted(sandboxed: Sandboxed) -> None:
    """More than the buffer holds, unread: what was received and what was dropped add up to what was sent."""
    size, sent = 60_000, 4 * BUFFER // 60_000

    def inside(_: Any) -> tuple[int, int, int]:
        with nodes("h1") as (h1,), h1.namespace.entered(), PacketSocket() as capture:
            h1.netlink.set_link("lo", state="up")
            for _number in range(sent):
                udp_to("127.0.0.1", bytes(size))
            dropped = capture.drops()
            received = 0
            while packet := capture.receive():
                received += packet.data[14 + 9] == UDP
            return received, dropped, capture.drops()

    received, dropped, again = sandboxed(inside)
    assert dropped > 0 and again == dropped
    # Each passes lo twice, and an ICMP "port unreachable" answers it.
    assert received > 0 and 2 * sent <= received + dropped <= 4 * sent


def test_buffer_granted_is_told(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> int:
        with PacketSocket() as capture:
            return capture.granted()

    most = int(Path("/proc/sys/net/core/rmem_max").read_text())
    assert sandboxed(inside) == 2 * min(BUFFER, most)  # the kernel doubles it for its own bookkeeping


def test_nothing_to_read(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> Any:
        with PacketSocket() as capture:
            return capture.receive(), capture.drops()

    assert sandboxed(inside) == (None, 0)


def test_whole_packet_is_sent_as_it_is(sandboxed: Sandboxed) -> None:
    packet = bytes.fromhex("4500001d000040004011bc94 c0000201 c0000202 0009 0009 0009 0000 78")

    def inside(_: Any) -> Captured:
        with nodes("h1", "h2") as (h1, h2):
            h1.netlink.add_veth("eth0", "eth0", h2.namespace)
            give_address(h1, "eth0", "192.0.2.1/24")
            give_address(h2, "eth0", "192.0.2.2/24")
            with h2.namespace.entered(), PacketSocket() as far, h1.namespace.entered():
                send_packet("192.0.2.2", packet)
                return packets(far, 1)[0]

    sent = sandboxed(inside).data[14:]
    changed_by_the_kernel = slice(4, 6), slice(10, 12)  # an id of 0 and the checksum are filled in
    assert len(sent) == len(packet)
    for part in changed_by_the_kernel:
        sent = sent[: part.start] + packet[part] + sent[part.stop :]
    assert sent == packet


def test_no_route_is_a_kernel_error(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> None:
        with nodes("h1") as (h1,), h1.namespace.entered():
            send_packet("192.0.2.2", bytes(20))

    with pytest.raises(KernelError) as refused:
        sandboxed(inside)
    assert (refused.value.errno_name, refused.value.attempt) == ("ENETUNREACH", "send to 192.0.2.2")
