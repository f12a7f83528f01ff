"""Packets become events: those that the captures saw, and those that programs told of."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tunlab.engine.node import RunningNode
from tunlab.kernel.packet_socket import Captured
from tunlab.model.events import PacketSeen
from tunlab.model.packet import LinkType
from tunlab.model.program import Program
from tunlab.model.topology import Endpoint
from tunlab.packet.decode import decode
from tunlab.packet.summary import summary
from tunlab.session.log import EventLog

MOST = 2000  # packets logged in one step, by captures and by programs: a flood is not looked at any further
AT_ONCE = 64  # packets logged in one turn of the loop


@dataclass(frozen=True, slots=True)
class Told:
    """Which program told of a packet, at which device, and what it `did`: `read` or `written`."""

    program: str
    at: Endpoint
    did: str


def captured_packet(captured: Captured, node: str, step: str) -> PacketSeen:
    """The event of a packet that a capture saw."""
    link = LinkType.ETHERNET if captured.link_header else LinkType.RAW
    return PacketSeen(
        step=step,
        node=node,
        device=captured.device,
        seen_by="capture",
        direction="out" if captured.outgoing else "in",
        length=len(captured.data),
        summary=summary(captured.data, link),
        layers=decode(captured.data, link),
        time_ns=captured.time_ns,
        data=captured.data.hex(),
        link=link.name,
    )


class PacketLog:
    """Decodes each packet and logs it, told by whoever saw it."""

    def __init__(self, log: EventLog, nodes: Sequence[RunningNode]) -> None:
        self._log = log
        self._nodes = nodes
        self._captured: dict[tuple[str, str, int], list[PacketSeen]] = defaultdict(list)
        self._told: dict[tuple[str, int], int] = defaultdict(int)
        self._logged = 0
        self.left_out = 0  # packets of this step that were not logged any more

    def begin_step(self) -> None:
        """A new step begins."""
        self.drain_all()
        self._logged = self.left_out = 0

    def drain_all(self) -> None:
        """Log all that the captures hold: they saw a packet before a program that tells of it could read it.

        In a flood only some of it: what is not logged any more needs nobody's report beside it.
        """
        if self._logged >= MOST:
            for node in self._nodes:
                self.drain(node)
            return
        now = time.time_ns()
        for node in self._nodes:
            while self._next(node, until=now):
                pass

    def drain(self, node: RunningNode) -> None:
        """Log some of what a node's capture holds; keys and signals must not wait for a flood to end."""
        for _ in range(AT_ONCE):
            if not self._next(node):
                return

    def _next(self, node: RunningNode, until: int | None = None) -> bool:
        """Log the next packet; False when there is none, or none that was captured up to `until` (ns)."""
        captured = node.capture.receive()
        if captured is None:
            return False
        if not self._has_room():
            return until is None or captured.time_ns <= until
        seen = captured_packet(captured, node.name, self._log.step)
        self._log.add(seen)
        if captured.outgoing:
            self._captured[seen.node, seen.device, seen.length].append(seen)
        return until is None or captured.time_ns <= until

    def _has_room(self) -> bool:
        """Count a packet that is about to be logged; False where there were too many."""
        room = self._logged < MOST
        self._logged += room
        self.left_out += not room
        return room

    def told_with_bytes(self, told: Told, data: bytes, time_ns: int, link: LinkType = LinkType.RAW) -> None:
        """A program of ours reported a packet that it `read` or `written`."""
        if not self._has_room():
            return
        seen = replace(
            self._told_by(told, len(data)),
            summary=summary(data, link),
            layers=decode(data, link),
            time_ns=time_ns,
            data=data.hex(),
            link=link.name,
        )
        self._log.add(seen)

    def told_length(self, program: Program, length: int) -> None:
        """A program printed only a length: put the captured packet of that length and rank beside it."""
        if not self._has_room():
            return
        assert program.device is not None
        seen = self._told_by(Told(program.name, program.device, "read"), length)
        twins = self._captured[seen.node, seen.device, length]
        rank = self._told[program.name, length]
        self._told[program.name, length] += 1
        if rank < len(twins):
            twin = twins[rank]
            seen = replace(
                seen,
                summary=twin.summary,
                layers=twin.layers,
                time_ns=twin.time_ns,
                data=twin.data,
                link=twin.link,
                joined=True,
            )
        self._log.add(seen)

    def program_started(self, program: Program) -> None:
        """Its device is a new one, and so are the packets that its lines will be paired with."""
        if program.device is None:
            return
        self.drain_all()
        for line in [key for key in self._told if key[0] == program.name]:
            del self._told[line]
        for place in [key for key in self._captured if key[:2] == (program.device.node, program.device.device)]:
            del self._captured[place]

    def _told_by(self, told: Told, length: int) -> PacketSeen:
        node, device = told.at.node, told.at.device
        return PacketSeen(self._log.step, node, device, "program", told.did, length, summary="", program=told.program)
