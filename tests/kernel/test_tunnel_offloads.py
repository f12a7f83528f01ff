"""The fast path and the kernel: super-packets go out as packets and come in as super-packets; without offloads too."""

import ctypes
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
from inside import Node, Sandboxed
from tcp_stream import stream
from underlay import INNER, PATIENCE, Underlay, entered_socket, underlay

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
                sending.sendmsg([bytes(20_000)], [(SOL_UDP, UDP_SEGMENT, (1000).to_bytes(2, sys.byteorder))])
                for _ in range(20):
                    longest = max(longest, len(os.read(tun.fd, 65535)))
        return longest

    assert run(sandboxed, case) == 1028


def test_the_device_is_left_as_it_was(sandboxed: Sandboxed) -> None:
    def case(net: Underlay) -> Any:
        net.a.output("ip", "tuntap", "add", "tun0", "mode", "tun")
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
