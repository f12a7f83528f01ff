"""The packets of a trace that took the same path, put together."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tunlab.model.trace import THERE, Hop, Traced


@dataclass(frozen=True, slots=True)
class Path:
    """`hops` are those of the first packet; `times` has for each of them the microseconds of every packet.

    `ends` is empty where the trace was stopped before the packets' ends were known.
    """

    packets: tuple[int, ...]
    hops: tuple[Hop, ...]
    times: tuple[tuple[float, ...], ...]
    ends: tuple[Traced, ...]

    def microseconds(self, there: bool) -> float | None:
        """How long a packet took on that way, the median; None where it took none."""
        places = [number for number, hop in enumerate(self.hops) if (hop.way == THERE) == there]
        if not places:
            return None
        first, last = self.times[places[0]], self.times[places[-1]]
        return median(end - begin for begin, end in zip(first, last, strict=True))

    def devices(self, there: bool) -> int:
        return len({(hop.node, hop.device) for hop in self._on(there) if hop.program is None})

    def programs(self, there: bool) -> int:
        return len({(hop.node, hop.program, hop.pid) for hop in self._on(there) if hop.program is not None})

    def _on(self, there: bool) -> list[Hop]:
        return [hop for hop in self.hops if (hop.way == THERE) == there]


def paths(hops: Sequence[Hop], ends: Sequence[Traced]) -> list[Path]:
    """One for each path, that of most packets first, then in their order."""
    numbers = sorted({hop.packet for hop in hops} | {end.packet for end in ends})
    groups: dict[tuple[object, ...], list[tuple[int, list[Hop], Traced | None]]] = {}
    for number in numbers:
        its = sorted((hop for hop in hops if hop.packet == number), key=lambda hop: hop.number)
        end = next((end for end in ends if end.packet == number), None)
        groups.setdefault(_way(its, end), []).append((number, its, end))
    return sorted((_path(group) for group in groups.values()), key=lambda path: -len(path.packets))


def _way(hops: Sequence[Hop], end: Traced | None) -> tuple[object, ...]:
    """What two packets have in common that took the same path."""
    places = tuple((hop.way, hop.node, hop.device, hop.direction, hop.program, hop.pid) for hop in hops)
    return (places, end and (end.state, end.way, end.last, end.why))


def _path(group: Sequence[tuple[int, list[Hop], Traced | None]]) -> Path:
    return Path(
        packets=tuple(number for number, _, _ in group),
        hops=tuple(group[0][1]),
        times=tuple(zip(*[[hop.us for hop in its] for _, its, _ in group], strict=True)),
        ends=tuple(end for _, _, end in group if end is not None),
    )
