"""Devices that lie on one another: each is there, can be lain on, and comes after what it lies on."""

from collections.abc import Iterator

from tunlab.labfile.cursor import Value
from tunlab.labfile.topology.draft import Draft, Placed
from tunlab.model.node_devices import WITHOUT_LINK_LAYER, Device

_NEED_LINK_LAYER = ("macvlan", "ipvlan", "vlan")


def check_references(draft: Draft) -> None:
    """Note each device that refers to what is not there, or cannot be meant."""
    for placed in draft.placed.values():
        for name, value in placed.lower():
            with value.source.problems.collect():
                _check(placed, name, value, draft)


def in_order(draft: Draft) -> tuple[Device, ...]:
    """The devices of the node, none before one that it lies on. Raises LabFileError where they lie in a circle."""
    done: dict[str, Placed] = {}
    for name in draft.placed:
        _visit(name, draft, done, [])
    return tuple(placed.device for placed in done.values() if placed.device)


def _check(placed: Placed, name: str, value: Value, draft: Draft) -> None:
    if name in draft.faulty:
        return
    lower = draft.placed.get(name)
    if lower is None:
        raise value.unknown("topology_unknown_device", name, draft.names(), node=draft.node.name)
    if value.name == "master" and lower.kind != "bridge":
        raise value.error("topology_not_bridge", name=name, kind=lower.kind)
    if value.name == "link" and lower.kind in WITHOUT_LINK_LAYER and placed.kind in _NEED_LINK_LAYER:
        raise value.error("topology_no_link_layer", name=name, lower=lower.kind, kind=placed.kind)


def _visit(name: str, draft: Draft, done: dict[str, Placed], path: list[str]) -> None:
    """Depth first, with a stack of our own: a chain may be longer than Python's recursion."""
    stack: list[tuple[str, Iterator[tuple[str, Value]]]] = []
    if name in done:
        return
    stack.append((name, iter(draft.placed[name].lower())))
    path.append(name)
    while stack:
        at, following = stack[-1]
        lower = next(following, None)
        if lower is None:
            stack.pop()
            path.pop()
            done[at] = draft.placed[at]
        elif lower[0] in path:
            circle = [*path[path.index(lower[0]) :], lower[0]]
            raise lower[1].error("topology_circle", path=" -> ".join(circle[:8]))
        elif lower[0] in draft.placed and lower[0] not in done:
            stack.append((lower[0], iter(draft.placed[lower[0]].lower())))
            path.append(lower[0])
