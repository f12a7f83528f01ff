"""A topology as it is made, compared with what ip(8) and tc(8) say of it; and that nothing of it stays."""

import json
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from inside import Sandboxed, output

from tunlab.engine.building import Built, built
from tunlab.errors import KernelError, Status, TunlabError
from tunlab.kernel import namespaces, qdiscs
from tunlab.kernel.open_files import allow_for
from tunlab.kernel.tuntap import Tun
from tunlab.model.endpoint import Endpoint
from tunlab.model.interface import PLAIN, Interface
from tunlab.model.node_devices import (
    BridgeDevice,
    Device,
    DummyDevice,
    IpTunnel,
    OnDevice,
    TunTap,
    VxlanDevice,
    WireguardDevice,
    WireguardPeer,
)
from tunlab.model.program import Program
from tunlab.model.topology import Link, Netem, Node, Topology

pytestmark = pytest.mark.needs("sandbox")

KEY = "GDN8C5HJXmVTcI4rFkwPaDIaNJ2ASBZU2ZX2VbPSZWw="
PUBLIC = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="


def ends(near: str, far: str) -> tuple[Endpoint, Endpoint]:
    one, other = (Endpoint(*each.split(":")) for each in (near, far))
    return one, other


ONE_LINK = Link(ends("h1:eth0", "h2:eth0"))


def of(*devices: Device, link: Link = ONE_LINK, **more: Any) -> Topology:
    """Two nodes with a link, the first with these devices too."""
    return Topology((Node("h1", devices=devices, **more), Node("h2")), (link,))


@dataclass
class Seen:
    """What a node's tools print, as data."""

    standing: Built

    def json(self, node: str, *words: str) -> Any:
        with self.standing.namespaces[node].entered():
            return json.loads(output(*words) or "[]")

    def device(self, name: str, node: str = "h1") -> Any:
        return self.json(node, "ip", "-j", "-d", "addr", "show", "dev", name)[0]

    def names(self, node: str = "h1") -> set[str]:
        return {each["ifname"] for each in self.json(node, "ip", "-j", "link")}

    def data(self, name: str, node: str = "h1") -> Any:
        return self.device(name, node)["linkinfo"]["info_data"]


@contextmanager
def seen(topology: Topology, up: bool = True) -> Iterator[Seen]:
    with built(topology, up) as standing:
        yield Seen(standing)


def addresses(device: Any) -> list[str]:
    found = [(each["local"], each["prefixlen"], each.get("scope")) for each in device["addr_info"]]
    return [f"{local}/{length}" for local, length, scope in found if scope != "link"]


def has_ipv6() -> bool:
    return Path("/proc/sys/net/ipv6").is_dir()


def left() -> list[str]:
    """What a topology has left behind."""
    return sorted(path.name for path in Path("/run/netns").iterdir())


# Links


def test_link_has_what_the_file_says(sandboxed: Sandboxed) -> None:
    near = Interface(mtu=1400, mac="02:00:00:00:00:01", addresses=("10.0.0.1/24", "10.0.1.1/16"))
    far = Interface(mtu=1300, mac="02:00:00:00:00:02", addresses=("10.0.0.2/24",), state="down")

    def inside(_: Any) -> tuple[Any, Any, Any]:
        with seen(of(link=replace(ONE_LINK, interfaces=(near, far)))) as it:
            return it.device("eth0"), it.device("eth0", "h2"), it.device("lo")

    one, other, loopback = sandboxed(inside)
    assert (one["mtu"], one["address"], addresses(one)) == (1400, near.mac, list(near.addresses))
    assert (other["mtu"], other["address"], addresses(other)) == (1300, far.mac, list(far.addresses))
    assert one["linkinfo"]["info_kind"] == "veth"
    assert "UP" in one["flags"] and "UP" not in other["flags"]
    assert "UP" in loopback["flags"]


def test_lab_leaves_devices_down(sandboxed: Sandboxed) -> None:
    link = replace(ONE_LINK, interfaces=(PLAIN, Interface(state="up")))

    def inside(_: Any) -> list[bool]:
        with seen(of(BridgeDevice("br0"), link=link), up=False) as it:
            found = [it.device("eth0"), it.device("br0"), it.device("eth0", "h2"), it.device("lo")]
            return ["UP" in each["flags"] for each in found]

    assert sandboxed(inside) == [False, False, True, True]


def test_ipv6_address_is_there_at_once(sandboxed: Sandboxed) -> None:
    link = replace(ONE_LINK, interfaces=(Interface(addresses=("fd00::1/64",)), PLAIN))

    def inside(_: Any) -> Any:
        if not has_ipv6():
            return None
        with seen(of(link=link)) as it:
            (address,) = [each for each in it.device("eth0")["addr_info"] if each["local"] == "fd00::1"]
            return address

    address = sandboxed(inside)
    assert address is None or ("tentative" not in address and address["prefixlen"] == 64)


def test_two_ends_in_one_node(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> set[str]:
        with seen(Topology((Node("h1"),), (Link(ends("h1:a", "h1:b")),))) as it:
            return it.names()

    assert {"lo", "a", "b"} <= sandboxed(inside)


def test_rate_is_a_token_bucket_at_both_ends(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> list[Any]:
        with seen(of(link=replace(ONE_LINK, rate=10_000_000))) as it:
            return [it.json(node, "tc", "-j", "qdisc", "show", "dev", "eth0")[0] for node in ("h1", "h2")]

    for qdisc in sandboxed(inside):
        assert (qdisc["kind"], qdisc.get("root")) == ("tbf", True)
        assert qdisc["options"]["rate"] == 10_000_000 / 8
        assert qdisc["options"]["burst"] >= 2 * 1500
        assert qdisc["options"]["lat"] == pytest.approx(50_000, rel=0.01)  # microseconds


@pytest.mark.parametrize("rate", [1000, 40_000_000_000])
def test_slow_and_fast_rates(sandboxed: Sandboxed, rate: int) -> None:
    def inside(_: Any) -> Any:
        with seen(of(link=replace(ONE_LINK, rate=rate))) as it:
            return it.json("h1", "tc", "-j", "qdisc", "show", "dev", "eth0")[0]["options"]["rate"]

    assert sandboxed(inside) == rate / 8


@pytest.mark.parametrize("rate", [1000, 10_000_000, 40_000_000_000])
def test_the_command_for_a_rate_does_the_same(sandboxed: Sandboxed, rate: int) -> None:
    def inside(_: Any) -> tuple[Any, Any]:
        with seen(of(link=replace(ONE_LINK, rate=rate))) as it, it.standing.namespaces["h1"].entered():
            made = it.json("h1", "tc", "-j", "qdisc", "show", "dev", "eth0")
            output("tc", "qdisc", "del", "dev", "eth0", "root")
            output("tc", "qdisc", "add", "dev", "eth0", *qdiscs.tbf_words(rate, 1500, below_netem=False).split())
            return made, it.json("h1", "tc", "-j", "qdisc", "show", "dev", "eth0")

    made, typed = sandboxed(inside)
    assert made == typed


def test_netem_and_rate(sandboxed: Sandboxed) -> None:
    netem = Netem(delay=20_000, jitter=5_000, loss=0.5, duplicate=1, reorder=25, corrupt=0.1, limit=77)

    def inside(_: Any) -> list[Any]:
        with refusing_kinds("netem"), seen(of(link=replace(ONE_LINK, rate=1_000_000, netem=netem))) as it:
            return list(it.json("h1", "tc", "-j", "qdisc", "show", "dev", "eth0"))

    root, child = sandboxed(inside)
    options = root["options"]
    assert (root["kind"], options["limit"], options["delay"]["delay"], options["delay"]["jitter"]) == (
        "netem",
        77,
        pytest.approx(0.02),
        pytest.approx(0.005),
    )
    assert options["loss-random"]["loss"] == pytest.approx(0.005, rel=0.01)
    assert options["duplicate"]["duplicate"] == pytest.approx(0.01, rel=0.01)
    assert options["reorder"]["reorder"] == pytest.approx(0.25, rel=0.01)
    assert options["corrupt"]["corrupt"] == pytest.approx(0.001, rel=0.01)
    assert (child["kind"], child["parent"], child["options"]["rate"]) == ("tbf", "1:1", 125_000)


# Devices


def test_bridge_with_ports(sandboxed: Sandboxed) -> None:
    bridge = BridgeDevice("br0", Interface(mtu=1450, mac="02:00:00:00:00:0a", addresses=("10.0.0.1/24",)), stp=True)
    link = replace(ONE_LINK, interfaces=(Interface(mtu=1400, master="br0"), PLAIN))

    def inside(_: Any) -> tuple[Any, Any]:
        with seen(of(bridge, link=link)) as it:
            return it.device("br0"), it.device("eth0")

    found, port = sandboxed(inside)
    assert (found["mtu"], found["address"], addresses(found)) == (1450, "02:00:00:00:00:0a", ["10.0.0.1/24"])
    assert found["linkinfo"]["info_data"]["stp_state"] == 1
    assert (port["master"], port["mtu"]) == ("br0", 1400)


def test_bridge_that_filters(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> int:
        try:
            with seen(of(BridgeDevice("br0", vlan_filtering=True))) as it:
                return int(it.data("br0")["vlan_filtering"])
        except KernelError as refused:  # a kernel that was built without it
            assert (refused.errno_name, refused.attempt) == (
                "EOPNOTSUPP",
                "ip -n h1 link add br0 type bridge vlan_filtering 1",
            )
            pytest.skip("no vlan_filtering")

    assert sandboxed(inside) == 1


@pytest.mark.needs("tun")
def test_tun_and_tap(sandboxed: Sandboxed) -> None:
    mine = str(os.geteuid())
    tun = TunTap("tun0", "tun", Interface(mtu=1400, addresses=("192.0.2.1/24",)), packet_information=True)
    tap = TunTap("tap0", "tap", Interface(mac="02:00:00:00:00:0b", master="br0"), multi_queue=True, vnet_header=True)

    def inside(_: Any) -> tuple[Any, Any]:
        with seen(of(tun, replace(tap, owner=mine), BridgeDevice("br0"))) as it:
            return it.device("tun0"), it.device("tap0")

    one, other = sandboxed(inside)
    data = one["linkinfo"]["info_data"]
    assert (one["mtu"], addresses(one), data["type"]) == (1400, ["192.0.2.1/24"], "tun")
    assert (data["pi"], data["multi_queue"], data["vnet_hdr"], data["persist"]) == (True, False, False, True)
    data = other["linkinfo"]["info_data"]
    assert (other["address"], other["master"], data["type"]) == ("02:00:00:00:00:0b", "br0", "tap")
    assert (data["pi"], data["multi_queue"], data["vnet_hdr"], data["persist"]) == (False, True, True, True)
    assert "user" in data


@pytest.mark.needs("tun")
def test_program_s_device_is_finished_when_it_is_there(sandboxed: Sandboxed) -> None:
    at = Endpoint("h1", "tun0")
    interface = Interface(mtu=1280, addresses=("192.0.2.1/24",))
    tun = TunTap("tun0", "tun", interface, persistent=False, program=Program("p", "h1", module="echo", device=at))
    above = VxlanDevice("vxlan7", 7, remote="192.0.2.2", device="tun0")

    def inside(_: Any) -> tuple[set[str], Any, Any]:
        with seen(of(tun, above)) as it:
            before = it.names()
            with it.standing.namespaces["h1"].entered():
                held = Tun("tun0")
                held.__enter__()
            with held_until_end(held):
                it.standing.finish(at)
                it.standing.finish(at)
                return before, it.device("tun0"), it.device("vxlan7")

    before, found, upper = sandboxed(inside)
    assert not {"tun0", "vxlan7"} & before
    assert (found["mtu"], addresses(found), "UP" in found["flags"]) == (1280, ["192.0.2.1/24"], True)
    assert upper["linkinfo"]["info_data"]["link"] == "tun0"


@contextmanager
def held_until_end(tun: Tun) -> Iterator[None]:
    try:
        yield
    finally:
        tun.__exit__()


# (device, its kind's own fields as ip -d shows them, module)
KINDS: list[tuple[Device, dict[str, Any], str]] = [
    (
        VxlanDevice("new0", 7, remote="10.0.0.2", local="10.0.0.1", port=4790, device="eth0"),
        {"id": 7, "remote": "10.0.0.2", "local": "10.0.0.1", "port": 4790, "link": "eth0", "learning": True},
        "vxlan",
    ),
    (VxlanDevice("new0", 8, group="239.1.1.1", device="eth0"), {"id": 8, "group": "239.1.1.1"}, "vxlan"),
    (VxlanDevice("new0", 9), {"id": 9, "port": 4789}, "vxlan"),
    (OnDevice("new0", "macvlan", "eth0", mode="private"), {"mode": "private"}, "macvlan"),
    (OnDevice("new0", "macvlan", "eth0"), {"mode": "bridge"}, "macvlan"),
    (OnDevice("new0", "ipvlan", "eth0", mode="l3"), {"mode": "l3"}, "ipvlan"),
    (OnDevice("new0", "vlan", "eth0", id=42), {"protocol": "802.1Q", "id": 42}, "8021q"),
    (DummyDevice("new0"), {}, "dummy"),
    (
        IpTunnel("new0", "ipip", "10.0.0.2", local="10.0.0.1", ttl=9, device="eth0"),
        {"remote": "10.0.0.2", "local": "10.0.0.1", "ttl": 9, "link": "eth0"},
        "ipip",
    ),
    (IpTunnel("new0", "gre", "10.0.0.2"), {"remote": "10.0.0.2", "local": "any"}, "ip_gre"),
    (
        IpTunnel("new0", "gre", "10.0.0.2", local="10.0.0.1", ttl=9, key=7),
        {"remote": "10.0.0.2", "local": "10.0.0.1", "ttl": 9, "ikey": "0.0.0.7", "okey": "0.0.0.7"},
        "ip_gre",
    ),
]


@contextmanager
def refusing_kinds(kind: str, module: str = "") -> Iterator[None]:
    """Where the kernel lacks a kind: see that the sentence names it and that nothing is left, and skip the rest."""
    try:
        yield
    except TunlabError as error:
        if error.key not in ("no_device_kind", "no_queue_kind"):
            raise
        named = {"endpoint": Endpoint("h1", "eth0" if kind == "netem" else "new0"), "kind": kind}
        assert (error.status, error.values) == (Status.ENVIRONMENT, named | {"module": module or f"sch_{kind}"})
        assert left() == []
        pytest.skip(f"no {kind}")


@pytest.mark.parametrize(
    ("device", "fields", "module"), KINDS, ids=[f"{each[0].kind}-{n}" for n, each in enumerate(KINDS)]
)
def test_kind(sandboxed: Sandboxed, device: Device, fields: dict[str, Any], module: str) -> None:
    interface = Interface(mtu=1300, addresses=("192.0.2.1/24",))

    def inside(_: Any) -> Any:
        with refusing_kinds(device.kind, module), seen(of(replace(device, interface=interface))) as it:
            return it.device("new0")

    found = sandboxed(inside)
    information = found["linkinfo"]
    assert (found["mtu"], addresses(found), "UP" in found["flags"]) == (1300, ["192.0.2.1/24"], True)
    assert information["info_kind"] == device.kind
    assert {key: information.get("info_data", {}).get(key) for key in fields} == fields
    if isinstance(device, OnDevice):
        assert found["link"] == "eth0"


def test_wireguard(sandboxed: Sandboxed) -> None:
    peer = WireguardPeer(PUBLIC, ("10.9.0.0/24", "fd00::/64"), "10.0.0.2:51820", 25)
    device = WireguardDevice("new0", Interface(addresses=("10.9.0.1/24",)), KEY, 51821, (peer,))

    def inside(_: Any) -> tuple[Any, Any]:
        from pyroute2 import WireGuard

        with refusing_kinds("wireguard", "wireguard"), seen(of(device)) as it:
            with it.standing.namespaces["h1"].entered(), WireGuard() as wireguard:
                (said,) = wireguard.info("new0")
            (far,) = said.get_attr("WGDEVICE_A_PEERS")
            allowed = sorted(each["addr"] for each in far.get_attr("WGPEER_A_ALLOWEDIPS"))
            return said.get_attr("WGDEVICE_A_LISTEN_PORT"), (
                far.get_attr("WGPEER_A_PUBLIC_KEY").decode(),
                far.get_attr("WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL"),
                allowed,
            )

    assert sandboxed(inside) == (51821, (PUBLIC, 25, ["10.9.0.0/24", "fd00::/64"]))


# Settings


def test_settings_come_before_devices(sandboxed: Sandboxed) -> None:
    settings = (("net.ipv4.conf.default.rp_filter", "2"),)

    def inside(_: Any) -> list[str]:
        topology = Topology((Node("h1", settings), Node("r1", kind="router")), (Link(ends("h1:eth0", "r1:eth0")),))
        with built(topology, up=True) as standing:
            said = []
            for node, key in (("h1", "ip_forward"), ("r1", "ip_forward"), ("h1", "conf/eth0/rp_filter")):
                with standing.namespaces[node].entered():
                    said.append(Path("/proc/sys/net/ipv4", key).read_text().strip())
            return said

    assert sandboxed(inside) == ["0", "1", "2"]


# What fails half-way leaves nothing


def refusal(sandboxed: Sandboxed, topology: Topology) -> TunlabError:
    def inside(_: Any) -> None:
        try:
            with built(topology, up=True):
                pass
        except TunlabError:
            assert left() == []
            with built(of(), up=True):  # the names are free, and this thread is at home
                pass
            raise

    with pytest.raises(TunlabError) as refused:
        sandboxed(inside)
    return refused.value


BROKEN: list[tuple[Callable[[], Topology], str, str]] = [
    (
        lambda: of(link=replace(ONE_LINK, interfaces=(PLAIN, Interface(addresses=("10.0.0.1/24", "10.0.0.1/24"))))),
        "EEXIST",
        "ip -n h2 addr add 10.0.0.1/24 dev eth0",
    ),
    (lambda: of(BridgeDevice("eth0")), "EEXIST", "ip -n h1 link add eth0 type bridge"),
    (lambda: of(sysctls=(("net.ipv4.no_such_thing", "1"),)), "EACCES ENOENT", "sysctl -w net.ipv4.no_such_thing=1"),
    (
        lambda: Topology((Node("h1"), Node("h2")), (ONE_LINK, ONE_LINK)),
        "EEXIST",
        "ip -n h1 link add eth0 type veth peer name eth0 netns h2",
    ),
    (
        lambda: of(BridgeDevice("br0"), BridgeDevice("br1", Interface(master="br0"))),
        "ELOOP EINVAL",
        "ip -n h1 link set dev br1 master br0",
    ),
]


@pytest.mark.parametrize(("topology", "names", "attempt"), BROKEN, ids=[each[2] for each in BROKEN])
def test_refusal_leaves_nothing(
    sandboxed: Sandboxed, topology: Callable[[], Topology], names: str, attempt: str
) -> None:
    refused = refusal(sandboxed, topology())
    assert isinstance(refused, KernelError)
    assert (refused.errno_name in names.split(), refused.attempt) == (True, attempt)


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6")
def test_refusal_has_the_kernel_s_own_words(sandboxed: Sandboxed) -> None:
    link = replace(ONE_LINK, interfaces=(Interface(addresses=("fd00::1/64",)), PLAIN))
    refused = refusal(sandboxed, of(link=link, sysctls=(("net.ipv6.conf.default.disable_ipv6", "1"),)))
    assert isinstance(refused, KernelError)
    assert refused.errno_name == "EACCES"
    assert "IPv6 is disabled" in str(refused.values["errno"])


def test_as_many_files_as_the_nodes_need(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> tuple[int, TunlabError]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 300))
        topology = Topology(tuple(Node(f"h{number}") for number in range(70)))
        with built(topology, up=True), namespaces.named() as nodes:
            made = len(nodes)
        with pytest.raises(TunlabError) as refused:
            allow_for(100)
        return made, refused.value

    made, refused = sandboxed(inside)
    assert (made, refused.key, refused.values["most"]) == (70, "too_many_nodes", 300)


def test_a_file_among_the_names_is_no_namespace(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> list[str]:
        Path("/run/netns/file").touch()
        os.mkfifo("/run/netns/fifo")
        with built(of(), up=True), namespaces.named() as nodes:
            return [name for name, _ in nodes]

    assert sandboxed(inside) == ["h1", "h2"]


def test_a_device_that_its_program_has_not_made(sandboxed: Sandboxed) -> None:
    program = Program("p", "h1", words=("true",), device=Endpoint("h1", "tun0"))

    def inside(_: Any) -> None:
        with built(of(TunTap("tun0", "tun", persistent=False, program=program)), up=True) as standing:
            standing.finish(Endpoint("h1", "tun0"))

    with pytest.raises(KernelError) as refused:
        sandboxed(inside)
    assert (refused.value.errno_name, refused.value.remedy) == ("ENODEV", "remedy_not_made")


@pytest.mark.needs("tun")
def test_owner_who_does_not_exist(sandboxed: Sandboxed) -> None:
    refused = refusal(sandboxed, of(TunTap("tun0", "tun", owner="nobody-of-that-name")))
    assert (refused.key, refused.values["user"]) == ("unknown_user", "nobody-of-that-name")


def test_many_refusals_name_the_first(sandboxed: Sandboxed) -> None:
    many = tuple(f"10.0.{number >> 8}.{number & 255}/32" for number in range(300))
    link = replace(ONE_LINK, interfaces=(Interface(addresses=many + many), PLAIN))
    refused = refusal(sandboxed, of(link=link))
    assert isinstance(refused, KernelError)
    assert refused.attempt == "ip -n h1 addr add 10.0.0.0/32 dev eth0"


def test_two_hundred_nodes_and_nothing_left(sandboxed: Sandboxed) -> None:
    names = [f"h{number}" for number in range(200)]
    links = tuple(
        Link(
            ends(f"{name}:eth0", f"hub:port{number}"),
            (Interface(addresses=(f"10.0.{number}.1/24",)), Interface(addresses=(f"10.0.{number}.2/24",))),
        )
        for number, name in enumerate(names)
    )
    topology = Topology((Node("hub"), *map(Node, names)), links)

    def inside(_: Any) -> tuple[int, int, str, list[str], int, int]:
        before = len(list(Path("/proc/self/fd").iterdir()))
        with seen(topology) as it:
            ports = len(it.json("hub", "ip", "-j", "link", "show", "type", "veth"))
            with it.standing.namespaces["h199"].entered():
                route = output("ip", "route")
            nodes = len(it.standing.namespaces)
        return nodes, ports, route.split()[0], left(), before, len(list(Path("/proc/self/fd").iterdir()))

    nodes, ports, route, rest, before, after = sandboxed(inside)
    assert (nodes, ports, route, rest) == (201, 200, "10.0.199.0/24", [])
    assert before == after
