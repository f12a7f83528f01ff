"""What the screen shows of a step: a reader of events that arranges them and computes nothing of its own."""

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from tunlab.model.events import Action, Counters, DeviceSeen, Entry, Measured, Output, PacketSeen, StepRunning
from tunlab.model.topology import Endpoint
from tunlab.model.trace import Hop, Traced, last_path


@dataclass
class Row:
    """One packet on one device, and all who told of it, in the order of its way."""

    packet: PacketSeen
    told: list[str] = field(default_factory=list)
    later: float = 0.0  # seconds between the first who told of it and the second


@dataclass
class End:
    """What one end of a device did in one direction: packets and bytes."""

    packets: int = 0
    size: int = 0

    def add(self, packet: PacketSeen) -> None:
        self.packets += 1
        self.size += packet.length


# A packet's way: what the stack sends is captured before it is read, what is written before it is captured.
_WAYS = (("out", "read"), ("written", "in"))
_LOOP = ("out", "in")  # what goes out through lo comes in through it


class View:
    """One device at its two ends, and its packets in this step."""

    def __init__(self) -> None:
        self.devices: dict[tuple[str, str], DeviceSeen] = {}
        self.counters: dict[tuple[str, str], Counters] = {}
        self.ends: dict[tuple[str, str, str], End] = {}
        self.told_by: Counter[tuple[str, str, str, str]] = Counter()  # packets by node, device, program, direction
        self.rows: list[Row] = []  # by the time of whoever told first: captures of two devices may come in turned round
        self.lines: list[tuple[Output, int]] = []  # with the how manieth run of a command printed it
        self.changed = False
        self.hops: list[Hop] = []  # of the packets that were traced in this step,
        self.traced: list[Traced] = []  # and how they ended
        self.measured: list[Measured] = []
        self._half_told: dict[tuple[str, str, str], list[Row]] = defaultdict(list)  # by node, device and bytes
        self._before: dict[tuple[str, str, str], int] = {}  # packets of an end when the step began
        self._old: set[tuple[str, str]] = set()  # devices that were there when it began
        self.commands: list[str] = []  # that were run to their end, as Output names them

    def begin_step(self) -> None:
        """A new step begins: its packets and lines are its own; devices and counters go on."""
        self.rows, self.lines, self.commands = [], [], []
        self.hops, self.traced, self.measured = [], [], []
        self._half_told.clear()
        self._before = {key: end.packets for key, end in self.ends.items()}
        self._old = {where for where, seen in self.devices.items() if not seen.gone}

    def read(self, entry: Entry) -> None:
        """Take an entry of the log in."""
        self.changed = True
        match entry.what:
            case DeviceSeen() as seen:
                self._device(seen)
            case Counters() as counters:
                where = (counters.node, counters.device)
                self.counters[where] = counters
                self.ends[*where, "sent"] = End(counters.tx_packets, counters.tx_bytes)
                self.ends[*where, "received"] = End(counters.rx_packets, counters.rx_bytes)
            case StepRunning():
                self.begin_step()
            case PacketSeen() as packet:
                self._packet(packet)
            case Hop() as hop:
                self.hops.append(hop)
            case Traced() as end:
                self.traced.append(end)
            case Measured() as measured:
                self.measured.append(measured)
            case Output() as output:
                self.lines.append((output, self.commands.count(output.program)))
            case Action(verb="exec", command=command):
                self.commands.append(f"$ {command}")

    def rows_at(self, places: Collection[Endpoint]) -> list[Row]:
        """The packets on some devices, where any are named: what happens elsewhere is not what a step is about."""
        return [row for row in self.rows if not places or Endpoint(row.packet.node, row.packet.device) in places]

    def rows_of_hops(self) -> list[Row]:
        """The packet that was traced last, as it was at each of its hops; where a program had it, as just before."""
        found: list[Row] = []
        for hop in last_path(self.hops):
            at = (hop.node, hop.device, hop.data)
            rows = (row for row in self.rows if (row.packet.node, row.packet.device, row.packet.data) == at)
            row = next(rows, None) or (found[-1] if found else None)
            if row is not None:
                found.append(row)
        return found

    def device(self, at: Endpoint) -> DeviceSeen | None:
        """A device as last seen, or None when it never was, or is gone."""
        seen = self.devices.get((at.node, at.device))
        return None if seen is None or seen.gone else seen

    def end(self, node: str, device: str, direction: str) -> End:
        """What was `sent` or `received` by the kernel, `read` or `written` by the program at the far end.

        Counted from when the device came into being, or that program took it.
        """
        return self.ends.get((node, device, direction), End())

    def grown(self, node: str, device: str, direction: str) -> int | None:
        """By how many packets an end has grown in this step; None where the device is new."""
        if (node, device) not in self._old:
            return None
        return self.end(node, device, direction).packets - self._before.get((node, device, direction), 0)

    def _device(self, seen: DeviceSeen) -> None:
        where = (seen.node, seen.device)
        before = self.devices.get(where)
        self.devices[where] = seen
        if seen.gone or (before is not None and before.index != seen.index):
            self.counters.pop(where, None)
            self._forget(where, ("sent", "received", "read", "written"))
            self._old.discard(where)
        elif before is not None and before.holders and set(before.holders).isdisjoint(seen.holders):
            self._forget(where, ("read", "written"))

    def _forget(self, where: tuple[str, str], directions: tuple[str, ...]) -> None:
        for direction in directions:
            self.ends.pop((*where, direction), None)
            self._before.pop((*where, direction), None)
        for key in [key for key in self.told_by if key[:2] == where and key[3] in directions]:
            del self.told_by[key]

    def _packet(self, packet: PacketSeen) -> None:
        if packet.seen_by == "program":
            self.ends.setdefault((packet.node, packet.device, packet.direction), End()).add(packet)
            self.told_by[packet.node, packet.device, packet.program or "", packet.direction] += 1
        way = _LOOP if packet.device == "lo" else next(way for way in _WAYS if packet.direction in way)
        half_told = self._half_told[packet.node, packet.device, packet.data]
        for row in half_told:
            if packet.data and packet.direction not in row.told and set(row.told) <= set(way):
                half_told.remove(row)
                row.told = list(way)
                row.later = (packet.time_ns - row.packet.time_ns) / 1e9
                return
        row = Row(packet, [packet.direction])
        insort(self.rows, row, key=lambda each: each.packet.time_ns)
        half_told.append(row)
