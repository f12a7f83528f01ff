"""What is there before anything runs: nodes with their devices, and the links between them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tunlab.model.endpoint import Endpoint
from tunlab.model.interface import PLAIN, Interface
from tunlab.model.node_devices import Device, TunTap
from tunlab.model.program import Program

__all__ = ["KINDS", "Endpoint", "Link", "Netem", "Node", "Topology"]

_NO_ROUTER = (("net.ipv4.ip_forward", "0"),)
# What a kind of node sets before the node's own sysctls. A namespace may inherit forwarding from the machine (it does
# where Docker runs), so a node that is no router says so.
KINDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "host": _NO_ROUTER,
    "router": (("net.ipv4.ip_forward", "1"), ("net.ipv6.conf.all.forwarding", "1")),
    "bridge": _NO_ROUTER,
}


@dataclass(frozen=True, slots=True)
class Node:
    """A network namespace with a name.

    `sysctls` are those of the file, to be set before the node has any device but lo. Of the `devices`, none lies on, or
    is a port of, one that comes after it. `commands` are run in the end, each a tuple of words, with `environment`
    beside the user's own. A node of kind `bridge` has one bridge among its devices, which is the master of the ends of
    its links.
    """

    name: str
    sysctls: tuple[tuple[str, str], ...] = ()
    kind: str = "host"
    devices: tuple[Device, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()

    def settings(self) -> tuple[tuple[str, str], ...]:
        """All sysctls in the order in which they are set: those of the kind, then the node's own, which win."""
        own = dict(self.sysctls)
        return (*((key, value) for key, value in KINDS[self.kind] if key not in own), *self.sysctls)

    def programs(self) -> tuple[Program, ...]:
        """What stands at the far ends of its devices."""
        return tuple(each.program for each in self.devices if isinstance(each, TunTap) and each.program)


@dataclass(frozen=True, slots=True)
class Netem:
    """What a link does to packets, the same in both directions (tc-netem(8)).

    `delay` and `jitter` are in microseconds, `loss`, `duplicate`, `reorder` and `corrupt` in percent, `limit` is how
    many packets wait at most.
    """

    delay: int = 0
    jitter: int = 0
    loss: float = 0
    duplicate: float = 0
    reorder: float = 0
    corrupt: float = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A veth pair between two endpoints; `interfaces` are theirs, in the same order. `rate` is in bits per second."""

    ends: tuple[Endpoint, Endpoint]
    interfaces: tuple[Interface, Interface] = (PLAIN, PLAIN)
    rate: int | None = None
    netem: Netem | None = None


@dataclass(frozen=True, slots=True)
class Topology:
    """Nodes by name, and the links between them. That of a lab has no `name` of its own."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...] = ()
    name: str = ""

    def interfaces(self) -> Iterator[tuple[Endpoint, Interface]]:
        """Every device with what it is given: the ends of links, then the devices of nodes, in the file's order."""
        for link in self.links:
            yield from zip(link.ends, link.interfaces, strict=True)
        for node in self.nodes:
            yield from ((Endpoint(node.name, device.name), device.interface) for device in node.devices)

    def first_addresses(self) -> dict[str, str]:
        """Of each node that has one, with the prefix length."""
        found: dict[str, str] = {}
        for at, interface in self.interfaces():
            for address in interface.addresses[:1]:
                found.setdefault(at.node, address)
        return found
