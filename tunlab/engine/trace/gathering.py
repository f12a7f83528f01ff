"""What was captured becomes places: what is ours is found, fragments are put together."""

from collections.abc import Iterable

from tunlab.engine.trace.place import Place, Seen
from tunlab.model.trace import Probe
from tunlab.packet.changes import View
from tunlab.packet.sighting import Known, Sighting


def places_of(seen: Iterable[Seen], probe: Probe) -> list[Place]:
    """The probe's places at devices, in the order of time."""
    found = _recognised(sorted(seen, key=Seen.order), Known(probe))
    groups: list[list[tuple[Seen, Sighting]]] = []
    for each in found:
        group = next((one for one in reversed(groups) if _belongs(one, each)), None)
        if group is None:
            groups.append([each])
        else:
            group.append(each)
    return [_place(group) for group in groups]


def _recognised(seen: list[Seen], known: Known) -> list[tuple[Seen, Sighting]]:
    """In two rounds: what was known too late in the first, is in the second."""
    sightings = [known.sight(each.data, each.link) for each in seen]
    for number, each in enumerate(seen):
        sightings[number] = sightings[number] or known.sight(each.data, each.link)
    return [(each, sighting) for each, sighting in zip(seen, sightings, strict=True) if sighting is not None]


def _belongs(group: list[tuple[Seen, Sighting]], other: tuple[Seen, Sighting]) -> bool:
    """Whether it is another fragment of the packet at the same place."""
    (first, sighting), (seen, its) = group[0], other
    if sighting.fragment is None or its.fragment is None:
        return False
    same = (first.node, first.captured.device, first.direction, sighting.way, sighting.fragment.identifier)
    if same != (seen.node, seen.captured.device, seen.direction, its.way, its.fragment.identifier):
        return False
    return all(one.fragment is None or one.fragment.offset != its.fragment.offset for _, one in group)


def _place(group: list[tuple[Seen, Sighting]]) -> Place:
    earliest = group[0][0]
    parts = sorted(group, key=lambda part: part[1].fragment.offset if part[1].fragment else 0)
    first, sighting = parts[0]
    several = tuple(its.length for _, its in parts) if len(parts) > 1 else ()
    return Place(
        node=earliest.node,
        device=earliest.captured.device,
        direction=earliest.direction,
        way=sighting.way,
        time_ns=earliest.captured.time_ns,
        view=View(first.data, first.link, sighting, several),
        lengths=tuple(part.captured.length for part, _ in parts),
        for_another=earliest.captured.for_another,
    )
