"""Programs that report nothing, such as OpenVPN: known by the device that they hold, and by what they send on."""

from collections.abc import Mapping, Sequence

from tunlab.engine.trace.holding import Holder
from tunlab.engine.trace.inferring import Carried, carried
from tunlab.engine.trace.place import Place, Seen
from tunlab.packet.headers import internet
from tunlab.packet.stack import headers


def with_foreign(
    places: Sequence[Place], seen: Sequence[Seen], holders: Mapping[tuple[str, str], Holder], ours: set[tuple[str, str]]
) -> list[Place]:
    """All places in their order, those of foreign programs and of what they encrypted among them."""
    foreign = {key: holder for key, holder in holders.items() if key not in ours}
    taken = {id(place.view.data) for place in places}
    strangers = [each for each in seen if id(each.data) not in taken]
    result: list[Place] = []
    for number, place in enumerate(places):
        after = places[number + 1] if number + 1 < len(places) else None
        before = result[-1] if result else None
        if _entered(place, before, foreign):  # what came in at a device was written by the one that holds it
            result.append(_program(before or place, place, foreign[place.node, place.device], place.device))
        result.append(place)
        if not (place.direction == "out" and (place.node, place.device) in foreign):
            continue
        holder = foreign[place.node, place.device]
        if after is not None and after.node == place.node:
            if after.direction == "out" and after.way == place.way:
                result.append(_program(place, after, holder, place.device))
            continue
        way = carried(place, after, strangers)
        if way is not None:
            result.append(_inferred_program(place, way, holder))
            result.extend(way.places)
    return result


def _entered(place: Place, before: Place | None, foreign: Mapping[tuple[str, str], Holder]) -> bool:
    return (
        place.direction == "in"
        and (place.node, place.device) in foreign
        and before is not None
        and before.node == place.node
        and before.at_device
    )


def _program(before: Place, after: Place, holder: Holder, device: str) -> Place:
    """It stands between two places of its node."""
    inferred = before.inferred or after.inferred
    wraps = before.device == device
    return Place(
        node=after.node,
        device=device,
        direction="through",
        way=after.way if not wraps else before.way,
        time_ns=after.time_ns if not wraps else before.time_ns,
        view=after.view if not wraps else before.view,
        lengths=(sum(before.lengths) if wraps else payload_length(before),),
        bytes_out=payload_length(after) if wraps else sum(after.lengths),
        program=holder.program,
        pid=holder.pid,
        inferred=inferred,
    )


def _inferred_program(place: Place, way: Carried, holder: Holder) -> Place:
    return Place(
        place.node, place.device, "through", place.way, place.time_ns, place.view, (sum(place.lengths),),
        way.length, holder.program, holder.pid, inferred=True,
    )  # fmt: skip


def payload_length(place: Place) -> int:
    """Bytes that the program itself sent or received: what stands behind the outermost UDP or TCP header."""
    layers = headers(place.view.data, place.view.link)
    carrier = next((header for header in layers if header.name in ("UDP", "TCP")), None)
    if carrier is not None:
        return len(place.view.data) - carrier.end
    return len(internet(place.view.data, place.view.link))
