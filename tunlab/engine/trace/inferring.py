"""Follows what a program made of a packet when nothing in that is recognised: by its word, or by time and size."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tunlab.engine.trace.place import Place, Seen
from tunlab.packet.changes import View
from tunlab.packet.headers import TCP, UDP, datagram, internet
from tunlab.packet.identity import identity_of
from tunlab.packet.sighting import Sighting
from tunlab.packet.stack import headers

WITHIN = 50_000_000  # ns that a program may take
_LEAST = 16  # bytes of a payload by which it can be told from another


@dataclass(frozen=True, slots=True)
class Carried:
    """The places of the packet that carries ours; `length` in bytes is what the program sent."""

    places: list[Place]
    length: int


def carried(entered: Place, left: Place | None, strangers: Sequence[Seen]) -> Carried | None:
    """From a tun or tap where it went `out`, to the one where it came `in` again, or as far as it got.

    None where the link is not idle: more than one packet may be the one.
    """
    end = entered.time_ns + WITHIN
    needed = len(internet(entered.view.data, entered.view.link))
    within = [each for each in strangers if entered.time_ns <= each.captured.time_ns]
    candidates = {
        payload: each
        for each in sorted(within, key=Seen.order, reverse=True)
        if each.node == entered.node and each.captured.outgoing and each.captured.device != entered.device
        and each.captured.time_ns <= end and len(payload := _payload(each)) >= max(needed, _LEAST)
    }  # fmt: skip
    if len(candidates) != 1:
        return None
    [payload] = candidates
    latest = left.time_ns if left is not None else max(end, max(each.captured.time_ns for each in within))
    same = (each for each in sorted(within, key=Seen.order) if each.captured.time_ns <= latest)
    return Carried(list(_places(entered, same, payload, inferred=True)), len(payload))


def carrying(entered: Place, seen: Sequence[Seen], payload: bytes) -> list[Place]:
    """Where the packet passed into which a program says that it has put ours."""
    return list(_places(entered, sorted(seen, key=Seen.order), payload, inferred=False))


def _places(entered: Place, seen: Iterable[Seen], payload: bytes, inferred: bool) -> Iterator[Place]:
    for each in seen:
        sighting = _outer(each, entered.way) if _payload(each) == payload else None
        if sighting is not None:
            yield Place(
                each.node, each.captured.device, each.direction, entered.way, each.captured.time_ns,
                View(each.data, each.link, sighting), (each.captured.length,), inferred=inferred, hidden=True,
            )  # fmt: skip


def _outer(each: Seen, way: str) -> Sighting | None:
    """The carrying packet as if it were the one that is followed."""
    packet = datagram(internet(each.data, each.link))
    identity = identity_of(packet) if packet is not None else None
    layers = headers(each.data, each.link)
    place = next((number for number, header in enumerate(layers) if header.name in ("IPv4", "IPv6")), None)
    if identity is None or place is None:
        return None
    header = layers[place]
    return Sighting(way, identity, header.offset, len(each.data) - header.offset, layers[: place + 1])


def _payload(each: Seen) -> bytes:
    """What stands behind a UDP or TCP header; nothing of other packets."""
    packet = datagram(internet(each.data, each.link))
    if packet is None or packet.fragment is not None or len(packet.payload) < 20:
        return b""
    if packet.protocol == UDP:
        return packet.payload[8:]
    return packet.payload[4 * (packet.payload[12] >> 4) :] if packet.protocol == TCP else b""
