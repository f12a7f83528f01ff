"""The fast path and the kernel: super-packets go out as packets and come in as super-packets; without offloads too."""

import ctypes
import errno
import fcntl
import hashlib
import os
import random
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from inner_packets import checksum
from inside import Node, Sandboxed
from tcp_stream import stream, transferred
from underlay import INNER, OUTER, PATIENCE, Underlay, entered_socket, underlay

from tunlab.kernel import sysctl
from tunlab.kernel.offloads import offloads
from tunlab.kernel.tuntap import Tun

pytestmark = pytest.mark.needs("sandbox", "tun")

SOAK = bool(os.environ.get("TUNLAB_SOAK"))
SEED = int.from_bytes(os.urandom(4))
MTU = 1400
SOL_UDP, UDP_SEGMENT, UDP_GRO = 17, 103, 104  # linux/udp.h


def run(sandboxed: Sandboxed, case: Any) -> Any:
    def main(_: Any) -> Any:
        with underlay() as made:
            return case(made)

    return sandboxed(main)


def captured(node: Node, file: Path, most: int, case: Any) -> Any:
    """What tcpdump gets at the node's tun0 from the peer, while the case runs."""
    words = ["tcpdump", "-i", "tun0", "-Q", "in", "-B", "32768", "-s", "0", "-c", str(most), "-w", str(file), "tcp"]
    with node.namespace.entered():
        tcpdump = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    assert tcpdump.stderr is not None
    tcpdump.stderr.readline()  # it listens
    result = case()
    if tcpdump.poll() is None:
        tcpdump.terminate()
    tcpdump.communicate(timeout=PATIENCE)
    return result


def lengths_and_faults(file: Path) -> tuple[list[int], int]:
    """The IP packets' lengths in bytes, and how many have a bad checksum, by tcpdump's judgement."""
    words = ["tcpdump", "-nn", "-vv", "-r", str(file)]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = [line for line in told.splitlines() if "length" in line]
    lengths = [int(line.rpartition("length ")[2].split()[0].rstrip(":)")) for line in found]
    return lengths, told.count("(incorrect")


@pytest.mark.soak
@pytest.mark.needs("tcpdump")
@pytest.mark.parametrize("ways", [("fast", "simple"), ("simple", "fast"), ("fast", "fast")])
@pytest.mark.parametrize("inner", [4, 6])
def test_tcp_by_both_paths(sandboxed: Sandboxed, tmp_path: Path, ways: tuple[str, str], inner: int) -> None:
    """Where the simple path receives, each packet is seen for itself: none has a bad checksum."""
    data = random.Random(SEED).randbytes(1 << 20) * (140 if SOAK else 6)
    file = tmp_path / "tun0.pcap"

    def case(net: Underlay) -> Any:
        one, other = net.both(10 - inner, inner, "--mtu", str(MTU), ways=ways)
        found = captured(net.b, file, 100_000 if SOAK else 3_000, lambda: stream(net, inner, data))
        return found, one.end()[1], other.end()[1]

    found, sent, received = run(sandboxed, case)
    assert found == hashlib.sha256(data).hexdigest(), f"seed {SEED}"
    lengths, faults = lengths_and_faults(file)
    assert (max(lengths) > MTU) == (ways[1] == "fast")
    if ways[1] == "simple":
        assert faults == 0
        assert len(lengths) >= (90_000 if SOAK else 3_000)
    assert sent["sent"] == sent["read"] >= len(data) / MTU
    assert received["received"] == sent["sent"]  # a datagram for each packet
    assert received["written"] == received["received"]


@pytest.mark.parametrize("inner", [4, 6])
def test_udp_goes_by_the_dozen(sandboxed: Sandboxed, inner: int) -> None:
    """A burst that its sender hands to the stack in one call (UDP_SEGMENT) arrives in one call, if there is USO."""
    size, count = 500, 30
    data = random.Random(SEED).randbytes(size * count - 7)
    segment = [(SOL_UDP, UDP_SEGMENT, size.to_bytes(2, sys.byteorder))]

    def case(net: Underlay) -> Any:
        one, other = net.both(4, inner, "--mtu", str(MTU))
        family = socket.AF_INET if inner == 4 else socket.AF_INET6
        receiving = entered_socket(net.b, family, socket.SOCK_DGRAM)
        sending = entered_socket(net.a, family, socket.SOCK_DGRAM)
        with receiving, sending:
            receiving.bind((INNER[inner][1], 7000))
            receiving.settimeout(PATIENCE)
            sending.connect((INNER[inner][1], 7000))
            sending.sendmsg([data], segment)
            arrived = [receiving.recv(2 * size) for _ in range(count)]
            receiving.setsockopt(SOL_UDP, UDP_GRO, 1)
            sending.sendmsg([data], segment)
            at_once = receiving.recv(65535)
            rest = at_once
            while len(rest) < len(data):
                rest += receiving.recv(65535)
        return "USO4" in one.told[0]["offloads"], arrived, at_once, one.end()[1], other.end()[1]

    uso, arrived, at_once, sent, received = run(sandboxed, case)
    assert b"".join(arrived) == data
    assert [len(each) for each in arrived] == [size] * (count - 1) + [size - 7]
    assert (at_once == data) == uso
    assert sent["sent"] >= 2 * count
    assert received["received"] >= 2 * count


def test_whoever_joins_a_device_next_gets_packets_of_its_mtu(sandboxed: Sandboxed) -> None:
    """A fast endpoint that was killed leaves its offloads at a device that persists: who joins next takes them off."""

    def case(net: Underlay) -> Any:
        net.a.output("ip", "tuntap", "add", "tun0", "mode", "tun")
        one, _ = net.both(4, 4, "--mtu", str(MTU))
        one.process.kill()
        one.process.communicate()
        longest = 0
        with net.a.namespace.entered(), Tun("tun0") as tun:
            sending = entered_socket(net.a, socket.AF_INET, socket.SOCK_DGRAM)
            with sending:
                sending.connect((INNER[4][1], 7000))
                try:
                    sending.sendmsg([bytes(20_000)], [(SOL_UDP, UDP_SEGMENT, (1000).to_bytes(2, sys.byteorder))])
                except OSError as error:
                    return error.errno
                for _ in range(20):
                    longest = max(longest, len(os.read(tun.fd, 65535)))
        return longest

    # Before 6.11, Linux takes no UDP_SEGMENT for a device that makes no checksums: the same fact, told otherwise.
    assert run(sandboxed, case) in (1028, errno.EIO)


def inner_udp(number: int, payload: bytes) -> bytes:
    """From B's place in the tunnel to port 7000 at A's."""
    ends = b"".join(socket.inet_aton(INNER[4][side]) for side in (1, 0))
    start = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(payload), number, 0x4000, 64, 17, 0) + ends
    around = ends + struct.pack("!HHHHHH", 17, 8 + len(payload), 9, 7000, 8 + len(payload), 0)
    datagram = around[12:18] + checksum(around + payload).to_bytes(2) + payload
    return start[:10] + checksum(start).to_bytes(2) + start[12:] + datagram


@pytest.mark.parametrize(("size", "last"), [(500, 0), (500, 1), (1, 1)])
def test_each_datagram_arrives(sandboxed: Sandboxed, size: int, last: int) -> None:
    """Of those that come at once, the last may be empty; and they may be as short as can be."""
    payloads = [bytes((each,)) * size for each in range(5)] + [b"l" * last]

    def case(net: Underlay) -> Any:
        end = net.endpoint(0)
        peer, hearing = (entered_socket(node, socket.AF_INET, socket.SOCK_DGRAM) for node in (net.b, net.a))
        with peer, hearing:
            peer.bind((OUTER[4][1], 8285))
            hearing.bind((INNER[4][0], 7000))
            hearing.settimeout(PATIENCE)
            segment = (SOL_UDP, UDP_SEGMENT, (28 + size).to_bytes(2, sys.byteorder))
            packets = b"".join(inner_udp(number, payload) for number, payload in enumerate(payloads))
            peer.sendmsg([packets], [segment], 0, (OUTER[4][0], 8285))
            arrived = [hearing.recv(2 * size) for _ in payloads]
        return arrived, end.end()

    arrived, (status, counters, said) = run(sandboxed, case)
    assert arrived == payloads
    assert (counters["received"], status, said) == (len(payloads), 0, "")


def test_tcp_by_a_source_route(sandboxed: Sandboxed) -> None:
    """Its checksums are made with the address at the route's end, which is not the one in the IP header."""
    data = random.Random(SEED).randbytes(1 << 20)
    route = bytes((1, 131, 7, 4)) + socket.inet_aton(INNER[4][1])  # RFC 791: loose source and record route

    def case(net: Underlay) -> Any:
        for node in (net.a, net.b):
            with node.namespace.entered():
                for of in ("all", "default"):
                    sysctl.write(f"net.ipv4.conf.{of}.accept_source_route", "1")
        one, _ = net.both(4, 4, "--mtu", str(MTU))
        net.b.output("ip", "addr", "add", "192.168.9.9/32", "dev", "tun0")
        net.a.output("ip", "route", "add", "192.168.9.9/32", "via", INNER[4][1])
        sending, listening = (entered_socket(node, socket.AF_INET, socket.SOCK_STREAM) for node in (net.a, net.b))
        with sending, listening:
            listening.bind(("192.168.9.9", 80))
            listening.listen()
            sending.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, route)
            sending.settimeout(PATIENCE)
            sending.connect(("192.168.9.9", 80))
            receiving, _ = listening.accept()
            with receiving:
                return transferred(sending, receiving, data), one.end()[1]

    found, counters = run(sandboxed, case)
    assert found == hashlib.sha256(data).hexdigest(), f"seed {SEED}"
    assert counters["read_bytes"] < 1.5 * len(data), "much was sent again"


def test_a_datagram_too_long_for_udp(sandboxed: Sandboxed) -> None:
    """A device of the greatest MTU, and parts that fit only this: refused and told like others, and nothing ends."""

    def case(net: Underlay) -> Any:
        one = net.endpoint(0, 4, 4, "--mtu", "65535")
        net.a.output("ip", "link", "set", "tun0", "gso_max_size", "65536")
        with entered_socket(net.a, socket.AF_INET, socket.SOCK_DGRAM) as sending:
            sending.connect((INNER[4][1], 7000))
            sending.sendmsg([bytes(65500)], [(SOL_UDP, UDP_SEGMENT, (65490).to_bytes(2, sys.byteorder))])
            sending.settimeout(PATIENCE)
            with pytest.raises(OSError, match="Message too long"):  # what the stack was told
                sending.recv(1)
        return one.end()

    status, counters, _ = run(sandboxed, case)
    assert status == 0
    assert counters["read"] >= 1
    assert counters["too_big_told"] == counters["too_big"] >= 1


@pytest.mark.parametrize("own", [(), ("gso_max_size", "40000")])
def test_the_device_is_left_as_it_was(sandboxed: Sandboxed, own: tuple[str, ...]) -> None:
    def case(net: Underlay) -> Any:
        net.a.output("ip", "tuntap", "add", "tun0", "mode", "tun")
        if own:
            net.a.output("ip", "link", "set", "tun0", *own)
        before = net.a.output("ip", "-d", "link", "show", "dev", "tun0").partition("gso_max_size")[2]
        one, _ = net.both(4, 4)
        during = net.a.output("ip", "-d", "link", "show", "dev", "tun0").partition("gso_max_size")[2]
        one.end()
        after = net.a.output("ip", "-d", "link", "show", "dev", "tun0").partition("gso_max_size")[2]
        return before, during, after

    before, during, after = run(sandboxed, case)
    assert before == after != during


def switch_off(device: str) -> None:
    """Its offloads, by ETHTOOL_STXCSUM, SSG, STSO, SGSO and SGRO of linux/ethtool.h."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for command in (0x17, 0x19, 0x1F, 0x24, 0x2C):
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            fcntl.ioctl(asking, 0x8946, struct.pack("16sP16x", device.encode(), ctypes.addressof(value)))
        states = {each.name: each.on for each in offloads(device)}
    assert not (states["tx-checksumming"] or states["generic-segmentation-offload"])


@pytest.mark.parametrize("side", ["a", "b"])
def test_without_the_underlays_offloads(sandboxed: Sandboxed, side: str) -> None:
    """Nothing is lost where the device below makes no checksums and no segments: the kernel does it, or we do."""
    data = random.Random(SEED).randbytes(1 << 21)

    def case(net: Underlay) -> Any:
        node = getattr(net, side)
        with node.namespace.entered():
            switch_off("eth0")
        ends = net.both(4, 4, "--mtu", str(MTU))
        return stream(net, 4, data), [end.end() for end in ends]

    found, ends = run(sandboxed, case)
    assert found == hashlib.sha256(data).hexdigest(), f"seed {SEED}"
    assert all(counters["sent"] == counters["read"] for _, counters, _ in ends)
