"""IPsec of the kernel's own: where the packet was while it was encrypted, known by its bytes and by the time.

In tunnel mode the kernel hands what it has unpacked to the same device once more, so it is seen there in clear; what
came in just before is what it was. ESP (RFC 4303) hides everything else. In transport mode nothing is seen in clear.
"""

from collections.abc import Iterable, Iterator, Sequence

from tunlab.engine.trace.inferring import WITHIN
from tunlab.engine.trace.place import Place, Seen
from tunlab.model.trace import THERE, Reason
from tunlab.packet.changes import View
from tunlab.packet.headers import ESP, datagram, internet
from tunlab.packet.identity import Identity
from tunlab.packet.sighting import Sighting
from tunlab.packet.stack import INTERNET, headers


def with_ipsec(places: Sequence[Place], seen: Sequence[Seen]) -> list[Place]:
    """All places in their order, those where the packet was encrypted among them."""
    encrypted = _encrypted(seen)
    result: list[Place] = []
    for place in places:
        carrier = _carrier(place, encrypted) if place.direction == "in" else None
        if carrier is not None:
            before = (each for each in encrypted if each.captured.time_ns <= place.time_ns)
            result.extend(_places(carrier, before, place.way, place.view.sighting.identity))
        result.append(place)
    return result


def never_in_clear(seen: Sequence[Seen], identity: Identity) -> list[Place]:
    """The places of a packet that left its node encrypted and was nowhere unpacked; none where several may be it."""
    encrypted = _encrypted(seen)
    first = next((each for each in encrypted if each.captured.outgoing), None)
    if first is None:
        return []
    left = {_payload(each) for each in encrypted if each.captured.outgoing and each.node == first.node}
    return list(_places(first, encrypted, THERE, identity)) if len(left) == 1 else []


def why_not_in_clear(last: Place | None) -> Reason | None:
    """Where a packet was last seen encrypted, nothing can be asked about it."""
    if last is None or not last.inferred or not _is_esp(last.view):
        return None
    return Reason("why_encrypted", values=(("node", last.node), ("device", last.device)))


def _carrier(place: Place, encrypted: Sequence[Seen]) -> Seen | None:
    """What was unpacked there: the kernel leaves it its time stamp. Else the only one shortly before."""
    before = [
        each
        for each in encrypted
        if (each.node, each.captured.device, each.direction) == (place.node, place.device, "in")
        and 0 <= place.time_ns - each.captured.time_ns <= WITHIN
    ]
    same = [each for each in before if each.captured.time_ns == place.time_ns]
    found = same or before
    return found[0] if len(found) == 1 else None


def _places(carrier: Seen, encrypted: Iterable[Seen], way: str, identity: Identity) -> Iterator[Place]:
    for each in encrypted:
        if _payload(each) != _payload(carrier):
            continue
        layers = headers(each.data, each.link)
        outer = next(number for number, header in enumerate(layers) if header.name in INTERNET)
        offset = layers[outer].offset
        sighting = Sighting(way, identity, offset, len(each.data) - offset, layers[: outer + 1])
        yield Place(
            each.node, each.captured.device, each.direction, way, each.captured.time_ns,
            View(each.data, each.link, sighting), (each.captured.length,), inferred=True, hidden=True,
        )  # fmt: skip


def _encrypted(seen: Sequence[Seen]) -> list[Seen]:
    return [each for each in sorted(seen, key=Seen.order) if _payload(each)]


def _payload(each: Seen) -> bytes:
    """What begins with the ESP header; nothing of other packets. Its number makes it the only one of its kind."""
    packet = datagram(internet(each.data, each.link))
    return packet.payload if packet is not None and packet.protocol == ESP and packet.fragment is None else b""


def _is_esp(view: View) -> bool:
    packet = datagram(internet(view.data, view.link))
    return packet is not None and packet.protocol == ESP
