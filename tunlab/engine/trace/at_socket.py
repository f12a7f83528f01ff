"""The process that has read a datagram from its socket, as the kernel tells of it: no report of its own is needed."""

from collections.abc import Mapping, Sequence

from tunlab.engine.scene import program_name
from tunlab.engine.trace.asking import Asking
from tunlab.engine.trace.counts import Counts
from tunlab.engine.trace.foreign_programs import payload_length
from tunlab.engine.trace.place import Place, is_bare
from tunlab.kernel import sockets
from tunlab.model.trace import THERE
from tunlab.packet.headers import UDP

_READ = {
    4: "UdpInDatagrams",
    6: "Udp6InDatagrams",
}  # udp_recvmsg() of net/ipv4/udp.c counts: when it is read, not before


def with_receiver(places: Sequence[Place], nodes: Mapping[str, int], before: Counts) -> list[Place]:
    """All places, and behind the last one of a UDP datagram the program that has read it since `before`.

    Nothing is added where it is not certain: where the count has not grown, or nobody is known to hold the socket.
    """
    found = list(places)
    last = next((place for place in reversed(places) if place.way == THERE and place.at_device), None)
    if last is None or last.direction != "in" or last.for_another or not is_bare(last.view.sighting):
        return found
    identity = last.view.sighting.identity
    if identity.protocol != UDP:
        return found
    with Asking(last.node, nodes, before) as ask:
        version = 6 if ":" in identity.destination else 4
        if ask.netlink.route_to(identity.destination).kind != "local" or not ask.grown(_READ[version]):
            return found
        there, back = (identity.destination, identity.destination_port), (identity.source, identity.source_port)
        socket = sockets.waiting("udp", *there, *back)
        owner = sockets.owner(socket.inode) if socket and not socket.unread else None
    if owner is None:
        return found
    pid, command = owner
    receiver = Place(
        last.node, "", "received", THERE, last.time_ns, last.view, (payload_length(last),),
        program=program_name(command) or "?", pid=pid, socket=f"UDP :{identity.destination_port}",
    )  # fmt: skip
    place = next(number for number, each in enumerate(found) if each is last)
    found.insert(place + 1, receiver)
    return found
