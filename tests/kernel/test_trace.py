"""One packet followed through real namespaces: its hops in their order, what changed, and how it ended."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from inside import Node, Sandboxed, nodes
from lost import PATIENCE, Network, network

from tunlab import paths
from tunlab.engine.loop import Loop
from tunlab.engine.trace.tracer import Tracer, Wanted
from tunlab.errors import Status, TunlabError
from tunlab.kernel import sysctl
from tunlab.model.trace import Hop, Traced

pytestmark = pytest.mark.needs("sandbox")

THERE_AND_BACK = [
    "h1:eth0 out", "r1:eth1 in", "r1:eth2 out", "h2:eth0 in",
    "h2:eth0 out", "r1:eth2 in", "r1:eth1 out", "h1:eth0 in",
]  # fmt: skip


def traced(those: dict[str, Node], to: str, origin: str = "h1", **wanted: Any) -> tuple[list[Hop], Traced]:
    fds = {name: node.namespace.fileno() for name, node in those.items()}
    with Loop() as loop, Tracer(fds, loop) as tracer:
        *hops, end = tracer.trace(Wanted(origin, to, **wanted))
    return hops, end


def places(hops: list[Hop]) -> list[str]:
    return [f"{hop.node}:{hop.where}" for hop in hops]


def changed(hop: Hop) -> dict[str, tuple[str, str]]:
    return {change.what: (change.before, change.after) for change in hop.changes}


def run(sandboxed: Sandboxed, case: Callable[[Network], Any]) -> Any:
    def main(_: Any) -> Any:
        with network() as net:
            return case(net)

    return sandboxed(main)


def test_two_routers(sandboxed: Sandboxed) -> None:
    hops, end = run(sandboxed, lambda net: traced(net.nodes, "10.0.2.2"))
    assert places(hops) == THERE_AND_BACK
    assert (end.state, end.way, end.last, end.why) == ("answered", "back", "h1:eth0 in", None)
    assert [hop.way for hop in hops] == ["there"] * 4 + ["back"] * 4
    assert [hop.us for hop in hops] == sorted(hop.us for hop in hops)
    assert hops[0].us == 0
    assert end.us == pytest.approx(hops[-1].us, abs=1)
    assert changed(hops[2])["ttl"] == ("64", "63")
    assert "mac" in changed(hops[2])
    assert {hop.bytes for hop in hops} == {98}


@pytest.mark.parametrize("protocol", ["icmp", "udp", "tcp"])
def test_six(sandboxed: Sandboxed, protocol: str) -> None:
    hops, end = run(sandboxed, lambda net: traced(net.nodes, "fd02::2", protocol=protocol))
    assert places(hops) == THERE_AND_BACK
    assert end.state == ("answered" if protocol == "icmp" else "refused")


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_closed_port(sandboxed: Sandboxed, protocol: str) -> None:
    hops, end = run(sandboxed, lambda net: traced(net.nodes, "10.0.2.2", protocol=protocol, port=7))
    assert places(hops) == THERE_AND_BACK
    assert end.state == "refused"
    assert end.why is not None
    assert end.why.key.startswith("why_port_closed"), end.why


@pytest.mark.needs("sandbox", "nft")
def test_closed_port_beside_a_firewall(sandboxed: Sandboxed) -> None:
    """The reset is home: no rule can have dropped it, whatever it would drop else."""

    def case(net: Network) -> Any:
        net.h2.output("nft", "add table ip t; add chain ip t gate { type filter hook output priority 0; }")
        net.h2.output("nft", "add rule ip t gate ip daddr 10.9.9.9 drop")
        return traced(net.nodes, "10.0.2.2", protocol="tcp", port=7)

    _, end = run(sandboxed, case)
    assert end.why is not None
    assert (end.state, end.why.key) == ("refused", "why_port_closed")


def test_open_tcp_port(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Any:
        with net.h2.namespace.entered():
            listening = socket.create_server(("10.0.2.2", 80))
        with listening:
            return traced(net.nodes, "10.0.2.2", protocol="tcp", port=80)

    hops, end = run(sandboxed, case)
    assert places(hops) == THERE_AND_BACK
    assert end.state == "answered"


def test_who_has_read_a_datagram(sandboxed: Sandboxed) -> None:
    """A program that reports nothing: the kernel tells that the datagram was read, and whose socket it was."""

    def case(net: Network) -> tuple[Any, Any, int]:
        server = (
            "import socket; s = socket.socket(2, 2); s.bind(('', 53)); print('ready', flush=True)\n"
            "while True: s.sendto(*s.recvfrom(999))"
        )
        with net.h2.namespace.entered():
            running = subprocess.Popen([sys.executable, "-c", server], stdout=subprocess.PIPE)
        assert running.stdout is not None
        running.stdout.readline()
        try:
            return (
                *(traced(net.nodes, "10.0.2.2", protocol="udp", port=port, size=84) for port in (53, 54)),
                running.pid,
            )
        finally:
            running.kill()
            running.wait()

    (hops, end), (others, refused), pid = run(sandboxed, case)
    assert end.state == "answered"
    receiver = hops[4]
    assert (receiver.node, receiver.way, receiver.direction, receiver.socket) == ("h2", "there", "received", "UDP :53")
    assert (receiver.pid, receiver.bytes, receiver.device) == (pid, 56, "")
    assert places(hops[:4] + hops[5:]) == THERE_AND_BACK
    assert refused.state == "refused"
    assert not [hop for hop in others if hop.socket]


def test_open_udp_port_that_says_nothing(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Any:
        with net.h2.namespace.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("10.0.2.2", 53))
            return traced(net.nodes, "10.0.2.2", protocol="udp", port=53, patience=0.2)

    hops, end = run(sandboxed, case)
    assert places(hops) == THERE_AND_BACK[:4]
    assert (end.state, end.last) == ("lost", "h2:eth0 in")


def test_fragments(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Any:
        net.r1.netlink.set_link("eth2", mtu=1000)
        net.h2.netlink.set_link("eth0", mtu=1000)
        return traced(net.nodes, "10.0.2.2", size=1400), traced(net.nodes, "10.0.2.2", size=3000)

    (hops, end), (large, large_end) = run(sandboxed, case)
    assert end.state == large_end.state == "answered"
    assert places(hops) == places(large) == THERE_AND_BACK
    assert hops[0].fragments == ()
    assert changed(hops[2])["fragmented"][1] == "996+424"
    assert sum(hops[2].fragments) == hops[2].bytes == 996 + 424 + 2 * 14
    assert len(large[0].fragments) == 3
    assert len(large[2].fragments) > 3


@pytest.mark.needs("sandbox", "nft")
def test_nat(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Any:
        net.h2.output("ip", "route", "del", "default")
        net.r1.output("nft", "add table ip t")
        net.r1.output("nft", "add chain ip t post { type nat hook postrouting priority 100; }")
        net.r1.output("nft", "add rule ip t post oif eth2 masquerade")
        net.r1.output("nft", "add chain ip t pre { type nat hook prerouting priority -100; }")
        net.r1.output("nft", "add rule ip t pre ip daddr 10.9.9.9 dnat to 10.0.2.2")
        return traced(net.nodes, "10.0.2.2"), traced(net.nodes, "10.9.9.9", protocol="udp")

    (hops, end), (dnat, dnat_end) = run(sandboxed, case)
    assert places(hops) == places(dnat) == THERE_AND_BACK
    assert (end.state, dnat_end.state) == ("answered", "refused")
    assert changed(hops[2])["source"] == ("10.0.1.2", "10.0.2.1")
    assert changed(dnat[2])["destination"] == ("10.9.9.9:33434", "10.0.2.2:33434")
    assert dnat_end.why is not None


def test_vxlan(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Any:
        for node, local, remote, address in (
            (net.h1, "10.0.1.2", "10.0.2.2", "192.168.7.1/24"),
            (net.h2, "10.0.2.2", "10.0.1.2", "192.168.7.2/24"),
        ):
            words = f"ip link add vx0 type vxlan id 7 local {local} remote {remote} dstport 4789"
            try:
                node.output(*words.split())
            except AssertionError:
                pytest.skip("no vxlan")
            node.netlink.add_address("vx0", address)
            node.netlink.set_link("vx0", state="up")
        return traced(net.nodes, "192.168.7.2")

    hops, end = run(sandboxed, case)
    assert end.state == "answered"
    assert places(hops)[:6] == ["h1:vx0 out", *THERE_AND_BACK[:4], "h2:vx0 in"]
    assert len(hops) == 12
    assert "VXLAN 8" in changed(hops[1])["wrapped"][1]
    assert "unwrapped" in changed(hops[5])


LOST = {
    "no_route": ("ip -n h1 route del default", "10.0.2.2", "", "why_no_route"),
    "no_neighbour": ("true", "10.0.1.9", "", "why_no_neighbour"),
    "forwarding": ("sysctl", "10.0.2.2", "r1:eth1 in", "why_not_forwarding"),
    "no_return": ("ip -n h2 route del default", "10.0.2.2", "h2:eth0 in", "why_no_route_back"),
}


@pytest.mark.parametrize("name", LOST)
def test_lost(sandboxed: Sandboxed, name: str) -> None:
    command, to, last, key = LOST[name]

    def case(net: Network) -> Any:
        if command == "sysctl":
            net.set("r1", "net.ipv4.ip_forward", "0")
        else:
            net.h1.output(*command.split())
        return traced(net.nodes, to, patience=0.3)

    _, end = run(sandboxed, case)
    assert (end.state, end.last) == ("lost", last)
    assert end.why is not None
    assert end.why.key == key, end.why


@pytest.mark.parametrize("name", ["ttl", "mtu", "df"])
def test_refused_on_the_way(sandboxed: Sandboxed, name: str) -> None:
    """By an ICMP error of r1's."""

    def case(net: Network) -> Any:
        if name == "ttl":
            return traced(net.nodes, "10.0.2.2", ttl=1)
        net.r1.netlink.set_link("eth2", mtu=1300)
        return traced(net.nodes, "10.0.2.2" if name == "df" else "fd02::2", size=1400, df=name == "df")

    hops, end = run(sandboxed, case)
    assert places(hops) == ["h1:eth0 out", "r1:eth1 in", "r1:eth1 out", "h1:eth0 in"]
    assert [hop.way for hop in hops] == ["there"] * 2 + ["error"] * 2
    assert (end.state, end.last) == ("refused", "r1:eth1 in")
    assert end.why is not None
    assert end.why.key == {"ttl": "why_ttl", "mtu": "why_too_big6", "df": "why_too_big"}[name]


def test_too_big_for_the_first_link(sandboxed: Sandboxed) -> None:
    hops, end = run(sandboxed, lambda net: traced(net.nodes, "10.0.2.2", size=1600, df=True))
    assert (hops, end.state, end.last) == ([], "lost", "")
    assert end.why is not None
    assert (end.why.key, dict(end.why.values)["mtu"]) == ("why_too_big", "1500")


def test_neighbour_that_does_not_answer(sandboxed: Sandboxed) -> None:
    """While r1 asks for its MAC there is nothing to be seen; then it says so."""
    hops, end = run(sandboxed, lambda net: traced(net.nodes, "10.0.2.9"))
    assert places(hops) == ["h1:eth0 out", "r1:eth1 in", "r1:eth1 out", "h1:eth0 in"]
    assert (end.state, end.last) == ("refused", "r1:eth1 in")
    assert end.why is not None
    assert (end.why.key, end.why.expected) == ("why_no_neighbour", "r1:eth2 out")


def test_neighbour_of_the_sender_that_does_not_answer(sandboxed: Sandboxed) -> None:
    """Its stack tells itself so, on lo: that is no place of the packet's."""
    hops, end = run(sandboxed, lambda net: traced(net.nodes, "10.0.1.9"))
    assert (hops, end.state, end.way, end.last) == ([], "lost", "there", "")
    assert end.why is not None
    assert end.why.key == "why_no_neighbour"


def test_routers_in_a_row(sandboxed: Sandboxed) -> None:
    def main(_: Any) -> Any:
        with nodes("h1", "r1", "r2", "h2") as (h1, r1, r2, h2):
            for number, (left, right) in enumerate(pairwise((h1, r1, r2, h2)), 1):
                left.netlink.add_veth("right", "left", right.namespace)
                for node, device in ((left, "right"), (right, "left")):
                    node.netlink.add_address(device, f"10.0.{number}.{1 if node is left else 2}/24")
                    node.netlink.set_link(device, state="up")
            for router, to, gateway in ((r1, "10.0.3.0/24", "10.0.2.2"), (r2, "10.0.1.0/24", "10.0.2.1")):
                router.netlink.add_route(to, gateway, None)
                with router.namespace.entered():
                    sysctl.write("net.ipv4.ip_forward", "1")
            h1.netlink.add_route("default", "10.0.1.2", None)
            h2.netlink.add_route("default", "10.0.3.1", None)
            return traced({"h1": h1, "r1": r1, "r2": r2, "h2": h2}, "10.0.3.2")

    hops, end = sandboxed(main)
    assert end.state == "answered"
    there = [
        "h1:right out", "r1:left in", "r1:right out", "r2:left in", "r2:right out", "h2:left in",
    ]  # fmt: skip
    assert places(hops)[:6] == there
    assert places(hops)[6:] == [_turned(place) for place in reversed(there)]
    assert [changed(hop)["ttl"] for hop in hops if "ttl" in changed(hop)] == [("64", "63"), ("63", "62")] * 2


def _turned(place: str) -> str:
    at, _, direction = place.rpartition(" ")
    return f"{at} {'out' if direction == 'in' else 'in'}"


@pytest.mark.needs("sandbox", "tun")
def test_tun_that_nobody_holds(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Any:
        net.h1.output("ip", "tuntap", "add", "tun0", "mode", "tun")
        net.h1.netlink.add_address("tun0", "10.0.9.1/24")
        net.h1.netlink.set_link("tun0", state="up")
        return traced(net.nodes, "10.0.9.7", patience=0.2)

    hops, end = run(sandboxed, case)
    assert (hops, end.state, end.last) == ([], "lost", "")
    assert end.why is not None
    assert (end.why.key, end.why.expected) == ("why_no_program", "h1:tun0 out")


@pytest.mark.parametrize("known", [True, False], ids=["mac-known", "asked-by-arp"])
def test_far_host_down_behind_a_bridge(sandboxed: Sandboxed, known: bool) -> None:
    """The only other port that is up leads to a stranger, who ignores the copy that is flooded to it."""

    def main(_: Any) -> Any:
        with nodes("h1", "s1", "h2", "h3") as (h1, s1, h2, h3):
            s1.output("ip", "link", "add", "br0", "type", "bridge")
            for host in (h1, h2, h3):
                name = host.namespace.name
                host.netlink.add_veth("eth0", name, s1.namespace)
                host.netlink.add_address("eth0", f"10.0.0.{name[1]}/24")
                host.netlink.set_link("eth0", state="up")
                s1.netlink.set_link(name, state="up", master="br0")
            s1.netlink.set_link("br0", state="up")
            wait_for(lambda: _forwarding(s1) == 3)
            link = h3.netlink.link("eth0")
            assert link is not None
            h3.netlink.set_link("eth0", state="down")
            wait_for(lambda: _forwarding(s1) == 2)
            if known:
                h1.output("ip", "neigh", "replace", "10.0.0.3", "lladdr", link.address, "dev", "eth0")
            those = {node.namespace.name: node for node in (h1, s1, h2, h3)}
            return traced(those, "10.0.0.3", patience=0.2 if known else None)

    hops, end = sandboxed(main)
    assert end.state == "lost"
    assert "h2" not in {hop.node for hop in hops}
    assert end.last == ("s1:h2 out" if known else "")
    assert end.why is not None
    assert (end.why.key, dict(end.why.values)) == ("why_device_down", {"node": "h3", "device": "eth0"})


def test_tcp_without_a_way_back(sandboxed: Sandboxed) -> None:
    """That nobody listens there is true, too, but the reset would have been seen."""

    def case(net: Network) -> Any:
        net.h2.output("ip", "route", "del", "default")
        return traced(net.nodes, "10.0.2.2", protocol="tcp", port=22, patience=0.2)

    _, end = run(sandboxed, case)
    assert end.why is not None
    assert (end.state, end.way, end.why.key) == ("lost", "back", "why_no_route_back")


def test_from_a_node_without_an_address(sandboxed: Sandboxed) -> None:
    def main(_: Any) -> Any:
        with nodes("s1") as (s1,):
            return traced({"s1": s1}, "10.0.0.1", origin="s1", patience=0.2)

    hops, end = sandboxed(main)
    assert end.why is not None
    assert (hops, end.last, end.why.key) == ([], "", "why_no_address")


@pytest.mark.parametrize("case", ["answered", "ignored", "nobody"])
def test_flooded(sandboxed: Sandboxed, case: str) -> None:
    """Two bridges that have learned nothing: everybody hears the frame, and only its way is told."""

    def main(_: Any) -> Any:
        with nodes("h1", "s1", "s2", "h2", "h3", "h4") as (h1, s1, s2, h2, h3, h4):
            for host, switch in ((h1, s1), (h2, s1), (h3, s1), (h4, s2)):
                name = host.namespace.name
                host.netlink.add_veth("eth0", name, switch.namespace)
                host.netlink.add_address("eth0", f"10.0.0.{name[1]}/24")
                host.netlink.set_link("eth0", state="up")
            s1.netlink.add_veth("s2", "s1", s2.namespace)
            for switch, ports in ((s1, ("s2", "h1", "h2", "h3")), (s2, ("s1", "h4"))):
                switch.output("ip", "link", "add", "br0", "type", "bridge", "ageing_time", "0")
                for port in ports:
                    switch.netlink.set_link(port, state="up", master="br0")
                switch.netlink.set_link("br0", state="up")
            wait_for(lambda: [_forwarding(switch) for switch in (s1, s2)] == [4, 2])
            link = h2.netlink.link("eth0")
            assert link is not None
            mac = "02:00:00:00:00:99" if case == "nobody" else link.address
            h1.output("ip", "neigh", "replace", "10.0.0.2", "lladdr", mac, "dev", "eth0")
            if case == "ignored":
                with h2.namespace.entered():
                    sysctl.write("net.ipv4.icmp_echo_ignore_all", "1")
            those = {node.namespace.name: node for node in (h1, s1, s2, h2, h3, h4)}
            return traced(those, "10.0.0.2", patience=None if case == "answered" else 0.2)

    hops, end = sandboxed(main)
    there = ["h1:eth0 out", "s1:h1 in", "s1:h2 out", "h2:eth0 in"]
    if case == "answered":
        assert places(hops) == [*there, "h2:eth0 out", "s1:h2 in", "s1:h1 out", "h1:eth0 in"]
        return
    assert end.state == "lost"
    assert end.why is not None
    if case == "ignored":
        assert places(hops) == there
        assert (end.last, end.why.key) == ("h2:eth0 in", "why_echo_ignored")
    else:
        assert places(hops)[:2] == there[:2]
        assert {hop.node for hop in hops} == {"h1", "s1"}
        assert (end.last.partition(":")[0], end.why.key) == ("s1", "why_flooded")


def _forwarding(switch: Node) -> int:
    """How many ports are: the kernel lets them some moments after they have a carrier."""
    return switch.output("bridge", "link").count("state forwarding")


def wait_for(state: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not state():
        assert time.monotonic() < deadline


def test_wrong_neighbour(sandboxed: Sandboxed) -> None:
    """On a cable the frame arrives whatever its MAC, and is ignored."""

    def case(net: Network) -> Any:
        net.h1.output("ip", "neigh", "replace", "10.0.1.1", "lladdr", "02:00:00:00:00:99", "dev", "eth0")
        return traced(net.nodes, "10.0.2.2", patience=0.2)

    hops, end = run(sandboxed, case)
    assert places(hops) == ["h1:eth0 out", "r1:eth1 in"]
    assert end.why is not None
    assert (end.state, end.last, end.why.key) == ("lost", "r1:eth1 in", "why_other_mac")


@pytest.mark.parametrize("protocol", ["icmp", "udp", "tcp"])
def test_link_local(sandboxed: Sandboxed, protocol: str) -> None:
    def case(net: Network) -> Any:
        net.r1.output("ip", "addr", "add", "fe80::1/64", "dev", "eth1", "nodad")
        net.h1.output("ip", "addr", "add", "fe80::2/64", "dev", "eth0", "nodad")
        return traced(net.nodes, "fe80::1%eth0", protocol=protocol, size=100)

    hops, end = run(sandboxed, case)
    assert places(hops) == ["h1:eth0 out", "r1:eth1 in", "r1:eth1 out", "h1:eth0 in"]
    assert end.state == ("answered" if protocol == "icmp" else "refused")


NOT_ONE = {
    "0.0.0.0": "trace_nobodys",
    "::": "trace_nobodys",
    "224.0.0.1": "trace_nobodys",
    "ff02::1": "trace_nobodys",
    "255.255.255.255": "trace_nobodys",
    "fe80::1": "trace_link_local",
    "fe80::1%none": "trace_no_device",
}


def test_no_address_of_one_node(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Any:
        said = {}
        for address in NOT_ONE:
            with pytest.raises(TunlabError) as refused:
                traced(net.nodes, address)
            said[address] = (refused.value.key, refused.value.status)
        return said

    assert run(sandboxed, case) == {address: (key, Status.USAGE) for address, key in NOT_ONE.items()}


class Programs:
    """Programs in nodes for the length of a block."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[str]] = []

    def __enter__(self) -> "Programs":
        paths.LISTENERS.mkdir(exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._started:
            each.kill()
            each.wait()

    def start(self, node: Node, *words: str) -> int:
        """Its pid, once it has said that it holds its device."""
        started = self.run(node, sys.executable, *words)
        assert started.stdout is not None
        assert started.stdout.readline()
        return started.pid

    def run(self, node: Node, *words: str) -> subprocess.Popen[str]:
        environment = os.environ | {"TUNLAB_REPORTS": str(paths.LISTENERS), "TUNLAB_NODE": node.namespace.name}
        with node.namespace.entered():
            started = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)
        self._started.append(started)
        return started

    def wait_for(self, line: str) -> None:
        """Until each of them has printed that."""
        for each in self._started:
            assert each.stdout is not None
            assert any(line in printed for printed in each.stdout)


def holding(net: Network, programs: Programs, program: str) -> int:
    pid = programs.start(net.h1, "-m", f"tunlab.programs.{program}", "--device", "tun0")
    net.h1.netlink.add_address("tun0", "10.0.9.1/24")
    net.h1.netlink.set_link("tun0", state="up")
    return pid


@pytest.mark.needs("sandbox", "tun")
def test_program_of_ours_answers(sandboxed: Sandboxed) -> None:
    def case(net: Network) -> Any:
        with Programs() as programs:
            return holding(net, programs, "echo"), traced(net.nodes, "10.0.9.7")

    pid, (hops, end) = run(sandboxed, case)
    assert places(hops) == ["h1:tun0 out", f"h1:echo pid {pid}", "h1:tun0 in"]
    assert end.state == "answered"
    program = hops[1]
    assert (program.direction, program.bytes, program.bytes_out, program.inferred) == ("through", 84, 84, False)
    assert [hop.way for hop in hops] == ["there", "there", "back"]


@pytest.mark.needs("sandbox", "tun")
@pytest.mark.parametrize("program", ["reader", "deaf"])
def test_program_of_ours_says_nothing(sandboxed: Sandboxed, program: str) -> None:
    def case(net: Network) -> Any:
        with Programs() as programs:
            return holding(net, programs, program), traced(net.nodes, "10.0.9.7", patience=0.3)

    pid, (hops, end) = run(sandboxed, case)
    read = [f"h1:{program} pid {pid}"] if program == "reader" else []
    assert places(hops) == ["h1:tun0 out", *read]
    assert (end.state, end.last) == ("lost", "h1:tun0 out")
    assert end.why is not None
    assert end.why.key == {"reader": "why_program_silent", "deaf": "why_program_deaf"}[program]


@pytest.mark.needs("sandbox", "tun")
@pytest.mark.parametrize("key", [0, 0x5A])
def test_foreign_tunnel(sandboxed: Sandboxed, key: int) -> None:
    """Plain, its packets are known by their bytes; hidden, by time and size alone."""

    def case(net: Network) -> Any:
        pids = []
        with Programs() as programs:
            tunnel = str(Path(__file__).with_name("tunnel.py"))
            for node, local, remote, address in (
                (net.h1, "10.0.1.2", "10.0.2.2", "192.168.7.1/24"),
                (net.h2, "10.0.2.2", "10.0.1.2", "192.168.7.2/24"),
            ):
                pids.append(programs.start(node, tunnel, "tun0", local, remote, str(key)))
                node.netlink.add_address("tun0", address)
                net.set(node.namespace.name, "net.ipv6.conf.tun0.disable_ipv6", "1")  # the link is to be idle
                node.netlink.set_link("tun0", state="up")
            return pids, traced(net.nodes, "192.168.7.2")

    (one, other), (hops, end) = run(sandboxed, case)
    name = "tunnel.py"
    assert end.state == "answered"
    assert places(hops) == [
        "h1:tun0 out", f"h1:{name} pid {one}", *THERE_AND_BACK[:4], f"h2:{name} pid {other}", "h2:tun0 in",
        "h2:tun0 out", f"h2:{name} pid {other}", *THERE_AND_BACK[4:], f"h1:{name} pid {one}", "h1:tun0 in",
    ]  # fmt: skip
    assert [hop.inferred for hop in hops] == ([False, *[key != 0] * 6, False] * 2)
    assert (hops[1].bytes, hops[1].bytes_out) == (hops[6].bytes, hops[6].bytes_out) == (84, 84)
    assert "UDP 8" in changed(hops[2])["wrapped"][1]
    assert changed(hops[4])["ttl"] == ("64", "63")
    assert "unwrapped" in changed(hops[7])


@pytest.mark.needs("sandbox", "tun")
def test_bridge_with_a_tap_program(sandboxed: Sandboxed) -> None:
    """h1 asks a guest behind r1, which switches between the cable and a tap."""

    def case(net: Network) -> Any:
        with Programs() as programs:
            guest = ("-m", "tunlab.programs.guest", "--device", "tap0", "--address", "10.0.1.7/24")
            pid = programs.start(net.r1, *guest)
            net.r1.netlink.add_device("br0", "bridge")
            for device in ("tap0", "eth1"):
                net.r1.netlink.set_link(device, state="up", master="br0")
            net.r1.netlink.set_link("br0", state="up")
            traced(net.nodes, "10.0.1.7")  # the bridge has learnt then who is where
            return pid, traced(net.nodes, "10.0.1.7")

    pid, (hops, end) = run(sandboxed, case)
    assert end.state == "answered"
    assert places(hops) == [
        "h1:eth0 out", "r1:eth1 in", "r1:tap0 out", f"r1:guest pid {pid}", "r1:tap0 in", "r1:eth1 out", "h1:eth0 in",
    ]  # fmt: skip
    assert [hop.port_of for hop in hops] == ["", "br0", "br0", "", "br0", "br0", ""]


@pytest.mark.needs("sandbox", "tun")
def test_tun_forwarded(sandboxed: Sandboxed) -> None:
    """h2 asks an address behind h1's tun, where echo answers; r1 and h1 forward."""

    def case(net: Network) -> Any:
        with Programs() as programs:
            pid = holding(net, programs, "echo")
            net.set("h1", "net.ipv4.ip_forward", "1")
            net.r1.netlink.add_route("10.0.9.0/24", "10.0.1.2", None)
            return pid, traced(net.nodes, "10.0.9.7", origin="h2")

    pid, (hops, end) = run(sandboxed, case)
    assert end.state == "answered"
    assert places(hops) == [
        *THERE_AND_BACK[4:], "h1:tun0 out", f"h1:echo pid {pid}", "h1:tun0 in", *THERE_AND_BACK[:4],
    ]  # fmt: skip
    assert changed(hops[4])["ttl"] == ("63", "62")
    assert "unwrapped" in changed(hops[4])  # the Ethernet header


@pytest.mark.needs("sandbox", "tun")
@pytest.mark.parametrize("secret", [False, True])
def test_openvpn(sandboxed: Sandboxed, tmp_path: Path, secret: bool) -> None:
    openvpn = shutil.which("openvpn", path=paths.search_path())
    if openvpn is None:
        pytest.skip("no openvpn")
    key = tmp_path / "key"
    subprocess.run([openvpn, "--genkey", "secret", str(key)], check=True)
    hidden = ["--secret", str(key), "--cipher", "AES-256-CBC"] if secret else ["--cipher", "none", "--auth", "none"]

    def case(net: Network) -> Any:
        ends = ((net.h1, "10.0.2.2", "192.168.7.1", "192.168.7.2"), (net.h2, "10.0.1.2", "192.168.7.2", "192.168.7.1"))
        with Programs() as programs:
            for node, remote, own, other in ends:
                words = ["--dev", "tun0", "--dev-type", "tun", "--remote", remote, "--ifconfig", own, other, *hidden]
                programs.run(node, openvpn, "--auth-nocache", "--ping", "0", *words)
            programs.wait_for("Initialization Sequence Completed")
            return traced(net.nodes, "192.168.7.2")

    hops, end = run(sandboxed, case)
    assert end.state == "answered"
    there = [place.partition(" pid ")[0] for place in places(hops)[: len(hops) // 2]]
    assert there == ["h1:tun0 out", "h1:openvpn", *THERE_AND_BACK[:4], "h2:openvpn", "h2:tun0 in"]
    assert [hop.inferred for hop in hops] == [False, *[secret] * 6, False] * 2
