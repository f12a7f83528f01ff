"""A running scene says what `ip -d -j` says of the same nodes: devices, states, addresses; and what leads where."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from held import held
from inside import Node, Sandboxed, forked, nodes

from tunlab.engine.scene import running
from tunlab.engine.scene_data import scene_from_data
from tunlab.kernel import joined
from tunlab.kernel.tuntap import Flags, Tun
from tunlab.model.endpoint import Endpoint
from tunlab.model.scene import Scene, SceneDevice, SceneLink

pytestmark = pytest.mark.needs("sandbox", "tun")

NAMES = ("h1", "h2", "r1")


def ip(node: Node, *words: str) -> None:
    node.output("ip", *words)


def build(h1: Node, h2: Node, r1: Node) -> None:
    """r1 between h1 and h2, one of its ends down; a bridge with a port; a vxlan at each host; a tun without holder."""
    h1.netlink.add_veth("eth0", "eth1", r1.namespace)
    h2.netlink.add_veth("eth0", "eth2", r1.namespace)
    h2.netlink.add_veth("a", "b", h2.namespace)
    for node, device, address in (
        (h1, "eth0", "10.0.1.2/24"),
        (r1, "eth1", "10.0.1.1/24"),
        (r1, "eth2", "10.0.2.1/24"),
        (h2, "eth0", "10.0.2.2/24"),
    ):
        node.netlink.add_address(device, address)
        node.netlink.set_link(device, state="up")
    r1.netlink.set_link("eth2", state="down")
    ip(r1, "addr", "add", "2001:db8::1/64", "dev", "eth1", "nodad")
    for node, remote in ((h1, "10.0.2.2"), (h2, "10.0.1.2")):
        ip(node, "link", "add", "vx0", "type", "vxlan", "id", "7", "remote", remote, "dstport", "4790", "dev", "eth0")
    h2.netlink.add_device("br0", "bridge")
    h2.netlink.set_link("a", master="br0")
    ip(h1, "tuntap", "add", "tun0", "mode", "tun")
    h1.netlink.set_link("tun0", state="up")
    with r1.namespace.entered(), Path("/proc/sys/net/ipv4/ip_forward").open("w") as forward:
        forward.write("1")


@contextmanager
def program(node: Node) -> Iterator[int]:
    """A process that holds tap0 of the node."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        with node.namespace.entered(), Tun("tap0", Flags.TAP | Flags.NO_PI):
            os.write(tell, b"x")
            signal.pause()
        os._exit(0)
    os.read(told, 1)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def told_by_ip(node: Node) -> dict[str, tuple[Any, ...]]:
    """State, addresses, master and lower device, by ip(8)."""
    found = {}
    for each in node.ip("-d", "addr", "show"):
        flags = each["flags"]
        state = "DOWN" if "UP" not in flags else "NO-CARRIER" if "NO-CARRIER" in flags else "UP"
        addresses = tuple(f"{one['local']}/{one['prefixlen']}" for one in each["addr_info"])
        info = each.get("linkinfo", {})
        lower = info.get("info_data", {}).get("link")
        found[each["ifname"]] = (state, addresses, each.get("master"), lower)
    return {name: told for name, told in found.items() if name != "lo"}


def test_the_same_as_ip_says(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> Any:
        with nodes(*NAMES) as made, program(made[0]) as pid:
            build(*made)
            scene = forked(lambda: running("x"))
            return scene, {name: told_by_ip(node) for name, node in zip(NAMES, made, strict=True)}, pid

    scene, expected, pid = sandboxed(inside)
    assert isinstance(scene, Scene) and scene.live
    seen = {
        node.name: {each.name: (each.state, each.addresses, each.master, each.lower) for each in node.devices}
        for node in scene.nodes
    }
    assert seen == expected
    kinds = {f"{node.name}:{each.name}": each.kind for node in scene.nodes for each in node.devices}
    assert {kinds[at] for at in ("h1:eth0", "h2:br0", "h1:tun0", "h1:tap0", "h1:vx0")} == {
        "veth", "bridge", "tun", "tap", "vxlan",
    }  # fmt: skip
    assert {node.name: node.kind for node in scene.nodes} == {"h1": "host", "h2": "host", "r1": "router"}
    assert seen["h1"]["tun0"][0] == "NO-CARRIER" and seen["r1"]["eth2"][0] == "DOWN"
    assert {frozenset(map(str, link.ends)): (link.kind, link.label) for link in scene.links} == {
        frozenset(("h1:eth0", "r1:eth1")): ("veth", ""),
        frozenset(("h2:eth0", "r1:eth2")): ("veth", ""),
        frozenset(("h2:a", "h2:b")): ("veth", ""),
        frozenset(("h1:vx0", "h2:vx0")): ("vxlan", "7 port 4790"),
    }
    programs = {each.name: each.program for each in scene.nodes[0].devices}
    assert programs["tun0"] is None and str(programs["tap0"]).endswith(f" pid {pid}")


def test_a_chain_whose_indices_are_all_alike(sandboxed: Sandboxed) -> None:
    """Every node has devices 2 and 3, so an index alone tells nothing."""
    names = [f"n{number}" for number in range(12)]

    def inside(_: Any) -> Any:
        with nodes(*names) as made:
            for one, other in pairwise(made):
                one.netlink.add_veth("right", "left", other.namespace)
            return forked(lambda: running("x"))

    scene = sandboxed(inside)
    assert [node.name for node in scene.nodes] == names  # n2 before n10
    assert [tuple(map(str, link.ends)) for link in scene.links] == [
        (f"{one}:right", f"{other}:left") for one, other in pairwise(names)
    ]


def test_asked_from_outside() -> None:
    with held() as there:

        def ask() -> Any:
            return joined.ask(there.pidfd, os.geteuid(), os.getegid(), lambda: asdict(running("lab-x")))

        scene = scene_from_data(forked(ask))
    device = SceneDevice("eth0", "veth", state="DOWN")
    assert [(node.name, node.kind, node.devices) for node in scene.nodes] == [
        ("h1", "host", (device,)),
        ("h2", "host", (device,)),
    ]
    assert scene.links == (SceneLink((Endpoint("h1", "eth0"), Endpoint("h2", "eth0"))),)
