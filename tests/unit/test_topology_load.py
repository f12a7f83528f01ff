"""What a topology's file means once it is loaded, by itself and inside a lab."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tunlab.labfile.load import load
from tunlab.labfile.needs import needs
from tunlab.labfile.topology.load import check_topology, load_topology
from tunlab.labfile.trust import commands, topology_commands
from tunlab.model.endpoint import Endpoint
from tunlab.model.interface import PLAIN, Interface
from tunlab.model.lab import Lab
from tunlab.model.node_devices import BridgeDevice, IpTunnel, OnDevice, TunTap, VxlanDevice, WireguardDevice
from tunlab.model.topology import Netem, Node, Topology

GOLDEN = Path(__file__).parent / "golden"

Read = Callable[[str], Topology]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(topology: str) -> Topology:
        lines = "\n".join(f"  {line}" for line in topology.splitlines())
        (tmp_path / "x.yaml").write_text(f"name: x\ntopology:\n{lines}\n")
        return load_topology(tmp_path / "x.yaml")

    return read


@pytest.fixture(scope="module")
def sample() -> Topology:
    return load_topology(GOLDEN / "topology" / "sample.yaml")


def node(topology: Topology, name: str) -> Node:
    return next(each for each in topology.nodes if each.name == name)


def test_the_name_and_the_order(sample: Topology) -> None:
    assert sample.name == "sample"
    assert [each.name for each in sample.nodes] == ["h1", "h2", "r1", "s1"]
    assert [str(link.ends[0]) for link in sample.links] == ["h1:eth0", "h2:eth0", "h2:eth1"]


def test_what_is_nearer_wins_and_commands_add_up(sample: Topology) -> None:
    r1 = node(sample, "r1")
    assert r1.environment == (("WHO", "everybody"), ("ROLE", "edge"))
    assert [" ".join(command) for command in r1.commands] == [
        "ip -6 route",
        "ip route add default via 10.0.0.1",
        "ip rule add from 10.0.0.0/24 table 7",
    ]
    assert r1.settings() == (
        ("net.ipv6.conf.all.forwarding", "1"),
        ("net.ipv4.ip_default_ttl", "64"),
        ("net.ipv4.conf.all.rp_filter", "0"),
        ("net.ipv4.ip_forward", "0"),
    )


def test_what_a_kind_sets(read: Read) -> None:
    found = read("nodes: {h: {}, r: {kind: router}, b: {kind: bridge}, plain: }")
    settings = [dict(each.settings()).get("net.ipv4.ip_forward") for each in found.nodes]
    assert settings == ["0", "1", "0", "0"]
    assert [each.sysctls for each in found.nodes] == [()] * 4
    assert [each.kind for each in found.nodes] == ["host", "router", "bridge", "host"]


def test_defaults_may_name_the_kind(read: Read) -> None:
    found = read("defaults: {kind: router}\nnodes: {a: {}, b: {kind: host}}")
    assert [each.kind for each in found.nodes] == ["router", "host"]


def test_a_bridge_has_its_links_for_ports(read: Read) -> None:
    found = read(
        """nodes: {h: {}, s: {kind: bridge}}
links:
  - endpoints: ["h:eth0", "s:p1"]
  - endpoints: ["s:p2", "h:eth1"]"""
    )
    assert node(found, "s").devices == (BridgeDevice("br0"),)
    masters = [
        (str(end), each.master) for link in found.links for end, each in zip(link.ends, link.interfaces, strict=True)
    ]
    assert masters == [("h:eth0", None), ("s:p1", "br0"), ("s:p2", "br0"), ("h:eth1", None)]


def test_a_bridge_may_be_named(sample: Topology) -> None:
    assert node(sample, "s1").devices == (BridgeDevice("sw0", stp=True),)
    assert sample.links[0].interfaces == (PLAIN, Interface(master="sw0"))


def test_devices_come_after_what_they_lie_on(read: Read) -> None:
    found = read(
        """nodes:
  h:
    devices:
      a: {type: vlan, link: b, id: 1}
      b: {type: macvlan, link: c}
      t: {type: tap, master: z}
      c: {type: dummy}
      z: {type: bridge}"""
    )
    assert [device.name for device in found.nodes[0].devices] == ["c", "b", "a", "z", "t"]


def test_the_devices(sample: Topology) -> None:
    h1, h2 = ({device.name: device for device in node(sample, name).devices} for name in ("h1", "h2"))
    tun0, tun1, tap1 = h1["tun0"], h1["tun1"], h1["tap1"]
    assert isinstance(tun0, TunTap) and isinstance(tun1, TunTap) and isinstance(tap1, TunTap)
    assert tun0.interface == Interface(mtu=1400, addresses=("192.0.2.1/24", "2001:db8::1/64"))
    assert tun0.program and not tun0.persistent
    assert tun0.program.command() == ("python3", "-m", "tunlab.programs.echo", "--device", "tun0")
    assert tun0.program.device == Endpoint("h1", "tun0") and tun0.program.node == "h1"
    assert (tun1.persistent, tun1.multi_queue, tun1.packet_information, tun1.vnet_header) == (True, True, True, False)
    assert tun1.owner == "1000" and tun1.program is None
    assert tap1.program and tap1.program.command() == ("python3", "tap.py") and tap1.program.ready == "ready"
    assert h2["vx0"] == VxlanDevice("vx0", 42, PLAIN, "10.0.0.1", None, "10.0.0.2", 4790, "eth0")
    assert h2["mv0"] == OnDevice("mv0", "macvlan", "eth0", mode="private")
    assert h2["vl0"] == OnDevice("vl0", "vlan", "eth1", id=7)
    assert h2["gre0"] == IpTunnel("gre0", "gre", "10.0.0.1", key=7)
    assert h2["ipip0"].lower == "eth0" and h2["du0"].lower is None
    wireguard = h2["wg0"]
    assert isinstance(wireguard, WireguardDevice)
    assert wireguard.peers[0].allowed_ips == ("10.1.0.0/16",) and wireguard.peers[0].keepalive == 25


def test_the_links(sample: Topology) -> None:
    brief, extended = sample.links[1:]
    assert brief.interfaces == (
        Interface(mtu=9000, addresses=("10.0.0.2/24",)),
        Interface(mtu=9000, master="sw0"),
    )
    assert brief.rate == 10_000_000
    assert brief.netem == Netem(10_000, 1_500, 0.1, 1, 2, 0, 100)
    near, far = extended.interfaces
    assert near == Interface(mac="02:00:00:00:00:01", addresses=("10.0.1.2/24", "2001:db8:1::2/64"))
    assert far == Interface(mtu=1500, addresses=("10.0.1.1/24", "203.0.113.1/32"), state="up")


def test_the_same_address_where_nobody_else_is(read: Read) -> None:
    found = read(
        """nodes:
  a: {devices: {d0: {type: dummy, ipv4: 192.0.2.1/32}, d1: {type: dummy, ipv4: 192.0.2.1/32, ipv6: "fe80::1/64"}}}
  b: {devices: {d0: {type: dummy, ipv4: 192.0.2.1/32, ipv6: "fe80::1/64"}}}"""
    )
    assert len(found.nodes) == 2


@pytest.mark.parametrize("address", ["192.0.2.0/31", "192.0.2.1/31", "192.0.2.255/23", "2001:db8::/127"])
def test_addresses_that_only_look_like_a_networks(read: Read, address: str) -> None:
    family = "ipv6" if ":" in address else "ipv4"
    found = read(f'nodes: {{a: {{devices: {{d: {{type: dummy, {family}: "{address}"}}}}}}}}')
    assert found.nodes[0].devices[0].interface.addresses == (address,)


def test_a_devices_mistake_in_a_kind_that_no_node_has(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("name: x\ntopology:\n  kinds: {bridge: {devices: {d: {type: tub}}}}\n  nodes: {a: {}}\n")
    assert [error.key for error in check_topology(file)[1]] == ["lab_unknown_value_meant"]


def test_a_link_to_a_file_elsewhere_is_followed(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").symlink_to(GOLDEN / "topology" / "sample.yaml")
    assert load_topology(tmp_path / "x.yaml").name == "sample"


def test_what_will_run(sample: Topology) -> None:
    found = topology_commands(sample)
    assert ("h1", ("python3", "tap.py")) in found
    assert ("r1", ("env", "ROLE=edge")) in found
    assert ("s1", ("ip", "-6", "route")) in found


def test_a_topology_inside_a_lab(tmp_path: Path) -> None:
    for file in (GOLDEN / "labfile" / "sample").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    lab_file = tmp_path / "lab.yaml"
    text = lab_file.read_text()
    wider = (
        "h1: {kind: router, exec: [ip rule], devices: {tap7: {type: tap, program: {words: [taps]}}, d0: {type: dummy}}}"
    )
    lab_file.write_text(text.replace("h1: {kind: host}", wider, 1))
    lab = load(tmp_path, "fast", lambda _: None)
    assert isinstance(lab, Lab)
    assert lab.topology.nodes[0].kind == "router"
    assert commands(lab)[:2] == [("h1", ("taps",)), ("h1", ("ip", "rule"))]
    assert {"taps", "tap", "dummy"} <= needs(lab)
