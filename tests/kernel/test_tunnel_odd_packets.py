"""The fast path with packets that are not everybody's: any MTU, tiny segments, routing headers, forwarded ones."""

import hashlib
import os
import random
import socket
import sys
from collections.abc import Callable
from typing import Any

import pytest
from inside import Node, Sandboxed, nodes
from tcp_stream import carried, stream
from underlay import INNER, PATIENCE, Underlay, entered_socket, underlay

from tunlab.kernel import sysctl

pytestmark = [pytest.mark.needs("sandbox", "tun"), pytest.mark.alike]

SEED = int.from_bytes(os.urandom(4))
SOL_UDP, UDP_SEGMENT = 17, 103  # linux/udp.h
IPV6_DSTOPTS, IPV6_RTHDR, TCP_MAXSEG = 59, 57, 2  # linux/in6.h, linux/tcp.h


def data(size: int) -> bytes:
    return random.Random(SEED).randbytes(size)


def run(sandboxed: Sandboxed, case: Callable[[Underlay], str], size: int) -> None:
    """The case sends as much data, and tells the hash of what has arrived."""

    def main(_: Any) -> str:
        with underlay() as made:
            return case(made)

    assert sandboxed(main) == hashlib.sha256(data(size)).hexdigest(), f"seed {SEED}"


@pytest.mark.parametrize("mtu", [68, 576, 1280, 9000, 65535])
def test_any_mtu(sandboxed: Sandboxed, mtu: int) -> None:
    size = 50_000 if mtu == 68 else 1_000_000

    def case(net: Underlay) -> str:
        for node in (net.a, net.b):
            node.netlink.set_link("eth0", mtu=65535)
        net.both(4, 4, "--mtu", str(mtu))
        return stream(net, 4, data(size))

    run(sandboxed, case, size)


def test_tiny_segments(sandboxed: Sandboxed) -> None:
    """A super-packet of hundreds of parts goes in several calls."""

    def case(net: Underlay) -> str:
        net.both(4, 4, "--mtu", "1400")
        return carried(net.a, net.b, INNER[4][1], data(300_000), [(socket.IPPROTO_TCP, TCP_MAXSEG, 88)])

    run(sandboxed, case, 300_000)


def test_a_path_that_becomes_narrow(sandboxed: Sandboxed) -> None:
    """All parts of a super-packet are too long for the underlay: TCP hears of it by ICMP, and goes on."""

    def case(net: Underlay) -> str:
        net.both(4, 4, "--mtu", "1472")
        net.a.netlink.set_link("eth0", mtu=1000)
        return stream(net, 4, data(500_000))

    run(sandboxed, case, 500_000)


def allow(node: Node, *keys: str) -> None:
    with node.namespace.entered():
        for key in keys:
            sysctl.write(key, "1")


def test_options_and_extension_headers(sandboxed: Sandboxed) -> None:
    """A destination header in front of TCP: its parts have it too."""

    def case(net: Underlay) -> str:
        net.both(4, 6, "--mtu", "1400")
        header = bytes((0, 0, 1, 4, 0, 0, 0, 0))
        return carried(net.a, net.b, INNER[6][1], data(500_000), [(socket.IPPROTO_IPV6, IPV6_DSTOPTS, header)])

    run(sandboxed, case, 500_000)


def test_segment_routing(sandboxed: Sandboxed) -> None:
    """TCP's checksum is about the address at the route's end, not the one in the header (RFC 8200, section 8.1)."""
    far = "fd00:9::9"

    def case(net: Underlay) -> str:
        allow(net.b, "net.ipv6.conf.all.seg6_enabled", "net.ipv6.conf.default.seg6_enabled")
        net.both(4, 6, "--mtu", "1400")
        allow(net.b, "net.ipv6.conf.tun0.seg6_enabled")
        net.b.output("ip", "addr", "add", f"{far}/128", "dev", "tun0", "nodad")
        net.a.output("ip", "route", "add", f"{far}/128", "via", INNER[6][1])
        ends = b"".join(socket.inet_pton(socket.AF_INET6, each) for each in (far, INNER[6][1]))
        header = bytes((0, 4, 4, 1, 1, 0, 0, 0)) + ends
        return carried(net.a, net.b, far, data(300_000), [(socket.IPPROTO_IPV6, IPV6_RTHDR, header)])

    run(sandboxed, case, 300_000)


def test_what_is_forwarded(sandboxed: Sandboxed) -> None:
    """Super-packets of TCP and of UDP that come in at another device of A."""

    def main(_: Any) -> tuple[str, bool]:
        with underlay() as net, nodes("C") as (far,):
            net.a.netlink.add_veth("far", "near", far.namespace)
            for node, device, address in ((net.a, "far", "10.5.5.1/24"), (far, "near", "10.5.5.2/24")):
                node.netlink.set_link("lo", state="up")
                node.netlink.set_link(device, state="up")
                node.netlink.add_address(device, address)
            allow(net.a, "net.ipv4.ip_forward")
            net.both(4, 4, "--mtu", "1500")
            far.output("ip", "route", "add", "192.168.1.0/24", "via", "10.5.5.1")
            net.b.output("ip", "route", "add", "10.5.5.0/24", "via", INNER[4][0])
            found = carried(far, net.b, INNER[4][1], data(1_000_000))
            receiving, sending = (entered_socket(each, socket.AF_INET, socket.SOCK_DGRAM) for each in (net.b, far))
            with receiving, sending:
                receiving.bind((INNER[4][1], 7000))
                receiving.settimeout(PATIENCE)
                sending.connect((INNER[4][1], 7000))
                sending.sendmsg([data(20_007)], [(SOL_UDP, UDP_SEGMENT, (500).to_bytes(2, sys.byteorder))])
                return found, b"".join(receiving.recv(2000) for _ in range(41)) == data(20_007)

    assert sandboxed(main) == (hashlib.sha256(data(1_000_000)).hexdigest(), True), f"seed {SEED}"
