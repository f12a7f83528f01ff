"""Each verb does what the command it shows does: a node for the verb, a twin for iproute2, one state after both."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from inside import Node, Sandboxed, nodes

from tunlab.engine.perform import perform
from tunlab.engine.stage import Stage
from tunlab.model.lab import Lab
from tunlab.model.topology import Endpoint, Topology
from tunlab.model.topology import Node as NamedNode
from tunlab.model.verbs import AddAddress, AddDevice, AddRoute, DeleteDevice, SetLink, SetSysctl, Verb
from tunlab.session.log import EventLog

pytestmark = pytest.mark.needs("sandbox", "tun")

Verbs = Callable[[str, str], Sequence[Verb]]

PATIENCE = 60.0  # seconds for what the kernel does a little later: carrier, duplicate address detection
# What may differ: numbers and addresses that the kernel draws, and clocks.
DRAWN = {"ifindex", "address", "permaddr", "link_index", "link_netnsid", "bridge_id", "root_id", "stats64"}
CLOCKS = ("_timer", "_life_time", "expires")


def at(node: str, device: str) -> Endpoint:
    return Endpoint(node, device)


def device(kind: str) -> Verbs:
    return lambda near, far: [AddDevice(at(near, "dev0"), kind)]


def bridge_with_address(near: str, *addresses: str) -> list[Verb]:
    """br0, up, with its addresses."""
    given = [AddAddress(at(near, "br0"), address) for address in addresses]
    return [AddDevice(at(near, "br0"), "bridge"), *given, SetLink(at(near, "br0"), "up")]


def veth(near: str, far: str) -> list[Verb]:
    return [AddDevice(at(near, "eth0"), "veth", at(far, "eth1"))]


CASES: dict[str, Verbs] = {
    "tun": device("tun"),
    "tap": device("tap"),
    "bridge": device("bridge"),
    "veth to another node": veth,
    "veth in one node": lambda near, far: veth(near, near),
    "delete": lambda near, far: [*device("bridge")(near, far), DeleteDevice(at(near, "dev0"))],
    "delete a tun": lambda near, far: [*device("tun")(near, far), DeleteDevice(at(near, "dev0"))],
    "delete a veth": lambda near, far: [*veth(near, far), DeleteDevice(at(near, "eth0"))],
    "up": lambda near, far: [*veth(near, far), SetLink(at(near, "eth0"), "up"), SetLink(at(far, "eth1"), "up")],
    "up, a tun": lambda near, far: [*device("tun")(near, far), SetLink(at(near, "dev0"), "up")],
    "up and down": lambda near, far: [
        *bridge_with_address(near, "192.0.2.1/24", "2001:db8::1/64"),
        SetLink(at(near, "br0"), "down"),
    ],
    "mtu": lambda near, far: [*veth(near, far), SetLink(at(near, "eth0"), mtu=1400)],
    "master": lambda near, far: [*bridge_with_address(near), *veth(near, far), SetLink(at(near, "eth0"), master="br0")],
    "mtu, master and up at once": lambda near, far: [
        *bridge_with_address(near),
        *veth(near, far),
        SetLink(at(near, "eth0"), "up", 1400, "br0"),
    ],
    "IPv4 address": lambda near, far: [*bridge_with_address(near, "192.0.2.1/24")],
    "two IPv4 addresses": lambda near, far: bridge_with_address(
        near, "192.0.2.1/24", "192.0.2.2/24", "198.51.100.1/30"
    ),
    "IPv4 host address": lambda near, far: bridge_with_address(near, "192.0.2.1/32"),
    "IPv4 address on a tun": lambda near, far: [
        *device("tun")(near, far),
        AddAddress(at(near, "dev0"), "192.0.2.1/24"),
        SetLink(at(near, "dev0"), "up"),
    ],
    "address on lo": lambda near, far: [AddAddress(at(near, "lo"), "192.0.2.1/32")],
    "IPv6 address": lambda near, far: bridge_with_address(near, "2001:db8::1/64"),
    "IPv6 host address": lambda near, far: bridge_with_address(near, "2001:db8::1/128"),
    "route via": lambda near, far: [
        *bridge_with_address(near, "192.0.2.1/24"),
        AddRoute(near, "198.51.100.0/24", via="192.0.2.254"),
    ],
    "route dev": lambda near, far: [*bridge_with_address(near), AddRoute(near, "198.51.100.0/24", device="br0")],
    "route via and dev": lambda near, far: [
        *bridge_with_address(near, "192.0.2.1/24"),
        AddRoute(near, "198.51.100.0/24", via="192.0.2.254", device="br0"),
    ],
    "route to a host": lambda near, far: [*bridge_with_address(near), AddRoute(near, "198.51.100.7", device="br0")],
    "default route": lambda near, far: [
        *bridge_with_address(near, "192.0.2.1/24"),
        AddRoute(near, "default", via="192.0.2.254"),
    ],
    "default route dev": lambda near, far: [*bridge_with_address(near), AddRoute(near, "default", device="br0")],
    "IPv6 route via": lambda near, far: [
        *bridge_with_address(near, "2001:db8::1/64"),
        AddRoute(near, "2001:db8:1::/48", via="2001:db8::ff"),
    ],
    "IPv6 route dev": lambda near, far: [*bridge_with_address(near), AddRoute(near, "2001:db8:1::/48", device="br0")],
    "IPv6 default route": lambda near, far: [
        *bridge_with_address(near, "2001:db8::1/64"),
        AddRoute(near, "default", via="2001:db8::ff"),
    ],
    "IPv6 default route through a link-local gateway": lambda near, far: [
        *bridge_with_address(near),
        AddRoute(near, "default", via="fe80::1", device="br0"),
    ],
    "sysctl": lambda near, far: [SetSysctl(near, "net.ipv4.ip_forward", "1")],
    "sysctl of IPv6": lambda near, far: [SetSysctl(near, "net.ipv6.conf.all.forwarding", "1")],
    "sysctl of a device": lambda near, far: [
        *veth(near, far),
        SetSysctl(near, "net.ipv4.conf.eth0.rp_filter", "2"),
        SetSysctl(near, "net.ipv6.conf.eth0.disable_ipv6", "1"),
    ],
    "sysctl of several values": lambda near, far: [SetSysctl(near, "net.ipv4.ip_local_port_range", "40000 50000")],
}


@pytest.mark.parametrize("case", CASES)
def test_verb_and_its_command_agree(sandboxed: Sandboxed, case: str, tmp_path: Path) -> None:
    def inside(_: Any) -> dict[str, Any]:
        lab = Lab("twin", tmp_path, Topology((NamedNode("h1"), NamedNode("h2"))), (), ())
        with Stage(lab, EventLog()) as stage, nodes("t1", "t2") as twins:
            for twin in twins:
                twin.netlink.set_link("lo", state="up")  # as every node of a lab has it
            for verb in CASES[case]("h1", "h2"):
                perform(stage, verb)
            for verb in CASES[case]("t1", "t2"):
                for command in verb.commands():
                    {"t1": twins[0], "t2": twins[1]}[verb.node].output(*command)
            running = [Node(node.namespace, node.netlink) for node in stage.nodes.values()]
            deadline = time.monotonic() + PATIENCE
            while True:
                differences = {
                    f"{node.namespace.name}, {part}": (ours, theirs)
                    for node, twin in zip(running, twins, strict=True)
                    for (part, ours), theirs in zip(state(node).items(), state(twin).values(), strict=True)
                    if ours != theirs
                }
                if not differences or time.monotonic() > deadline:
                    return differences

    assert sandboxed(inside) == {}


def state(node: Node) -> dict[str, Any]:
    """All that the verbs change in a node."""
    return {
        "link": comparable(node.ip("-d", "link")),
        "addr": comparable(node.ip("addr")),
        "route": comparable(node.ip("route", "show", "table", "all")),
        "IPv6 route": comparable(node.ip("-6", "route", "show", "table", "all")),
        "sysctl": node.output("sh", "-c", "cd /proc/sys/net && grep -rs . ipv4 ipv6 | grep -v stable_secret | sort"),
    }


def comparable(told: Any) -> Any:
    """Without what may differ between two nodes."""
    if isinstance(told, list):
        return [comparable(each) for each in told if not about_link_local(each)]
    if isinstance(told, dict):
        return {key: comparable(told[key]) for key in told if key not in DRAWN and not key.endswith(CLOCKS)}
    return told


def about_link_local(told: Any) -> bool:
    """Whether this is an address that the kernel made of a MAC, or a route to one."""
    return isinstance(told, dict) and str(told.get("local") or told.get("dst") or "").startswith(("fe80", "ff00"))
