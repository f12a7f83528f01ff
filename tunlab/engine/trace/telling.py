"""Places become hops: numbered, with the time since the first one and what has changed since the one before."""

from collections.abc import Sequence

from tunlab.engine.trace.place import Place
from tunlab.model.trace import Change, Hop
from tunlab.packet.changes import changes
from tunlab.packet.hop_summary import hop_summary
from tunlab.packet.stack import ETHERNET, headers


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
    if before is None and place.hidden:  # the kernel's IPsec encrypts before the first device
        return (Change("wrapped", "", _headers(place, link=False)),)
    if before is None or before.hidden == place.hidden:
        return changes(before.view if before else None, place.view)
    if place.hidden:
        return (Change("wrapped", "", _headers(place)),)
    same = (before.node, before.device) == (place.node, place.device)
    return (Change("unwrapped", _headers(before, link=not same), ""),)


def _headers(place: Place, link: bool = True) -> str:
    """From the outside in, of a packet in which nothing else can be told; without `link` from the IP header on."""
    found = headers(place.view.data, place.view.link)
    return ", ".join(f"{header.name} {header.size}" for header in found if link or header.name != ETHERNET)
