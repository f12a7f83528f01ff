"""What the kernel leaves in checksums, as decode() tells it: on a veth, through a tun device, and inside a VXLAN."""

import fcntl
import os
import select
import socket
import struct
from array import array
from typing import Any

import pytest
from inside import Node, Sandboxed, nodes, output

from tunlab.kernel.packet_socket import PacketSocket
from tunlab.kernel.tuntap import Tun
from tunlab.model.packet import LinkType
from tunlab.packet.decode import decode

pytestmark = pytest.mark.needs("sandbox")

SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17  # linux/sockios.h, linux/ethtool.h

Verdicts = list[tuple[str, str | None]]


def verdicts(data: bytes, link: LinkType) -> Verdicts:
    """Each layer that has a checksum, with the verdict of it."""
    return [
        (layer.name, field.verdict)
        for layer in decode(data, link)
        for field in layer.fields
        if field.name in ("chksum", "cksum")
    ]


def captured(capture: PacketSocket, *names: str) -> Verdicts:
    """Of the next packet that has a checksum in each of these layers."""
    while select.select([capture], [], [], 10)[0]:
        packet = capture.receive()
        if packet is None:
            continue
        found = verdicts(packet.data, LinkType.ETHERNET if packet.link_header else LinkType.RAW)
        if [name for name, _ in found] == list(names):
            return found
    pytest.fail(f"no packet with {', '.join(names)} came")


def give_address(node: Node, device: str, address: str) -> None:
    node.netlink.add_address(device, address)
    node.netlink.set_link(device, state="up")


def send_udp(address: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"some data", (address, 9))


def open_tcp(address: str) -> None:
    """Nobody listens there: the SYN is answered by a RST."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.setblocking(False)
        client.connect_ex((address, 9))


def without_offload(device: str) -> None:
    """What `ethtool -K DEVICE tx off` does."""
    wanted = array("I", (ETHTOOL_STXCSUM, 0))
    request = struct.pack("16sP16x", device.encode(), wanted.buffer_info()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        fcntl.ioctl(asking, SIOCETHTOOL, request)


def joined(h1: Node, h2: Node) -> None:
    h1.netlink.add_veth("eth0", "eth0", h2.namespace)
    give_address(h1, "eth0", "192.0.2.1/24")
    give_address(h2, "eth0", "192.0.2.2/24")


def test_a_veth_leaves_them_to_the_device(sandboxed: Sandboxed) -> None:
    """A veth claims that it computes checksums, and never does: the bytes stay in this machine."""

    def inside(_: Any) -> list[Any]:
        with nodes("h1", "h2") as (h1, h2):
            joined(h1, h2)
            with h1.namespace.entered(), PacketSocket() as capture:
                send_udp("192.0.2.2")
                udp = captured(capture, "IP", "UDP")
                icmp = captured(capture, "IP", "ICMP", "IP in ICMP", "UDP in ICMP")
                open_tcp("192.0.2.2")
                return [udp, icmp, captured(capture, "IP", "TCP")]

    udp, icmp, tcp = sandboxed(inside)
    assert udp == [("IP", "good"), ("UDP", "offload")]
    assert icmp == [("IP", "good"), ("ICMP", "good"), ("IP in ICMP", "good"), ("UDP in ICMP", "offload")]
    assert tcp == [("IP", "good"), ("TCP", "offload")]


def test_a_veth_that_does_not_claim_so_has_them_computed(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> list[Any]:
        with nodes("h1", "h2") as (h1, h2):
            joined(h1, h2)
            with h1.namespace.entered(), PacketSocket() as capture:
                without_offload("eth0")
                send_udp("192.0.2.2")
                udp = captured(capture, "IP", "UDP")
                open_tcp("192.0.2.2")
                return [udp, captured(capture, "IP", "TCP")]

    assert sandboxed(inside) == [[("IP", "good"), ("UDP", "good")], [("IP", "good"), ("TCP", "good")]]


@pytest.mark.needs("tun")
def test_a_program_gets_them_computed(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> list[Any]:
        with nodes("h1") as (h1,), h1.namespace.entered(), PacketSocket() as capture, Tun("tun0") as tun:
            give_address(h1, "tun0", "192.0.2.1/24")
            send_udp("192.0.2.2")
            found = [captured(capture, "IP", "UDP")]
            open_tcp("192.0.2.2")
            found.append(captured(capture, "IP", "TCP"))
            read: list[Verdicts] = []
            while len(read) < 2 and select.select([tun], [], [], 10)[0]:
                data = os.read(tun.fd, 2048)
                if data[0] >> 4 == 4:
                    read.append(verdicts(data, LinkType.RAW))
            return found + read

    udp, tcp = [("IP", "good"), ("UDP", "good")], [("IP", "good"), ("TCP", "good")]
    assert sandboxed(inside) == [udp, tcp, udp, tcp]


def test_inside_a_vxlan(sandboxed: Sandboxed) -> None:
    """The outer checksum is computed as if the inner one, which is left to the device, were there already."""
    vxlan = ("ip", "link", "add", "vx0", "type", "vxlan", "id", "7", "dstport", "4789", "udpcsum", "remote")

    def inside(_: Any) -> Any:
        with nodes("h1", "h2") as (h1, h2):
            joined(h1, h2)
            for node, far, address in ((h1, "192.0.2.2", "10.0.0.1/24"), (h2, "192.0.2.1", "10.0.0.2/24")):
                with node.namespace.entered():
                    output(*vxlan, far)
                give_address(node, "vx0", address)
            with h1.namespace.entered(), PacketSocket() as capture:
                send_udp("10.0.0.2")
                return captured(capture, "IP", "UDP", "IP", "UDP")

    assert sandboxed(inside) == [("IP", "good"), ("UDP", "good"), ("IP", "good"), ("UDP", "offload")]
