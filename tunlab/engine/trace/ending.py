"""How a packet's trace has ended, as far as what was seen tells: answered, refused or lost."""

from collections.abc import Sequence

from tunlab.engine.trace.place import Place, is_bare
from tunlab.model.trace import BACK, ERROR, THERE
from tunlab.packet.changes import View
from tunlab.packet.headers import TCP, datagram
from tunlab.packet.identity import RST, Identity, flags

ANSWERED, REFUSED, LOST = "answered", "refused", "lost"


def home(places: Sequence[Place], origin: str, first: Identity) -> Place | None:
    """Where the answer, or an error about the packet, came in at the origin; None while it has not."""
    sent = {first, *(each.view.sighting.identity for each in places if _leaves(each, origin))}
    for place in places:
        sighting = place.view.sighting
        if place.node != origin or place.direction != "in" or place.for_another or not is_bare(sighting):
            continue
        if place.way == BACK and sighting.identity.reversed() in sent:
            return place
        if place.way == ERROR and sighting.about == THERE and sighting.identity in sent:
            return place
    return None


def state_of(arrived: Place | None) -> str:
    """An ICMP error and a reset refuse, everything else answers."""
    if arrived is None:
        return LOST
    return REFUSED if arrived.way == ERROR or _resets(arrived.view) else ANSWERED


def last_of(places: Sequence[Place], way: str) -> Place | None:
    """The last device of that way that the packet was seen at."""
    return next((place for place in reversed(places) if place.way == way and place.at_device), None)


def without_own_error(places: list[Place], origin: str) -> list[Place]:
    """Nothing where the origin's stack has told itself, by an ICMP error on lo, that the packet never left it."""
    own = all(place.way == ERROR and (place.node, place.device) == (origin, "lo") for place in places)
    return [] if own else places


def _leaves(place: Place, origin: str) -> bool:
    return place.node == origin and place.way == THERE and place.direction == "out" and is_bare(place.view.sighting)


def _resets(view: View) -> bool:
    packet = datagram(view.data[view.sighting.offset :])
    return packet is not None and packet.protocol == TCP and bool(flags(packet) & RST)
