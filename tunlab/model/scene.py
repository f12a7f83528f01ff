"""A topology as it is to be drawn: written in a file, or running, with what the kernel says of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from tunlab.model.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class SceneDevice:
    """A device of a node, without lo. `state` is UP, NO-CARRIER or DOWN: None where it is only written, not running.

    `program` is what holds the far end of a tun or tap device, with its pid where it runs. `lower` is the device of the
    same node that it lies on.
    """

    name: str
    kind: str
    addresses: tuple[str, ...] = ()
    state: str | None = None
    master: str | None = None
    program: str | None = None
    lower: str | None = None


@dataclass(frozen=True, slots=True)
class SceneNode:
    """`kind` is host, router or bridge; of a running node, as its bridges and its ip_forward have it."""

    name: str
    kind: str
    devices: tuple[SceneDevice, ...] = ()


@dataclass(frozen=True, slots=True)
class SceneLink:
    """What joins two devices. `kind`: `veth`, or that of a tunnel (`vxlan`, `ipip`, `gre`). `label`: rate and netem."""

    ends: tuple[Endpoint, Endpoint]
    kind: str = "veth"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """All of it. `live`: it runs."""

    name: str
    nodes: tuple[SceneNode, ...]
    links: tuple[SceneLink, ...] = ()
    live: bool = False


Marks = Mapping[Endpoint, tuple[str, ...]]  # what is to stand beside a device, such as the numbers of a trace's hops
