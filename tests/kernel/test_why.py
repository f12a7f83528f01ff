"""Why a packet went no further, case by case on the real kernel."""

from collections.abc import Callable
from typing import Any

import pytest
from inside import Sandboxed
from lost import Network, Told, network

pytestmark = pytest.mark.needs("sandbox")

Case = Callable[[Network], Told]


def no_route(net: Network) -> Told:
    net.h1.output("ip", "route", "del", "default")
    return net.lose("").told()


def no_route6(net: Network) -> Told:
    return net.lose("", "fd01::2", "fd09::1").told()


def route_down(net: Network) -> Told:
    net.h1.netlink.set_link("eth0", state="down")
    return net.lose("", to="10.0.1.1").told()


def route_of_a_device_that_is_down(net: Network) -> Told:
    net.h1.netlink.set_link("eth0", state="down")
    return net.lose("").told()


def no_gateway(net: Network) -> Told:
    net.h1.output("ip", "route", "replace", "default", "via", "10.0.1.77")
    return net.lose("").told()


def no_gateway_in_sight(net: Network) -> Told:
    net.set("r1", "net.ipv4.ip_forward", "0")
    return no_gateway(net)


def peer_down(net: Network) -> Told:
    net.r1.netlink.set_link("eth1", state="down")
    return net.lose("").told()


def no_neighbour_foreign_source(net: Network) -> Told:
    return net.lose("", source="10.0.1.77", to="10.0.1.9").told()


def blackhole(net: Network) -> Told:
    net.h1.output("ip", "route", "add", "blackhole", "10.0.2.0/24")
    return net.lose("").told()


def sent_too_big(net: Network) -> Told:
    net.h1.netlink.set_link("eth0", mtu=1000)
    return net.lose("", size=1200, df=True).told()


def too_big_for_the_peer(net: Network) -> Told:
    net.r1.netlink.set_link("eth1", mtu=1000)
    return net.lose("h1:eth0 out", size=1005).told()


def no_neighbour(net: Network) -> Told:
    return net.lose("", to="10.0.1.9").told()


def no_neighbour6(net: Network) -> Told:
    return net.lose("", "fd01::2", "fd01::9").told()


def forwarding_off(net: Network) -> Told:
    net.set("r1", "net.ipv4.ip_forward", "0")
    return net.lose("r1:eth1 in").told()


def forwarding_off_for_one_device(net: Network) -> Told:
    net.set("r1", "net.ipv4.conf.eth1.forwarding", "0")
    return net.lose("r1:eth1 in").told()


def forwarding_off6(net: Network) -> Told:
    net.set("r1", "net.ipv6.conf.all.forwarding", "0")
    return net.lose("r1:eth1 in", "fd01::2", "fd02::2").told()


def no_route_on_the_way(net: Network) -> Told:
    return net.lose("r1:eth1 in", to="10.0.9.1").told()


def prohibited(net: Network) -> Told:
    net.r1.output("ip", "route", "add", "prohibit", "10.0.9.0/24")
    return net.lose("r1:eth1 in", to="10.0.9.1").told()


def blackhole_on_the_way(net: Network) -> Told:
    net.r1.output("ip", "route", "add", "blackhole", "10.0.9.0/24")
    return net.lose("r1:eth1 in", to="10.0.9.1").told()


def refusing_rule(net: Network) -> Told:
    net.r1.output("ip", "rule", "add", "from", "10.0.1.2", "blackhole")
    return net.lose("r1:eth1 in").told()


def reverse_path(net: Network) -> Told:
    net.set("r1", "net.ipv4.conf.all.rp_filter", "1")
    net.h1.netlink.add_address("eth0", "10.0.2.9/32")
    net.know_gateway()
    return net.lose("r1:eth1 in", source="10.0.2.9").told()


def own_source(net: Network) -> Told:
    net.h1.netlink.add_address("eth0", "10.0.2.1/32")
    net.know_gateway()
    return net.lose("r1:eth1 in", source="10.0.2.1").told()


def ttl(net: Network) -> Told:
    return net.lose("r1:eth1 in", ttl=1).told()


def too_big_on_the_way(net: Network) -> Told:
    net.r1.netlink.set_link("eth2", mtu=1000)
    return net.lose("r1:eth1 in", size=1200, df=True).told()


def too_big_on_the_way6(net: Network) -> Told:
    net.r1.netlink.set_link("eth2", mtu=1300)
    return net.lose("r1:eth1 in", "fd01::2", "fd02::2", size=1400).told()


def next_hop_unknown(net: Network) -> Told:
    return net.lose("r1:eth1 in", to="10.0.2.9").told()


def next_link_dead(net: Network) -> Told:
    net.h2.netlink.set_link("eth0", state="down")
    return net.lose("r1:eth1 in").told()


def next_device_down(net: Network) -> Told:
    net.r1.netlink.set_link("eth2", state="down")
    return net.lose("r1:eth1 in").told()


def other_mac(net: Network) -> Told:
    net.h1.output("ip", "neigh", "replace", "10.0.1.1", "lladdr", "02:00:00:00:00:99", "dev", "eth0")
    place, key, expected, values = net.lose("r1:eth1 in").told()
    assert len(values.pop("own")) == len("02:00:00:00:00:99")
    return place, key, expected, values


def queue_drops(net: Network) -> Told:
    net.h1.output("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "8bit", "burst", "60", "limit", "60")
    return net.lose("").told()


def echo_ignored(net: Network) -> Told:
    net.set("h2", "net.ipv4.icmp_echo_ignore_all", "1")
    return net.lose("h2:eth0 in").told()


def echo_ignored6(net: Network) -> Told:
    net.set("h2", "net.ipv6.icmp.echo_ignore_all", "1")
    return net.lose("h2:eth0 in", "fd01::2", "fd02::2").told()


def echo_to_many(net: Network) -> Told:
    return net.lose("r1:eth1 in", to="224.0.0.1").told()


def no_route_back(net: Network) -> Told:
    net.h2.output("ip", "route", "del", "default")
    return net.lose("h2:eth0 in").told()


def no_route_back6(net: Network) -> Told:
    net.h2.output("ip", "-6", "route", "del", "fd01::/16")
    return net.lose("h2:eth0 in", "fd01::2", "fd02::2").told()


def closed_port(net: Network) -> Told:
    return net.lose("h2:eth0 in", protocol="udp", port=9).told()


def closed_port_tcp(net: Network) -> Told:
    return net.lose("h2:eth0 in", protocol="tcp", port=9).told()


R1 = {"node": "r1"}
TO = {"to": "10.0.2.2"}
WAY_BACK = {"node": "h2", "to": "10.0.1.2", "network": "default", "gateway": "10.0.2.1"}
CASES: dict[Case, Told] = {
    no_route: ("", "why_no_route", "", {"node": "h1", **TO, "network": "default", "gateway": "10.0.1.1"}),
    no_route6: ("", "why_no_route", "", {"node": "h1", "to": "fd09::1", "network": "::/0", "gateway": "fd01::1"}),
    route_down: ("", "why_route_down", "h1:eth0 out", {"node": "h1", "to": "10.0.1.1", "device": "eth0"}),
    route_of_a_device_that_is_down: ("", "why_no_route_down", "", {"node": "h1", **TO, "device": "eth0"}),
    no_gateway: (
        "", "why_wrong_gateway", "h1:eth0 out",
        {"node": "h1", **TO, "device": "eth0", "neighbour": "10.0.1.77", "network": "default", "gateway": "10.0.1.1"},
    ),
    no_gateway_in_sight: (
        "", "why_no_gateway", "h1:eth0 out", {"node": "h1", **TO, "device": "eth0", "neighbour": "10.0.1.77"},
    ),
    peer_down: (
        "", "why_peer_down", "h1:eth0 out",
        {"node": "h1", "device": "eth0", "peer_node": "r1", "peer_device": "eth1"},
    ),
    no_neighbour_foreign_source: (
        "", "why_no_neighbour", "h1:eth0 out", {"node": "h1", "device": "eth0", "neighbour": "10.0.1.9"},
    ),
    blackhole: ("", "why_refusing_route", "", {"node": "h1", **TO, "kind": "blackhole"}),
    sent_too_big: (
        "", "why_too_big", "h1:eth0 out", {"node": "h1", "device": "eth0", "size": "1200", "mtu": "1000"},
    ),
    no_neighbour: (
        "", "why_no_neighbour", "h1:eth0 out", {"node": "h1", "device": "eth0", "neighbour": "10.0.1.9"},
    ),
    no_neighbour6: (
        "", "why_no_neighbour6", "h1:eth0 out", {"node": "h1", "device": "eth0", "neighbour": "fd01::9"},
    ),
    forwarding_off: (
        "r1:eth1 in", "why_not_forwarding", "r1:eth2 out", {**R1, "setting": "net.ipv4.ip_forward"},
    ),
    forwarding_off_for_one_device: (
        "r1:eth1 in", "why_not_forwarding", "r1:eth2 out", {**R1, "setting": "net.ipv4.conf.eth1.forwarding"},
    ),
    forwarding_off6: (
        "r1:eth1 in", "why_not_forwarding", "r1:eth2 out", {**R1, "setting": "net.ipv6.conf.all.forwarding"},
    ),
    no_route_on_the_way: (
        "r1:eth1 in", "why_no_route", "", {**R1, "to": "10.0.9.1", "network": "default", "gateway": ""},
    ),
    prohibited: ("r1:eth1 in", "why_refusing_route", "", {**R1, "to": "10.0.9.1", "kind": "prohibit"}),
    blackhole_on_the_way: ("r1:eth1 in", "why_refusing_route", "", {**R1, "to": "10.0.9.1", "kind": "blackhole"}),
    refusing_rule: ("r1:eth1 in", "why_refusing_route", "", {**R1, **TO, "kind": "blackhole"}),
    reverse_path: (
        "r1:eth1 in", "why_reverse_path", "", {**R1, "device": "eth1", "source": "10.0.2.9", "other": "eth2"},
    ),
    own_source: ("r1:eth1 in", "why_own_source", "", {**R1, "device": "eth1", "source": "10.0.2.1"}),
    ttl: ("r1:eth1 in", "why_ttl", "r1:eth2 out", {**R1, "ttl": "1"}),
    too_big_on_the_way: (
        "r1:eth1 in", "why_too_big", "r1:eth2 out", {**R1, "device": "eth2", "size": "1200", "mtu": "1000"},
    ),
    too_big_on_the_way6: (
        "r1:eth1 in", "why_too_big6", "r1:eth2 out", {**R1, "device": "eth2", "size": "1400", "mtu": "1300"},
    ),
    next_hop_unknown: (
        "r1:eth1 in", "why_no_neighbour", "r1:eth2 out", {**R1, "device": "eth2", "neighbour": "10.0.2.9"},
    ),
    next_link_dead: (
        "r1:eth1 in", "why_peer_down", "r1:eth2 out",
        {**R1, "device": "eth2", "peer_node": "h2", "peer_device": "eth0"},
    ),
    next_device_down: ("r1:eth1 in", "why_route_down", "r1:eth2 out", {**R1, **TO, "device": "eth2"}),
    other_mac: ("r1:eth1 in", "why_other_mac", "", {**R1, "device": "eth1", "mac": "02:00:00:00:00:99"}),
    queue_drops: ("", "why_queue_dropped", "h1:eth0 out", {"node": "h1", "device": "eth0", "kind": "tbf"}),
    echo_ignored: (
        "h2:eth0 in", "why_echo_ignored", "h2:eth0 out", {"node": "h2", "setting": "net.ipv4.icmp_echo_ignore_all"},
    ),
    echo_ignored6: (
        "h2:eth0 in", "why_echo_ignored", "h2:eth0 out", {"node": "h2", "setting": "net.ipv6.icmp.echo_ignore_all"},
    ),
    echo_to_many: (
        "r1:eth1 in", "why_echo_ignored", "r1:eth1 out", {**R1, "setting": "net.ipv4.icmp_echo_ignore_broadcasts"},
    ),
    no_route_back: ("h2:eth0 in", "why_no_route_back", "", WAY_BACK),
    no_route_back6: (
        "h2:eth0 in", "why_no_route_back", "", {"node": "h2", "to": "fd01::2", "network": "::/0", "gateway": "fd02::1"},
    ),
    too_big_for_the_peer: (
        "h1:eth0 out", "why_peer_mtu", "r1:eth1 in",
        {"node": "h1", "device": "eth0", "peer_node": "r1", "peer_device": "eth1", "size": "1005", "mtu": "1000"},
    ),
    closed_port: (
        "h2:eth0 in", "why_port_closed", "h2:eth0 out", {"node": "h2", "protocol": "UDP", "port": "9"},
    ),
    closed_port_tcp: (
        "h2:eth0 in", "why_port_closed", "h2:eth0 out", {"node": "h2", "protocol": "TCP", "port": "9"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.__name__))
def test_case(sandboxed: Sandboxed, case: Case) -> None:
    def inside(_: Any) -> Told:
        with network() as net:
            return case(net)

    assert sandboxed(inside) == CASES[case]
