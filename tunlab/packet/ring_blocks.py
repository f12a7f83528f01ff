"""A block of the packet ring becomes blocks of a pcapng file, many packets at once."""

import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tunlab.kernel.packet_ring import FORM, FRAME, PACKET_OUTGOING, VLAN_VALID, WHERE, cut_out, packets_in, with_tag
from tunlab.packet.pcapng import COMMENT, PACKET, options
from tunlab.packet.ring_flood import flood_packets, flood_rows, flood_times

_EPB_FLAGS, _INBOUND, _OUTBOUND = 2, 1, 2  # draft-ietf-opsawg-pcapng, section 4.3
_HALF = 32  # a time stamp is written as two numbers of so many bits
_TAG = 4  # bytes of a VLAN tag

InterfaceOf = Callable[[bytes], int | None]  # by what `WHERE` unpacks; None: not wanted


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time (ns since 1970, the end not included) and the comment of the packets in it."""

    begin: int
    end: int
    comment: str


@dataclass(frozen=True, slots=True)
class _Moment:
    """Part of a second, `since` to `until` (ns), in which the upper half of a time stamp and the comment stay.

    Its lower half is `low` more than the nanoseconds.
    """

    second: int
    since: int
    until: int
    high: int
    low: int
    comment: str


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the packets of one flow have in common: all but the time and the bytes. `pack` puts a block together."""

    interface: int
    pack: Callable[..., bytes]
    head: bytes
    lengths: bytes
    tail: bytes
    start: int
    end: int
    tagged: bool


def packet_blocks(
    block: bytes, most: int, interface_of: InterfaceOf, span_at: Callable[[int], Span]
) -> tuple[bytes, Counter[int]]:
    """At most `most` packets of a ring's block as pcapng's, and how many of them each interface got.

    The packets of a flow differ in their time and bytes only, so all else is put together once a flow: 0.4 us a
    packet, against 2 for PcapngWriter, and less where the whole block is one flow. `span_at` says for a time which
    packets around it have the same comment.
    """
    count, offset = packets_in(block)
    stop = count if most >= count else _wanted(block, most, interface_of)
    counts: Counter[int] = Counter()
    if not stop:
        return b"", counts
    _, seconds, nanoseconds, form, where = FRAME.unpack_from(block, offset)
    moment = _moment(seconds, nanoseconds, span_at)
    shape = _shape(form, where, interface_of, moment)
    shapes = {(form, where): shape}
    parts = _flood(block, stop, shape, moment)
    if shape and parts:
        counts[shape.interface] = len(parts)
        offset += len(parts) * FRAME.unpack_from(block, offset)[0]
    form = b""
    since = until = began = 0
    shape = None
    add, unpack = parts.append, FRAME.unpack_from
    for number in range(len(parts), stop):
        following, seconds, nanoseconds, its_form, its_where = unpack(block, offset)
        if its_form != form or its_where != where or seconds != moment.second or not since <= nanoseconds < until:
            if shape:
                counts[shape.interface] += number - began
            began = number
            if seconds != moment.second or not moment.since <= nanoseconds < moment.until:
                moment = _moment(seconds, nanoseconds, span_at)
                shapes.clear()
            since, until, low = moment.since, moment.until, moment.low
            if (its_form, its_where) not in shapes:
                shapes[its_form, its_where] = _shape(its_form, its_where, interface_of, moment)
            shape = shapes[its_form, its_where]
            form, where = its_form, its_where
            if shape is None or shape.tagged:
                form = b""  # each of them comes this way
                if shape:
                    data = with_tag(block, offset, block[offset + shape.start : offset + shape.end])
                    add(shape.pack(shape.head, low + nanoseconds, shape.lengths, data, shape.tail))
                offset += following
                continue
            pack, head, lengths, tail = shape.pack, shape.head, shape.lengths, shape.tail
            start, end = shape.start, shape.end
        add(pack(head, low + nanoseconds, lengths, block[offset + start : offset + end], tail))
        offset += following
    if shape:
        counts[shape.interface] += stop - began
    return b"".join(parts), counts


def _flood(block: bytes, stop: int, shape: _Shape | None, moment: _Moment) -> list[bytes]:
    """The packets that the block begins with where nearly all of it is one flow; else none."""
    alike = 0 if not shape or shape.tagged else flood_packets(block, stop)
    times = flood_times(block, alike) if alike else []
    if not shape or not times or min(times) < moment.since or max(times) >= moment.until:
        return []
    pack, head, low, lengths, tail = shape.pack, shape.head, moment.low, shape.lengths, shape.tail
    rows = flood_rows(block, alike, shape.start, shape.end)
    return [pack(head, low + time, lengths, data, tail) for time, data in rows]


def _moment(seconds: int, nanoseconds: int, span_at: Callable[[int], Span]) -> _Moment:
    base = seconds * 1_000_000_000
    span = span_at(base + nanoseconds)
    high = (base + nanoseconds) >> _HALF
    begin, end = max(span.begin, high << _HALF), min(span.end, (high + 1) << _HALF)
    return _Moment(seconds, begin - base, end - base, high, base - (high << _HALF), span.comment)


def _shape(form: bytes, where: bytes, interface_of: InterfaceOf, moment: _Moment) -> _Shape | None:
    interface = interface_of(where)
    if interface is None:
        return None
    start, end, length = cut_out(form, where)
    tagged = bool(FORM.unpack(form)[2] & VLAN_VALID)
    size = end - start + _TAG * tagged
    direction = _OUTBOUND if WHERE.unpack(where)[2] == PACKET_OUTGOING else _INBOUND
    told = [(_EPB_FLAGS, struct.pack("<I", direction))]
    if moment.comment:
        told.append((COMMENT, moment.comment.encode()))
    behind = bytes(-size % 4) + options(*told)
    whole = 32 + size + len(behind)
    tail = behind + struct.pack("<I", whole)
    return _Shape(
        interface=interface,
        pack=struct.Struct(f"<16sI8s{size}s{len(tail)}s").pack,
        head=struct.pack("<4I", PACKET, whole, interface, moment.high),
        lengths=struct.pack("<II", size, length + _TAG * tagged),
        tail=tail,
        start=start,
        end=end,
        tagged=tagged,
    )


def _wanted(block: bytes, most: int, interface_of: InterfaceOf) -> int:
    """How many packets of the block there are up to the last one that is still wanted."""
    count, offset = packets_in(block)
    found = 0
    for number in range(count):
        if found == most:
            return number
        following, _, _, _, where = FRAME.unpack_from(block, offset)
        found += interface_of(where) is not None
        offset += following
    return count
