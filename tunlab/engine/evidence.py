"""What the log says so far, arranged for checks and waits: a reader of events, nothing more."""

from collections import defaultdict
from collections.abc import Sequence

from tunlab.model.checks import PacketFilter
from tunlab.model.events import DeviceSeen, Entry, Measured, Output, PacketSeen, StepRunning
from tunlab.model.topology import Endpoint
from tunlab.model.trace import Hop, Traced, last_path


class Evidence:
    """Packets, output lines and traces by step, and each device as last seen."""

    def __init__(self) -> None:
        self._packets: dict[str, list[PacketSeen]] = defaultdict(list)
        self._lines: dict[str, list[Output]] = defaultdict(list)
        self._devices: dict[tuple[str, str], DeviceSeen] = {}
        self._traced: dict[str, Traced] = {}
        self._measured: dict[str, dict[str, Measured]] = defaultdict(dict)
        self._hops: dict[str, list[Hop]] = defaultdict(list)
        self.last_packet = 0.0  # when the newest packet was logged, in seconds of the run

    def read(self, entry: Entry) -> None:
        """Take an entry of the log in."""
        match entry.what:
            case PacketSeen() as packet:
                self._packets[packet.step].append(packet)
                self.last_packet = entry.t
            case Output() as output:
                self._lines[output.step].append(output)
            case Measured() as measured:
                self._measured[measured.step][measured.way] = measured
            case Hop() as hop:
                self._hops[hop.step].append(hop)
            case Traced() as traced:
                self._traced[traced.step] = traced
            case StepRunning(step):
                for kept in (self._packets, self._lines, self._traced, self._measured, self._hops):
                    kept.pop(step, None)
            case DeviceSeen() as device:
                self._devices[device.node, device.device] = device

    def packets(self, step: str, wanted: PacketFilter) -> list[PacketSeen]:
        """The packets of a step that the filter means."""
        return [packet for packet in self._packets[step] if matches(packet, wanted)]

    def captured(self, step: str, node: str, direction: str) -> list[PacketSeen]:
        """All packets of a step that a node's capture saw in one direction."""
        return [
            packet
            for packet in self._packets[step]
            if (packet.node, packet.seen_by, packet.direction) == (node, "capture", direction)
        ]

    def lines(self, step: str, program: str | None) -> list[str]:
        """What a program printed during a step, or where it is None all that ran in it."""
        return [output.line for output in self._lines[step] if program in (None, output.program)]

    def traced(self, step: str) -> Traced | None:
        """The end of the last packet that was traced in a step."""
        return self._traced.get(step)

    def measured(self, step: str) -> dict[str, Measured]:
        """What was measured in a step, by way."""
        return self._measured[step]

    def hops(self, step: str) -> Sequence[Hop]:
        """The places that this packet passed."""
        return last_path(self._hops[step])

    def device(self, at: Endpoint) -> DeviceSeen | None:
        """A device as last seen, or None when it never was, or is gone."""
        seen = self._devices.get((at.node, at.device))
        return None if seen is None or seen.gone else seen


def matches(packet: PacketSeen, wanted: PacketFilter) -> bool:
    """Whether the filter means this packet."""
    return (
        (packet.node, packet.device) == (wanted.at.node, wanted.at.device)
        and (packet.seen_by, packet.direction) == (wanted.seen_by, wanted.direction)
        and wanted.length in (None, packet.length)
        and (wanted.what or "") in packet.summary
        and wanted.program in (None, packet.program)
        and packet.data.startswith(wanted.data or "")
        and (not wanted.text or wanted.text.encode() in bytes.fromhex(packet.data))
    )
