"""Devices that lie on one another: each is there, can be lain on, and comes after what it lies on."""

from collections.abc import Iterator

from tunlab.labfile.cursor import Value
from tunlab.labfile.topology.draft import Draft, Placed
from tunlab.model.node_devices import WITHOUT_LINK_LAYER, Device

_SHOWN = 8  # devices of a circle
_NEED_LINK_LAYER = ("macvlan", "ipvlan", "vlan")


def check_references(draft: Draft, links_known: bool) -> None:
    """Note each device that refers to what is not there, or cannot be meant.

    Unless all links are known, what seems not to be there may be the end of one.
    """
    for placed in draft.placed.values():
        for name, value in placed.lower():
            with value.source.problems.collect():
                _check(placed, name, value, draft, links_known)


def in_order(draft: Draft) -> tuple[Device, ...]:
    """The devices of the node, none before one that it lies on. Raises LabFileError where they lie in a circle."""
    done: dict[str, Placed] = {}
    for name in draft.placed:
        _visit(name, draft, done)
    return tuple(placed.device for placed in done.values() if placed.device)


def _check(placed: Placed, name: str, value: Value, draft: Draft, links_known: bool) -> None:
    lower = draft.placed.get(name)
    if name in draft.faulty or (lower is None and not links_known):
        return
    if lower is None:
        raise value.unknown("topology_unknown_device", name, draft.names(), node=draft.node.name)
    if value.name == "master" and lower.kind != "bridge":
        raise value.error("topology_not_bridge", name=name, kind=lower.kind)
    if value.name == "link" and lower.kind in WITHOUT_LINK_LAYER and placed.kind in _NEED_LINK_LAYER:
        raise value.error("topology_no_link_layer", name=name, lower=lower.kind, kind=placed.kind)


def _visit(name: str, draft: Draft, done: dict[str, Placed]) -> None:
    """Depth first, with a path of our own: a chain may be longer than Python's recursion."""
    path: dict[str, Iterator[tuple[str, Value]]] = {}
    following: str | None = None if name in done else name
    while following or path:
        if following:
            path[following] = iter(draft.placed[following].lower())
        at = next(reversed(path))
        following, value = next(path[at], (None, None))
        if following is None:
            del path[at]
            done[at] = draft.placed[at]
        elif value and following in path:
            circle = [*list(path)[list(path).index(following) :], following]
            raise value.error("topology_circle", path=" -> ".join(circle[:_SHOWN]))
        elif following not in draft.placed or following in done:
            following = None
