"""Devices, addresses and routes over netlink, and what the kernel says to a mistake."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from inside import Node, Sandboxed, nodes

from tunlab.errors import KernelError
from tunlab.kernel import tuntap
from tunlab.kernel.netlink import LinkState, Netlink

pytestmark = pytest.mark.needs("sandbox")

PATIENCE = 30.0  # seconds


def in_node(sandboxed: Sandboxed, act: Callable[[Node], Any]) -> Any:
    """What `act` returns, called with one fresh node."""

    def inside(_: Any) -> Any:
        with nodes("h1") as (h1,):
            return act(h1)

    return sandboxed(inside)


def add(node: Node, name: str, kind: str) -> None:
    if kind in ("tun", "tap"):
        with node.namespace.entered():
            tuntap.add_persistent(name, kind)
    elif kind == "veth":
        node.netlink.add_veth(name, f"{name}-peer", node.namespace)
    else:
        node.netlink.add_device(name, kind)


def test_loopback_of_a_fresh_node(sandboxed: Sandboxed) -> None:
    lo: LinkState = in_node(sandboxed, lambda h1: h1.netlink.link("lo"))
    assert (lo.index, lo.kind, lo.flags, lo.state, lo.mtu) == (1, "loopback", ("LOOPBACK",), "DOWN", 65536)
    assert (lo.rx_packets, lo.tx_packets, lo.rx_dropped, lo.tx_dropped) == (0, 0, 0, 0)


@pytest.mark.needs("tun")
@pytest.mark.parametrize("kind", ["tun", "tap"])
def test_tun_and_tap_are_told_apart(sandboxed: Sandboxed, kind: str) -> None:
    def act(h1: Node) -> LinkState | None:
        add(h1, "dev0", kind)
        return h1.netlink.link("dev0")

    found = in_node(sandboxed, act)
    assert (found.kind, found.mtu, found.qdisc, found.state) == (kind, 1500, "noop", "DOWN")
    assert ("POINTOPOINT" in found.flags, "NOARP" in found.flags) == (kind == "tun", kind == "tun")


@pytest.mark.needs("tun")
def in_state(node: Node, name: str, state: str) -> Any:
    """The device once it has that operational state: the kernel's link watch sets it a moment later."""
    deadline = time.monotonic() + PATIENCE
    while (link := node.netlink.link(name)) is None or link.state != state:
        assert time.monotonic() < deadline, link
    return link


def test_tun_without_its_program_has_no_carrier(sandboxed: Sandboxed) -> None:
    def act(h1: Node) -> Any:
        add(h1, "tun0", "tun")
        h1.netlink.set_link("tun0", state="up")
        idle = in_state(h1, "tun0", "DOWN")
        with h1.namespace.entered(), tuntap.Tun("tun0"):
            return idle, in_state(h1, "tun0", "UP")

    idle, held = in_node(sandboxed, act)
    assert {"NO-CARRIER", "UP"} <= set(idle.flags)
    assert {"UP", "LOWER_UP"} <= set(held.flags) and "NO-CARRIER" not in held.flags


@pytest.mark.parametrize("kind", ["bridge", "veth"])
def test_device_is_there_until_it_is_deleted(sandboxed: Sandboxed, kind: str) -> None:
    def act(h1: Node) -> tuple[str, list[str]]:
        add(h1, "dev0", kind)
        found = h1.netlink.link("dev0")
        h1.netlink.delete_device("dev0")
        assert found and h1.netlink.link("dev0") is None
        return found.kind, [link.name for link in h1.netlink.links()]

    assert in_node(sandboxed, act) == (kind, ["lo"])


def test_veth_between_two_nodes(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> bool:
        with nodes("h1", "h2") as (h1, h2):
            h1.netlink.add_veth("eth0", "eth7", h2.namespace)
            for node, name in ((h1, "eth0"), (h2, "eth7")):
                node.netlink.set_link(name, state="up")
            in_state(h1, "eth0", "UP")
            in_state(h2, "eth7", "UP")
            return h1.netlink.link("eth7") is None

    assert sandboxed(inside)


def test_mtu_master_and_state(sandboxed: Sandboxed) -> None:
    def act(h1: Node) -> tuple[Any, Any]:
        add(h1, "br0", "bridge")
        add(h1, "eth0", "veth")
        h1.netlink.set_link("eth0", state="up", mtu=1280, master="br0")
        up = h1.ip("link", "show", "dev", "eth0")[0]
        h1.netlink.set_link("eth0", state="down")
        return up, h1.ip("link", "show", "dev", "eth0")[0]

    up, down = in_node(sandboxed, act)
    assert (up["mtu"], up["master"], "UP" in up["flags"]) == (1280, "br0", True)
    assert (down["mtu"], down["master"], "UP" in down["flags"]) == (1280, "br0", False)


def test_addresses_of_both_families(sandboxed: Sandboxed) -> None:
    def act(h1: Node) -> Any:
        add(h1, "br0", "bridge")
        h1.netlink.add_address("br0", "2001:db8::1/64")
        h1.netlink.add_address("br0", "192.0.2.1/24")
        return h1.netlink.addresses(h1.netlink.link("br0").index)

    assert in_node(sandboxed, act) == ("192.0.2.1/24", "2001:db8::1/64")


def test_routes_and_the_source_they_lead_to(sandboxed: Sandboxed) -> None:
    def act(h1: Node) -> tuple[str, str]:
        add(h1, "br0", "bridge")
        h1.netlink.add_address("br0", "192.0.2.1/24")
        h1.netlink.set_link("br0", state="up")
        h1.netlink.set_link("lo", state="up")
        h1.netlink.add_address("lo", "2001:db8::1/64")
        h1.netlink.add_route("default", "192.0.2.254", None)
        h1.netlink.add_route("2001:db8:1::/48", None, "lo")
        deadline = time.monotonic() + 5
        while h1.netlink.source_for("2001:db8:1::1") == "::1" and time.monotonic() < deadline:
            pass  # also on lo an address is tentative until the kernel's worker has looked at it
        return h1.netlink.source_for("198.51.100.1"), h1.netlink.source_for("2001:db8:1::1")

    assert in_node(sandboxed, act) == ("192.0.2.1", "2001:db8::1")


def test_route_without_a_source_address_yet(sandboxed: Sandboxed) -> None:
    """A bridge without ports has no carrier, so its IPv6 address stays tentative."""

    def act(h1: Node) -> str:
        add(h1, "br0", "bridge")
        h1.netlink.add_address("br0", "2001:db8::1/64")
        h1.netlink.set_link("br0", state="up")
        h1.netlink.add_route("2001:db8:1::/48", None, "br0")
        return h1.netlink.source_for("2001:db8:1::1")

    with pytest.raises(KernelError) as refused:
        in_node(sandboxed, act)
    assert refused.value.errno_name == "EADDRNOTAVAIL"


def with_bridge(h1: Node) -> Netlink:
    add(h1, "br0", "bridge")
    h1.netlink.add_address("br0", "192.0.2.1/24")
    h1.netlink.set_link("br0", state="up")
    return h1.netlink


def tun_into_bridge(h1: Node) -> None:
    add(h1, "tun0", "tun")
    with_bridge(h1).set_link("tun0", master="br0")


def into_itself(h1: Node) -> None:
    with_bridge(h1).set_link("br0", master="br0")


REFUSED: dict[str, tuple[Callable[[Node], Any], str, str]] = {
    "device twice": (lambda h1: with_bridge(h1).add_device("br0", "bridge"), "EEXIST", "ip link add br0 type bridge"),
    "veth over a device": (
        lambda h1: with_bridge(h1).add_veth("br0", "far", h1.namespace),
        "EEXIST",
        "ip link add br0 type veth peer name far",
    ),
    "unknown kind": (
        lambda h1: h1.netlink.add_device("x0", "no-such-kind"),
        "EOPNOTSUPP",
        "ip link add x0 type no-such-kind",
    ),
    "delete what is not there": (lambda h1: h1.netlink.delete_device("eth9"), "ENODEV", "ip link del dev eth9"),
    "delete lo": (lambda h1: h1.netlink.delete_device("lo"), "EOPNOTSUPP", "ip link del dev lo"),
    "set what is not there": (
        lambda h1: h1.netlink.set_link("eth9", state="up"),
        "ENODEV",
        "ip link set dev eth9 up",
    ),
    "no such master": (
        lambda h1: with_bridge(h1).set_link("br0", master="br9"),
        "ENODEV",
        "ip link set dev br0 master br9",
    ),
    "bridge into itself": (into_itself, "ELOOP", "ip link set dev br0 master br0"),
    "mtu too large": (lambda h1: with_bridge(h1).set_link("br0", mtu=65536), "EINVAL", "ip link set dev br0 mtu 65536"),
    "tun into a bridge": (tun_into_bridge, "EINVAL", "ip link set dev tun0 master br0"),
    "address twice": (
        lambda h1: with_bridge(h1).add_address("br0", "192.0.2.1/24"),
        "EEXIST",
        "ip addr add 192.0.2.1/24 dev br0",
    ),
    "address without device": (
        lambda h1: h1.netlink.add_address("eth9", "192.0.2.1/24"),
        "ENODEV",
        "ip addr add 192.0.2.1/24 dev eth9",
    ),
    "prefix too long": (
        lambda h1: with_bridge(h1).add_address("br0", "192.0.2.7/33"),
        "EINVAL",
        "ip addr add 192.0.2.7/33 dev br0",
    ),
    "route twice": (
        lambda h1: with_bridge(h1).add_route("192.0.2.0/24", None, "br0"),
        "EEXIST",
        "ip route add 192.0.2.0/24 dev br0",
    ),
    "gateway out of reach": (
        lambda h1: with_bridge(h1).add_route("default", "198.51.100.1", None),
        "ENETUNREACH",
        "ip route add default via 198.51.100.1",
    ),
    "gateway out of reach, IPv6": (
        lambda h1: with_bridge(h1).add_route("default", "2001:db8::1", None),
        "EHOSTUNREACH",
        "ip -6 route add default via 2001:db8::1",
    ),
    "no route": (lambda h1: h1.netlink.source_for("198.51.100.1"), "ENETUNREACH", "ip route get 198.51.100.1"),
}


@pytest.mark.parametrize(
    "case", [pytest.param(k, marks=pytest.mark.needs("tun") if "tun" in k else ()) for k in REFUSED]
)
def test_refused_with_the_errno_and_the_command(sandboxed: Sandboxed, case: str) -> None:
    act, errno_name, attempt = REFUSED[case]
    with pytest.raises(KernelError) as refused:
        in_node(sandboxed, act)
    assert (refused.value.errno_name, refused.value.attempt) == (errno_name, attempt)
