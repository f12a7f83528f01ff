"""Which devices belong together: the ends of a veth pair by what the kernel says of both, tunnels by addresses."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tunlab.model.endpoint import Endpoint
from tunlab.model.scene import SceneLink, SceneNode


@dataclass(frozen=True, slots=True)
class End:
    """One end of a veth pair: its index and MAC, and those of the other one, as far as the kernel tells them here."""

    at: Endpoint
    index: int
    far_index: int | None
    mac: str
    far_mac: str | None


@dataclass(frozen=True, slots=True)
class Tunnel:
    """One end of a tunnel. `number` is the text by which both ends know each other, a VNI or a key."""

    at: Endpoint
    kind: str
    local: str | None
    remote: str | None
    group: str | None
    number: str


def veths(ends: Sequence[End]) -> Iterator[SceneLink]:
    """Each pair once. Indices are unique in one namespace only, so the MACs, which are random, decide between them."""
    by_index: dict[tuple[int, int | None], list[End]] = {}
    for end in ends:
        by_index.setdefault((end.index, end.far_index), []).append(end)
    done: set[Endpoint] = set()
    for end in ends:
        if end.at in done or end.far_index is None:
            continue
        others = [
            each for each in by_index.get((end.far_index, end.index), ()) if each is not end and each.at not in done
        ]
        exact = [each for each in others if each.mac == end.far_mac and end.mac == (each.far_mac or end.mac)]
        found = exact or (others if end.far_mac is None else [])
        if len(found) == 1:
            done |= {end.at, found[0].at}
            yield SceneLink((end.at, found[0].at))


def joined_ends(tunnels: Sequence[Tunnel], nodes: Iterable[SceneNode]) -> Iterator[SceneLink]:
    """Two tunnels of one kind and number where each leads to an address of the other's node, or both to one group."""
    owner: dict[str, set[str]] = {}
    for node in nodes:
        for device in node.devices:
            for address in device.addresses:
                owner.setdefault(address.partition("/")[0], set()).add(node.name)
    for number, one in enumerate(tunnels):
        for other in tunnels[number + 1 :]:
            if (one.kind, one.number) == (other.kind, other.number) and _meet(one, other, owner):
                yield SceneLink((one.at, other.at), one.kind, one.number)


def _meet(one: Tunnel, other: Tunnel, owner: dict[str, set[str]]) -> bool:
    if one.at.node == other.at.node:
        return False
    if one.group is not None or (one.remote is not None and one.remote == other.remote and one.remote not in owner):
        return (one.group or one.remote) == (other.group or other.remote)
    there = other.at.node in owner.get(one.remote or "", ())
    back = one.at.node in owner.get(other.remote or "", ())
    return there and back and other.local in (None, one.remote) and one.local in (None, other.remote)
