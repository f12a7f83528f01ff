"""What our own programs report becomes places between those of the devices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tunlab.engine.trace.holding import Holder
from tunlab.engine.trace.inferring import carrying
from tunlab.engine.trace.last_seen import AtProgram
from tunlab.engine.trace.listening import Report
from tunlab.engine.trace.place import Place, Seen
from tunlab.model.packet import LinkType
from tunlab.packet.changes import View
from tunlab.packet.sighting import Known


@dataclass
class Told:
    """The places that the reports add, and what is known of each program by its node and device."""

    places: list[Place] = field(default_factory=list)
    programs: dict[tuple[str, str], AtProgram] = field(default_factory=dict)


def told(
    reports: Sequence[Report], known: Known, holders: Mapping[tuple[str, str], Holder], seen: Sequence[Seen]
) -> Told:
    """`known` has seen all that the devices saw, `seen`. A report that makes no sense is not there."""
    result = Told()
    for report in reports:
        at = report.teller.at
        holder = holders.get((at.node, at.device))
        key = (at.node, at.device)
        before = result.programs.get(key)
        answers = _caused(report, reports)
        place = _read(report, known, answers, holder.pid if holder else None)
        if place is not None:
            place.bytes_out = len(answers[0]) if answers else None
            place.direction = "through" if answers else "read"
            result.places.append(place)
            if answers and not known.sight(answers[0], LinkType.RAW):  # encrypted: only the program knows what is in it
                result.places.extend(carrying(place, seen, answers[0]))
        result.programs[key] = AtProgram(
            name=report.teller.program,
            pid=holder.pid if holder else None,
            reports=True,
            read=place is not None or (before is not None and before.read),
            wrote=(place is not None and place.direction == "through") or (before is not None and before.wrote),
        )
    return result


def _read(report: Report, known: Known, answers: Sequence[bytes], pid: int | None) -> Place | None:
    """Of what was encrypted when it came, the view is that of what the program has made of it."""
    match report.fields:
        case {"did": "read" | "received", "t_ns": int(time_ns), "data": str(text), **rest}:
            data = _bytes(text)
            link = LinkType.__members__.get(str(rest.get("link", "RAW")), LinkType.RAW)
        case _:
            return None
    lengths = (len(data),)
    sighting = known.sight(data, link) if data else None
    if sighting is None and answers:
        data, link = answers[0], LinkType.RAW
        sighting = known.sight(data, link)
    if sighting is None:
        return None
    at = report.teller.at
    return Place(
        at.node, at.device, "read", sighting.way, time_ns, View(data, link, sighting), lengths,
        program=report.teller.program, pid=pid,
    )  # fmt: skip


def _caused(cause: Report, reports: Sequence[Report]) -> list[bytes]:
    """What the same program wrote or sent because of it."""
    found = []
    for report in reports:
        same = report.teller == cause.teller and report.fields.get("did") in ("written", "sent")
        number = cause.fields.get("number")
        if same and number is not None and report.fields.get("cause") == number:
            found.append(_bytes(str(report.fields.get("data", ""))))
    return found


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
