"""Follows packets through every node: sends each, hears where it passes, and tells its hops and its end."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

from tunlab.engine.loop import Loop
from tunlab.engine.trace.at_socket import with_receiver
from tunlab.engine.trace.counts import counted
from tunlab.engine.trace.ending import ANSWERED, LOST, REFUSED, home, last_of, state_of, without_own_error
from tunlab.engine.trace.flooding import Flooding
from tunlab.engine.trace.foreign_programs import with_foreign
from tunlab.engine.trace.gathering import places_of
from tunlab.engine.trace.goal import Goal, goal
from tunlab.engine.trace.holding import holders
from tunlab.engine.trace.ipsec import never_in_clear, why_not_in_clear, with_ipsec
from tunlab.engine.trace.last_seen import LastSeen
from tunlab.engine.trace.listening import Listening
from tunlab.engine.trace.our_programs import Told, told
from tunlab.engine.trace.place import Place
from tunlab.engine.trace.ports import note_ports
from tunlab.engine.trace.telling import hops_of
from tunlab.engine.trace.why import why
from tunlab.kernel.namespaces import inside
from tunlab.kernel.neighbours import is_resolving
from tunlab.kernel.probe_sender import own_port, send_probe, source_for
from tunlab.model.trace import BACK, ERROR, THERE, Hop, Probe, Reason, Traced
from tunlab.packet.headers import datagram
from tunlab.packet.identity import Identity, identity_of
from tunlab.packet.probe import TAG, packet_of
from tunlab.packet.sighting import Known

QUIET = 0.02  # seconds without a packet after which nothing more is expected to trail
_LONGEST_QUIET = 0.3  # seconds on a busy network, where it is never quiet
_PATIENCE = 1.5  # seconds for a packet
_SILENCE = 1.0  # seconds of it after which somebody wants to know that there is nothing yet
_RESOLVED = 3.3  # seconds after which the kernel gives up to look for a neighbour (three times a second), and says so


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be sent from where to where: `size` in bytes, `patience` in seconds for one packet.

    Without `patience`: a second and a half, and longer while the node where the packet is looks for a neighbour.
    """

    node: str
    to: str
    protocol: str = "icmp"
    count: int = 1
    size: int = 84
    port: int = 33434  # traceroute(8) begins there: hardly anybody listens
    ttl: int = 64
    patience: float | None = None
    df: bool = False


class Tracer:
    """A context manager. `nodes` are descriptors of the namespaces by name; `loop` serves whatever else there is.

    `reports`: our programs are heard too, which needs the listeners' folder of a sandbox. `waiting` is called where a
    packet has been waited for longer than a second.
    """

    def __init__(
        self, nodes: Mapping[str, int], loop: Loop, reports: bool = True, waiting: Callable[[], None] = lambda: None
    ) -> None:
        self._nodes = nodes
        self._loop = loop
        self._waiting = waiting
        self._probe: Probe | None = None
        self._listening = Listening(nodes, loop, reports)
        self._stack = ExitStack()

    def __enter__(self) -> "Tracer":
        with ExitStack() as stack:
            stack.enter_context(self._listening)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def so_far(self) -> str:
        """The last place of the packet that is on its way, `h1:eth0 out`; empty where it was seen nowhere."""
        places = places_of(self._listening.seen, self._probe) if self._probe else []
        return places[-1].name if places else ""

    def trace(self, wanted: Wanted, step: str = "") -> Iterator[Hop | Traced]:
        """Each packet's hops once it has come to its end, then that end; then the next packet is sent.

        Raises TunlabError for a size that does not do, and KernelError where the kernel lets us ask nothing.
        """
        with inside(self._nodes[wanted.node]):
            to = goal(wanted.to, wanted.node)
            source, refused = source_for(to.address, to.zone)
        for number in range(1, wanted.count + 1):
            yield from self._one(wanted, to, source, refused, number, step)

    def _one(
        self, wanted: Wanted, to: Goal, source: str, refused: int | None, number: int, step: str
    ) -> Iterator[Hop | Traced]:
        with ExitStack() as stack:
            with inside(self._nodes[wanted.node]):
                port = stack.enter_context(own_port(wanted.protocol, source, to.zone))
            port_there = number if wanted.protocol == "icmp" else wanted.port
            tag = os.urandom(TAG)
            probe = Probe(
                wanted.protocol, source, to.address, port, port_there, tag, wanted.size, wanted.ttl, wanted.df
            )
            packet = packet_of(probe)
            probe = self._probe = replace(probe, size=len(packet))
            before = counted(self._nodes)
            self._loop.turn(0)  # what is older than the packet
            self._listening.forget()
            if refused is None:
                with inside(self._nodes[wanted.node]):
                    refused = send_probe(probe, packet, to.zone)
            self._wait(probe, wanted, refused)
            flooding = Flooding(places_of(self._listening.seen, probe), self._nodes)
            at_devices = without_own_error(flooding.without_copies(), wanted.node)
            arrived = home(at_devices, wanted.node, _identity(packet))
            places, said = self._with_programs(at_devices, probe)
            places = with_receiver(places, self._nodes, before)
            note_ports(places, self._nodes)
            hops = hops_of(places, step, number)
            state = state_of(arrived)
            reason, way, last = None, BACK, arrived
            if state != ANSWERED:
                way = THERE if state == REFUSED else _way(places)
                last = last_of(places, way)
                asked = replace(_last_seen(last, wanted.node, packet, refused, said), to_nobody=flooding.to_nobody)
                asked = replace(asked, refused_here=_refused_at(last, places), came_back=state == REFUSED)
                reason = why_not_in_clear(last) or why(asked, self._nodes, before)
                way = _way_of(reason, way, state)
        yield from hops
        us = round((arrived.time_ns - places[0].time_ns) / 1000, 3) if arrived else None
        yield Traced(
            step, number, state, way, last.name if last else "", reason, us,
            wanted.node, wanted.to, wanted.protocol, probe.size,
        )  # fmt: skip

    def _wait(self, probe: Probe, wanted: Wanted, refused: int | None) -> None:
        """Until the answer is home, or the deadline; and a little longer, for what trails."""
        identity = _identity(packet_of(probe))
        looked = 0

        def is_home() -> bool:
            nonlocal looked
            seen = self._listening.seen
            if len(seen) == looked:
                return False
            looked = len(seen)
            return home(places_of(seen, probe), wanted.node, identity) is not None

        patience = (wanted.patience or _PATIENCE) if refused is None else QUIET
        came = self._loop.wait(is_home, min(patience, _SILENCE))
        if not came and patience > _SILENCE:
            self._waiting()
            came = self._loop.wait(is_home, patience - _SILENCE)
        if not came:
            if refused is not None or wanted.patience is not None or not self._is_resolving(probe, wanted.node):
                return
            if not self._loop.wait(is_home, _RESOLVED - _PATIENCE):
                return
        end = time.monotonic() + _LONGEST_QUIET
        while time.monotonic() < end:
            so_far = self._listening.count()
            if not self._loop.wait(partial(self._listening.has_more_than, so_far), QUIET):
                return

    def _is_resolving(self, probe: Probe, origin: str) -> bool:
        """Whether the node where it is now looks for a neighbour: an error may come of that."""
        places = places_of(self._listening.seen, probe)
        with inside(self._nodes[places[-1].node if places else origin]):
            return is_resolving()

    def _with_programs(self, at_devices: list[Place], probe: Probe) -> tuple[list[Place], Told]:
        held = holders(self._nodes)
        known = Known(probe)
        for place in at_devices:
            known.sight(place.view.data, place.view.link)
        seen = self._listening.seen
        said = told(self._listening.reports, known, held, seen)
        places = sorted([*at_devices, *said.places], key=lambda place: place.time_ns)
        if not places:
            return never_in_clear(seen, _identity(packet_of(probe))), said
        return with_ipsec(with_foreign(places, seen, held, set(said.programs)), seen), said


def _identity(packet: bytes) -> Identity:
    found = datagram(packet)
    identity = identity_of(found) if found is not None else None
    assert identity is not None, "a probe is an echo, UDP or TCP"
    return identity


def _way(places: list[Place]) -> str:
    """On which way it is lost."""
    return next((way for way in (BACK, ERROR) if any(place.way == way for place in places)), THERE)


def _refused_at(last: Place | None, places: list[Place]) -> bool:
    """Whether the first error came in where the packet was last: a program there has written it."""
    error = next((place for place in places if place.way == ERROR and place.at_device), None)
    if last is None or error is None:
        return False
    return (error.node, error.device, error.direction) == (last.node, last.device, "in")


def _way_of(reason: Reason, way: str, state: str) -> str:
    if state != LOST:
        return ERROR if way == THERE else BACK
    return BACK if reason.way == BACK else way


def _last_seen(last: Place | None, origin: str, packet: bytes, refused: int | None, said: Told) -> LastSeen:
    if last is None:
        return LastSeen(origin, data=packet, refused=refused)
    program = said.programs.get((last.node, last.device))
    return LastSeen(
        last.node,
        last.device,
        last.direction,
        last.view.data,
        last.view.link,
        last.way,
        refused,
        (program,) if program else (),
        max(1, len(last.lengths)),
    )
