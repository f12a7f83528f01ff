"""What a lab is made of before anything runs: nodes and the links between them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A device in a node, written `h1:eth0`."""

    node: str
    device: str

    def __str__(self) -> str:
        return f"{self.node}:{self.device}"


@dataclass(frozen=True, slots=True)
class Node:
    """A network namespace with a name, and the sysctls that are set in it before it has any device but lo."""

    name: str
    sysctls: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A veth pair between two endpoints."""

    ends: tuple[Endpoint, Endpoint]


@dataclass(frozen=True, slots=True)
class Topology:
    """Nodes by name, and the links between them."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...] = ()
