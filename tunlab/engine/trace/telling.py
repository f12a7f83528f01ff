"""Places become hops: numbered, with the time since the first one and what has changed since the one before."""

from collections.abc import Sequence

from tunlab.engine.trace.place import Place
from tunlab.model.trace import Change, Hop
from tunlab.packet.changes import changes
from tunlab.packet.hop_summary import hop_summary
from tunlab.packet.stack import headers


def hops_of(places: Sequence[Place], step: str, packet: int) -> list[Hop]:
    """In the order of the places."""
    began = places[0].time_ns if places else 0
    hops: list[Hop] = []
    before: Place | None = None
    for number, place in enumerate(places, 1):
        at_device = place.at_device
        hops.append(
            Hop(
                step=step,
                packet=packet,
                number=number,
                node=place.node,
                where=f"{place.device} {place.direction}" if at_device else f"{place.program} pid {place.pid}",
                way=place.way,
                device=place.device,
                direction=place.direction,
                us=max(0, place.time_ns - began) / 1000,
                bytes=sum(place.lengths),
                summary=hop_summary(place.view.data, place.view.link, place.view.sighting),
                changes=_changed(before, place) if at_device else (),
                bytes_out=place.bytes_out,
                fragments=place.lengths if len(place.lengths) > 1 else (),
                program=place.program,
                pid=place.pid,
                inferred=place.inferred,
                data=place.view.data.hex(),
                link=place.view.link.name,
                port_of=place.port_of,
                socket=place.socket,
            )
        )
        if at_device:
            before = place
    return hops


def _changed(before: Place | None, place: Place) -> tuple[Change, ...]:
    if before is None or before.inferred == place.inferred:
        return changes(before.view if before else None, place.view)
    if place.inferred:
        return (Change("wrapped", "", _headers(place)),)
    return (Change("unwrapped", _headers(before), ""),)


def _headers(place: Place) -> str:
    """From the outside in, of a packet in which nothing else can be told."""
    return ", ".join(f"{header.name} {header.size}" for header in headers(place.view.data, place.view.link))
