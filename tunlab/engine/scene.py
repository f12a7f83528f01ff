"""A topology as it is to be drawn: from its file, or from the namespaces that this process sees."""

import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path, PurePath

from tunlab.engine.scene_labels import shaping, tunnel_label
from tunlab.engine.scene_links import End, Tunnel, joined_ends, veths
from tunlab.errors import KernelError
from tunlab.kernel.joined import enter_node, node_names
from tunlab.kernel.namespaces import identity
from tunlab.kernel.procfs import every_tun_holder
from tunlab.kernel.quick_links import Described, Links
from tunlab.model.endpoint import Endpoint
from tunlab.model.node_devices import Device, IpTunnel, TunTap, VxlanDevice
from tunlab.model.program import Program, command_name, without_title
from tunlab.model.scene import Scene, SceneDevice, SceneLink, SceneNode
from tunlab.model.topology import Node, Topology

_OUR_PROGRAMS = "tunlab.programs."
_INTERPRETERS = re.compile(r"(python[\d.]*|perl|ruby|bash|sh)")


def written(topology: Topology) -> Scene:
    """As the file says it."""
    ends: dict[str, list[SceneDevice]] = {node.name: [] for node in topology.nodes}
    for link in topology.links:
        for end, interface in zip(link.ends, link.interfaces, strict=True):
            device = SceneDevice(end.device, "veth", interface.addresses, master=interface.master)
            ends[end.node].append(device)
    nodes = tuple(_written_node(node, ends[node.name]) for node in topology.nodes)
    links = [SceneLink(link.ends, label=shaping(link)) for link in topology.links]
    tunnels = [found for node in topology.nodes for each in node.devices if (found := _written_tunnel(node.name, each))]
    return Scene(topology.name, nodes, (*links, *joined_ends(tunnels, nodes)))


def _written_node(node: Node, ends: list[SceneDevice]) -> SceneNode:
    own = (
        SceneDevice(
            each.name,
            each.kind,
            each.interface.addresses,
            master=each.interface.master,
            program=_written_program(each.program) if isinstance(each, TunTap) and each.program else None,
            lower=each.lower,
        )
        for each in node.devices
    )
    return SceneNode(node.name, node.kind, (*ends, *own))


def _written_program(program: Program) -> str:
    return program.module or program_name(" ".join(program.words)) or program.name


def _written_tunnel(node: str, device: Device) -> Tunnel | None:
    at = Endpoint(node, device.name)
    if isinstance(device, VxlanDevice):
        number = tunnel_label(device.id, device.port)
        return Tunnel(at, "vxlan", device.local, device.remote, device.group, number)
    if isinstance(device, IpTunnel):
        return Tunnel(at, device.kind, device.local, device.remote, None, tunnel_label(device.key))
    return None


def running(name: str) -> Scene:
    """As the kernel has it, in the sandbox that this process is in: it is left in the last node that was looked at."""
    holders = _holders()
    nodes: list[SceneNode] = []
    ends: list[End] = []
    tunnels: list[Tunnel] = []
    for node in sorted(node_names(), key=_natural):
        try:
            enter_node(node)
            with Links() as links:
                found = links.all()
                ends += [
                    End(Endpoint(node, each.name), each.index, each.peer, each.mac, links.far_mac(each))
                    for each in found
                    if each.kind == "veth"
                ]
        except KernelError:
            continue  # it has just gone, or is no namespace
        names = {each.index: each.name for each in found}
        seen = [
            SceneDevice(
                each.name,
                each.kind,
                each.addresses,
                each.state,
                names.get(each.master or 0),
                holders.get((identity(node), each.name)),
                names.get(each.lower or 0),
            )
            for each in found
            if each.kind != "loopback"
        ]
        nodes.append(SceneNode(node, _kind(seen), tuple(seen)))
        tunnels += [_running_tunnel(node, each) for each in found if each.kind in ("vxlan", "ipip", "gre")]
    return Scene(name, tuple(nodes), (*veths(ends), *joined_ends(tunnels, nodes)), live=True)


def _running_tunnel(node: str, device: Described) -> Tunnel:
    port = device.port or 0
    number = tunnel_label(device.number, port) if device.kind == "vxlan" else tunnel_label(device.number)
    return Tunnel(Endpoint(node, device.name), device.kind, device.local, device.remote, None, number)


def _kind(devices: Iterable[SceneDevice]) -> str:
    """Of the node that this process is in: one that forwards is a router, a bridge is one without an address."""
    try:
        if Path("/proc/sys/net/ipv4/ip_forward").read_text().strip() == "1":
            return "router"
    except OSError:
        pass
    spoken_to = any(not address.startswith("fe80:") for each in devices for address in each.addresses)
    return "bridge" if not spoken_to and any(each.kind == "bridge" for each in devices) else "host"


def _holders() -> dict[tuple[int, str], str]:
    """Who holds the far end of each tun or tap device, by its namespace and its name."""
    found: dict[tuple[int, str], dict[int, str]] = {}
    for namespace, device, holder in every_tun_holder():
        programs = found.setdefault((namespace, device), {})
        programs[holder.pid] = f"{program_name(holder.command) or '?'} pid {holder.pid}"
    return {at: ", ".join(programs[pid] for pid in sorted(programs)) for at, programs in found.items()}


def program_name(command: str) -> str:
    """What a person calls the program of that command line: `echo`, `openvpn`, `tap.py`; of tunlab, the command."""
    words = command.split()
    if not words:
        return ""
    if not _INTERPRETERS.fullmatch(PurePath(words[0]).name):
        return without_title(command_name(words))
    for place, (before, word) in enumerate(pairwise(words), 1):
        if before == "-m":
            return word.removeprefix(_OUR_PROGRAMS)
        if not word.startswith("-"):
            return command_name(words[place:])
    return PurePath(words[0]).name


def _natural(name: str) -> list[tuple[int, str]]:
    """h2 before h10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]
