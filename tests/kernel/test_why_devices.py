"""Why a packet went no further: programs at a tun, bridges, tunnels, firewalls, ports."""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inside import Node, Sandboxed
from lost import Network, Told, network

from tunlab.engine.trace.counts import counted
from tunlab.engine.trace.last_seen import AtProgram, LastSeen
from tunlab.kernel.tuntap import Flags, Tun, add_persistent
from tunlab.model.trace import BACK, Probe
from tunlab.packet.probe import packet_of

pytestmark = pytest.mark.needs("sandbox")

needs_tun = pytest.mark.needs("tun")
needs_nft = pytest.mark.needs("nft")


def asked(sandboxed: Sandboxed, case: Callable[[Network], Told]) -> Told:
    def inside(_: Any) -> Told:
        with network() as net:
            return case(net)

    told: Told = sandboxed(inside)
    return told


def held(node: Node, name: str = "tun0", flags: Flags = Flags.TUN) -> Tun:
    """A tun device that this process holds, up, with the address 10.9.0.1."""
    with node.namespace.entered():
        tun = Tun(name, flags | Flags.NO_PI)
        tun.__enter__()
    node.netlink.set_link(name, state="up")
    if flags is Flags.TUN:
        node.netlink.add_address(name, "10.9.0.1/24")
    return tun


@needs_tun
def test_no_program(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Told:
        with net.h1.namespace.entered():
            add_persistent("tun0", "tun")
        net.h1.netlink.set_link("tun0", state="up")
        net.h1.netlink.add_address("tun0", "10.9.0.1/24")
        return net.lose("", "10.9.0.1", "10.9.0.2").told()

    place, key, expected, values = asked(sandboxed, case)
    assert (place, key, expected) == ("", "why_no_program", "h1:tun0 out")
    assert values == {"node": "h1", "device": "tun0"}


@needs_tun
def test_deaf_program(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Told:
        held(net.h1)
        return net.lose("h1:tun0 out", "10.9.0.1", "10.9.0.2").told()

    _, key, expected, values = asked(sandboxed, case)
    assert (key, expected, values["device"]) == ("why_program_deaf", "h1:tun0 read", "tun0")


@needs_tun
def test_foreign_program_that_reads(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Told:
        tun = held(net.h1)
        return net.lose("h1:tun0 out", "10.9.0.1", "10.9.0.2", then=lambda: drain(tun)).told()

    _, key, expected, _ = asked(sandboxed, case)
    assert (key, expected) == ("why_program_read", "")


@needs_tun
def test_stopped_program(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Told:
        pid = os.fork()
        if pid == 0:
            held(net.h1)
            os.kill(os.getpid(), signal.SIGSTOP)
            os._exit(0)
        os.waitpid(pid, os.WUNTRACED)
        try:
            return net.lose("h1:tun0 out", "10.9.0.1", "10.9.0.2").told()
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    _, key, expected, _ = asked(sandboxed, case)
    assert (key, expected) == ("why_program_stopped", "h1:tun0 read")


@needs_tun
@pytest.mark.parametrize(("wrote", "key"), [(False, "why_program_silent"), (True, "why_program_lost")])
def test_program_that_reported(sandboxed: Sandboxed, wrote: bool, key: str) -> None:
    def case(net: Network) -> Told:
        held(net.h1)
        packet = packet_of(Probe("icmp", "10.9.0.1", "10.9.0.2", 1, 1, bytes(8), 84))
        ours = AtProgram("reader", os.getpid(), reports=True, read=True, wrote=wrote)
        reason = net.asked(LastSeen("h1", "tun0", "out", packet, programs=(ours,)), None)
        return "", reason.key, reason.expected, dict(reason.values)

    _, found, expected, values = asked(sandboxed, case)
    assert (found, expected, values["program"]) == (key, "", "reader")


def bridged(net: Network, *, up: bool = True) -> None:
    """r1 becomes a bridge between h1 and h2, which are in one network then."""
    for device in ("eth1", "eth2"):
        net.r1.output("ip", "addr", "flush", "dev", device)
    net.r1.netlink.add_device("br0", "bridge")
    for device in ("eth1", "eth2"):
        net.r1.netlink.set_link(device, master="br0")
    if up:
        net.r1.netlink.set_link("br0", state="up")
    net.h2.netlink.add_address("eth0", "10.0.1.3/24")
    address = net.h2.netlink.link("eth0")
    assert address is not None
    net.h1.output("ip", "neigh", "replace", "10.0.1.3", "lladdr", address.address, "dev", "eth0")


def test_bridge_down(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Told:
        bridged(net, up=False)
        return net.lose("r1:eth1 in", to="10.0.1.3").told()

    assert asked(sandboxed, case)[1:] == ("why_device_down", "", {"node": "r1", "device": "br0"})


@pytest.mark.parametrize(
    ("words", "key", "expected"),
    [
        (("bridge", "link", "set", "dev", "eth1", "state", "0"), "why_port_state", ""),
        (("bridge", "link", "set", "dev", "eth2", "state", "0"), "why_port_state", "r1:eth2 out"),
        (("ip", "link", "set", "eth2", "down"), "why_device_down", "r1:eth2 out"),
        (("ip", "link", "set", "eth2", "mtu", "1000"), "why_bridge_too_big", "r1:eth2 out"),
        (("ip", "link", "set", "eth2", "nomaster"), "why_no_other_port", ""),
        (("bridge", "fdb", "replace", "02:00:00:00:00:77", "dev", "eth1", "master", "static"), "why_hairpin", ""),
    ],
)
def test_bridge(sandboxed: Sandboxed, words: tuple[str, ...], key: str, expected: str) -> None:
    def case(net: Network) -> Told:
        bridged(net)
        if key == "why_hairpin":
            net.h1.output("ip", "neigh", "replace", "10.0.1.3", "lladdr", "02:00:00:00:00:77", "dev", "eth0")
        net.r1.output(*words)
        if Path("/proc/sys/net/bridge").exists():  # br_netfilter fragments what a bridge alone would drop
            net.set("r1", "net.bridge.bridge-nf-call-iptables", "0")
        return net.lose("r1:eth1 in", to="10.0.1.3", size=1200).told()

    assert asked(sandboxed, case)[1:3] == (key, expected)


@needs_tun
def test_no_program_at_a_bridged_tap(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Told:
        with net.r1.namespace.entered():
            add_persistent("tap0", "tap")
        bridged(net)
        net.r1.netlink.set_link("eth2", state="down")
        net.r1.output("ip", "link", "set", "eth2", "nomaster")
        net.r1.netlink.set_link("tap0", master="br0", state="up")
        return net.lose("r1:eth1 in", to="10.0.1.3").told()

    assert asked(sandboxed, case)[1:] == ("why_no_program", "r1:tap0 out", {"node": "r1", "device": "tap0"})


@needs_nft
@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ("ip daddr 10.0.2.2 counter drop", "why_firewall_dropped"),
        ("ip daddr 10.0.2.2 drop", "why_firewall_suspected"),
        ("counter ip daddr 10.0.2.2 drop", "why_firewall_suspected"),  # it counts what it does not drop, too
        ("counter ip daddr vmap { 10.0.2.2 : drop }", "why_firewall_suspected"),
    ],
)
def test_firewall_that_forwards(sandboxed: Sandboxed, rule: str, key: str) -> None:
    def case(net: Network) -> Told:
        filter_at(net.r1, "forward", rule)
        return net.lose("r1:eth1 in").told()

    _, found, expected, values = asked(sandboxed, case)
    assert (found, expected) == (key, "r1:eth2 out")
    assert values["chain"] == "inet guard gate"


@needs_nft
def test_firewall_that_refuses_to_send(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Told:
        filter_at(net.h1, "output", "icmp type echo-request drop")
        return net.lose("").told()

    assert asked(sandboxed, case) == ("", "why_firewall_refused", "h1:eth0 out", {"node": "h1"})


@needs_nft
def test_firewall_at_the_end(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Told:
        filter_at(net.h2, "input", "icmp type echo-request counter drop")
        return net.lose("h2:eth0 in").told()

    assert asked(sandboxed, case)[:3] == ("h2:eth0 in", "why_firewall_dropped", "")


@needs_nft
@pytest.mark.parametrize("protocol", ["icmp", "udp", "tcp"])
def test_policy_at_the_end(sandboxed: Sandboxed, protocol: str) -> None:
    """There is no rule, so none is blamed; and the request is lost there, not its answer on the way back."""

    def case(net: Network) -> tuple[Told, str]:
        net.h2.output(
            "nft", "add table inet guard; add chain inet guard gate { type filter hook input priority 0; policy drop; }"
        )
        lost = net.lose("h2:eth0 in", protocol=protocol)
        return lost.told(), lost.reason.way

    told, way = asked(sandboxed, case)
    assert told == ("h2:eth0 in", "why_firewall_policy", "", {"node": "h2", "chain": "inet guard gate"})
    assert way == "there"


@needs_nft
def test_port_behind_a_firewall(sandboxed: Sandboxed) -> None:
    """A program listens there, and the packet has never come to it."""

    def case(net: Network) -> Told:
        filter_at(net.h2, "input", "udp dport 7 drop")
        with net.h2.namespace.entered():
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with server:
            server.bind(("0.0.0.0", 7))
            return net.lose("h2:eth0 in", protocol="udp").told()

    assert asked(sandboxed, case)[1] == "why_firewall_suspected"


@needs_nft
def test_answer_behind_nat(sandboxed: Sandboxed) -> None:
    """r1 has sent the request with its own address: an answer to that is for h1."""

    def case(net: Network) -> Told:
        net.r1.output("nft", "add table ip n; add chain ip n c { type nat hook postrouting priority 100; }")
        net.r1.output("nft", "add rule ip n c oifname eth2 masquerade")
        net.lose("h2:eth0 in")
        net.r1.output("ip", "addr", "flush", "dev", "eth1")
        answer = packet_of(Probe("icmp", "10.0.2.2", "10.0.2.1", 4242, 7, bytes(8), 84))
        reason = net.asked(LastSeen("r1", "eth2", "in", answer, way=BACK), None)
        return "", reason.key, reason.expected, dict(reason.values)

    _, key, _, values = asked(sandboxed, case)
    assert (key, values["node"], values["to"]) == ("why_no_route", "r1", "10.0.1.2")


def test_route_to_a_network(sandboxed: Sandboxed) -> None:
    """A router needs the network that the address lies in, by way of the only router that leads there."""

    def case(net: Network) -> Told:
        net.set("h1", "net.ipv4.ip_forward", "1")
        net.h1.output("ip", "route", "del", "default")
        return net.lose("").told()

    values = asked(sandboxed, case)[3]
    assert (values["network"], values["gateway"]) == ("10.0.2.0/24", "10.0.1.1")


def test_node_with_a_link_local_address_only(sandboxed: Sandboxed) -> None:
    """Every bridge has one, and can send nothing from it all the same."""

    def case(net: Network) -> Told:
        for device in ("eth1", "eth2"):
            net.r1.output("ip", "-4", "addr", "flush", "dev", device)
            net.r1.output("ip", "addr", "add", "fe80::99/64", "dev", device, "nodad")
        return net.lose("", to="10.0.1.2", source="10.0.1.1", origin="r1").told()

    assert asked(sandboxed, case)[1] == "why_no_address"


def filter_at(node: Node, hook: str, rule: str) -> None:
    node.output("nft", f"add table inet guard; add chain inet guard gate {{ type filter hook {hook} priority 0; }}")
    node.output("nft", f"add rule inet guard gate {rule}")


@pytest.mark.parametrize(("reads", "key"), [(False, "why_port_unread"), (True, "why_port_silent")])
def test_program_at_a_port(sandboxed: Sandboxed, reads: bool, key: str) -> None:
    def case(net: Network) -> Told:
        with net.h2.namespace.entered():
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with server:
            server.bind(("0.0.0.0", 7))
            return net.lose("h2:eth0 in", protocol="udp", then=lambda: reads and server.recv(100)).told()

    _, found, expected, values = asked(sandboxed, case)
    assert (found, expected) == (key, "h2:eth0 out" if reads else "")
    assert (values["protocol"], values["port"], values["node"]) == ("UDP", "7", "h2")


def test_listener_of_the_other_ip_version(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Told:
        with net.h2.namespace.entered():
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with server:
            server.bind(("0.0.0.0", 7))
            return net.lose("h2:eth0 in", "fd01::2", "fd02::2", protocol="udp").told()

    assert asked(sandboxed, case)[1] == "why_port_closed"


def test_socket_that_is_connected_to_the_sender(sandboxed: Sandboxed) -> None:
    """It gets the datagram, and not the one beside it that hears everybody else."""

    def case(net: Network) -> Told:
        with net.h2.namespace.entered():
            connected, other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        with connected, other:
            for each in (connected, other):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                each.bind(("10.0.2.2", 7))
            connected.connect(("10.0.1.2", 4242))
            return net.lose("h2:eth0 in", protocol="udp").told()

    assert asked(sandboxed, case)[1] == "why_port_unread"


def test_vxlan_number(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Told:
        for node, number, local, remote in (
            (net.h1, "5", "10.0.1.2", "10.0.2.2"),
            (net.h2, "6", "10.0.2.2", "10.0.1.2"),
        ):
            words = ("type", "vxlan", "id", number, "local", local, "remote", remote, "dstport", "4789")
            node.output("ip", "link", "add", "vx0", *words)
            node.netlink.set_link("vx0", state="up")
        net.h1.netlink.add_address("vx0", "10.8.0.1/24")
        net.h1.output("ip", "neigh", "replace", "10.8.0.2", "lladdr", "02:00:00:00:00:08", "dev", "vx0")
        return net.lose("h2:eth0 in", "10.8.0.1", "10.8.0.2").told()

    assert asked(sandboxed, case)[1:] == (
        "why_vxlan_number", "", {"node": "h2", "number": "5", "port": "4789"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("remote", "key"), [((), "why_vxlan_no_remote"), (("remote", "10.77.0.1"), "why_vxlan_no_route")]
)
def test_vxlan_to_nowhere(sandboxed: Sandboxed, remote: tuple[str, ...], key: str) -> None:
    def case(net: Network) -> Told:
        words = ("type", "vxlan", "id", "5", "local", "10.0.1.2", *remote, "dstport", "4789")
        net.h1.output("ip", "link", "add", "vx0", *words)
        net.h1.output("ip", "route", "del", "default")
        net.h1.netlink.set_link("vx0", state="up")
        net.h1.netlink.add_address("vx0", "10.8.0.1/24")
        net.h1.output("ip", "neigh", "replace", "10.8.0.2", "lladdr", "02:00:00:00:00:08", "dev", "vx0")
        return net.lose("h1:vx0 out", "10.8.0.1", "10.8.0.2").told()

    assert asked(sandboxed, case)[1] == key


@needs_tun
@pytest.mark.parametrize(("at", "protocol"), [(10, "IP"), (22, "ICMP")])
def test_checksum(sandboxed: Sandboxed, at: int, protocol: str) -> None:
    def case(net: Network) -> Told:
        tun = held(net.h1)
        packet = bytearray(packet_of(Probe("icmp", "10.9.0.2", "10.9.0.1", 1, 1, bytes(8), 84)))
        packet[at] ^= 1
        before = counted(net.fds)
        os.write(tun.fd, packet)
        reason = net.asked(LastSeen("h1", "tun0", "in", bytes(packet)), before)
        return "", reason.key, reason.expected, dict(reason.values)

    assert asked(sandboxed, case) == ("", "why_checksum", "", {"node": "h1", "protocol": protocol})


@needs_tun
def test_full_port(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Told:
        with net.h2.namespace.entered():
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)  # the kernel grants its least
            server.bind(("0.0.0.0", 7))
            for _ in range(10):
                net.lose("h2:eth0 in", protocol="udp", size=1400)
            return net.lose("h2:eth0 in", protocol="udp", size=1400).told()

    assert asked(sandboxed, case)[1] == "why_port_full"


def drain(tun: Tun) -> None:
    """Read all that waits there."""
    os.set_blocking(tun.fd, False)
    while True:
        try:
            os.read(tun.fd, 2000)
        except BlockingIOError:
            return
