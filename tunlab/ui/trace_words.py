"""The words for a hop of a trace: where it is, and what has changed there."""

import re
from collections.abc import Mapping, Sequence

from tunlab.i18n import Words
from tunlab.model.trace import BACK, ERROR, Change, Hop, Reason
from tunlab.ui.printable import printable_line

_MAC = re.compile(r"\b[0-9a-f]{2}:[0-9a-f]{2}:[0-9a-f]{2}(:[0-9a-f]{2}:[0-9a-f]{2}:[0-9a-f]{2})\b")
# What is translated of a place that the engine names
_DIRECTIONS: Mapping[str, str] = {"out": "way_out", "in": "way_in"}


def where(hop: Hop, words: Words) -> str:
    """Such as `eth0 out`, or `tunnel pid 12`, and what the program did where it did not send the packet on."""
    if hop.program is None:
        key = _DIRECTIONS.get(hop.direction)
        return printable_line(f"{hop.device} {words(key)}" if key and hop.device else hop.where)
    told = words("trace_program", program=hop.program, pid=hop.pid or "?")
    if hop.socket:
        told += f" {hop.socket}"
    if hop.direction in ("read", "written"):
        told += " " + words(f"direction_{hop.direction}")
    return printable_line(told)


def sender(hops: Sequence[Hop], number: int) -> str:
    """Who sends what is at that place for the first time: the program at its device, or the node."""
    hop = hops[number]
    before = hops[number - 1] if number else None
    ours = before is not None and before.node == hop.node and (before.device == hop.device or before.socket)
    return printable_line(before.program if before and before.program and ours else hop.node)


def place(name: str, words: Words) -> str:
    """A place that is written `h1:eth0 out`; `h1:tun0 read` is the program there."""
    at, _, direction = name.rpartition(" ")
    if at and direction == "read":
        return printable_line(words("trace_the_program", device=at))
    key = _DIRECTIONS.get(direction)
    return printable_line(f"{at} {words(key)}" if at and key else name)


def size(hop: Hop) -> str:
    """Bytes; of a program, what it read and what it sent on."""
    return str(hop.bytes) if hop.bytes_out in (None, hop.bytes) else f"{hop.bytes}>{hop.bytes_out}"


def changed(change: Change, way: str, words: Words) -> str:
    """Of MAC addresses only their second half: they are long, and what matters is that they are others."""
    key = f"trace_change_{change.what}"
    if change.what == "type" and way in (BACK, ERROR):
        key = f"trace_change_{way}"
    elif change.what == "fragmented" and change.before:
        key = "trace_change_refragmented"
    if change.what == "mac":
        source, _, destination = change.after.partition(" > ")
        told = words(key, source=source, destination=destination)
    else:
        told = words(key, before=change.before, after=change.after)
    if change.outer:
        told = words("trace_outer", change=told)
    return printable_line(_MAC.sub(r"..\1", told))


def time_of(us: float) -> str:
    """Microseconds as a person reads them: `812 us`, `31 ms`, `3.1 s`."""
    if us < 10_000:
        return f"{us:.0f} us"
    return f"{us / 1000:.0f} ms" if us < 1_000_000 else f"{us / 1_000_000:.1f} s"


def reason(why: Reason, words: Words) -> str:
    """Its sentence."""
    values = dict(why.values)
    known = values.get("gateway")
    note = "" if known else words("trace_gateway_note")
    return printable_line(words(why.key, **values | {"note": note, "gateway": known or "GATEWAY"}))
