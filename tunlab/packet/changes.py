"""What is not as it was at the place before."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from tunlab.model.packet import LinkType
from tunlab.model.trace import ERROR, Change
from tunlab.packet.headers import Datagram
from tunlab.packet.icmp_text import icmp_text, icmpv6_text
from tunlab.packet.identity import REQUESTS, Identity, flags, is_echo, is_reply
from tunlab.packet.names import TCP_FLAGS
from tunlab.packet.sighting import Sighting
from tunlab.packet.stack import ETHERNET, INTERNET, IPV4, IPV6, Header, internet_header

_LIFE = {IPV4: 8, IPV6: 7}  # where in its header the time to live stands, or the hop limit


@dataclass(frozen=True, slots=True)
class View:
    """The packet at one place.

    Of one in fragments: the first of them, and in `fragments` the `length` of each one's sighting, in their order.
    """

    data: bytes
    link: LinkType
    sighting: Sighting
    fragments: tuple[int, ...] = ()


def changes(before: View | None, after: View) -> tuple[Change, ...]:
    """From one place to the next: the packet's own first, then what is around it. Never raises.

    `before` is None at the first place. An answer, or an error, is a packet of its own: of it is told what it is, and
    whether it comes from another address than the one that was asked.
    """
    if before is None:
        return tuple(_fragments((), after.fragments, outer=False))
    if before.sighting.way != after.sighting.way:
        return (*_answer(before, after), *_fragments((), after.fragments, outer=False))
    one, other = before.sighting, after.sighting
    outer = _is_outer(after if after.fragments else before)
    return (
        *_header(before, one.layers[-1], after, other.layers[-1], addresses=one.way == ERROR),
        *(() if one.way == ERROR else _identity(one.identity, other.identity)),
        *_around(before, after),
        *_fragments(before.fragments, after.fragments, outer),
    )


def _fragments(before: tuple[int, ...], after: tuple[int, ...], outer: bool) -> Iterator[Change]:
    if before == after:
        return
    one, other = ("+".join(map(str, lengths)) for lengths in (before, after))
    yield Change("fragmented" if after else "reassembled", one, other, outer)


def _is_outer(view: View) -> bool:
    """Whether what is in fragments is a tunnel's packet around the one that is traced."""
    headers = (header for header in view.sighting.layers if header.name in INTERNET)
    found = ((header, internet_header(view.data, header.offset)) for header in headers)
    broken = (header.offset for header, at in found if at is not None and at[1].fragment is not None)
    return next(broken, view.sighting.offset) != view.sighting.offset


# The headers around it


def _around(before: View, after: View) -> Iterator[Change]:
    """Aligned from the inside out: the outermost change most."""
    one, other = (list(reversed(view.sighting.layers[:-1])) for view in (before, after))
    names = [[header.name for header in headers] for headers in (one, other)]
    for what, begin, end, start, stop in SequenceMatcher(None, names[0], names[1], autojunk=False).get_opcodes():
        if what == "equal":
            for old, new in zip(one[begin:end], other[start:stop], strict=True):
                yield from _header(before, old, after, new, addresses=True)
            continue
        if end > begin:
            yield Change("unwrapped", _named(one[begin:end]), "")
        if stop > start:
            yield Change("wrapped", "", _named(other[start:stop]))


def _named(headers: Sequence[Header]) -> str:
    return ", ".join(f"{header.name} {header.size}" for header in headers)


def _header(before: View, old: Header, after: View, new: Header, addresses: bool) -> Iterator[Change]:
    """What changed in a header that is at both places; its `addresses` only where they are asked for."""
    if old.name == ETHERNET and (was_macs := _macs(before, old)) != (macs := _macs(after, new)):
        yield Change("mac", was_macs, macs)
    found = internet_header(before.data, old.offset), internet_header(after.data, new.offset)
    if old.name not in INTERNET or found[0] is None or found[1] is None:
        return
    was, now = found[0][1], found[1][1]
    outer = old.offset != before.sighting.offset
    lives = [view.data[header.offset + _LIFE[old.name]] for view, header in ((before, old), (after, new))]
    if lives[0] != lives[1]:
        yield Change("ttl", str(lives[0]), str(lives[1]), outer)
    if addresses and was.source != now.source:
        yield Change("source", was.source, now.source, outer)
    if addresses and was.destination != now.destination:
        yield Change("destination", was.destination, now.destination, outer)


def _macs(view: View, header: Header) -> str:
    """Source > destination; in the frame the destination is first."""
    destination, source = (view.data[header.offset + place : header.offset + place + 6] for place in (0, 6))
    return f"{source.hex(':')} > {destination.hex(':')}"


# The packet itself


def _identity(one: Identity, other: Identity) -> Iterator[Change]:
    """Addresses and ports that were translated."""
    number = one.protocol in REQUESTS and one.source_port != other.source_port  # a translator takes it for a port
    for what, old, new in zip(("source", "destination"), _ends(one, number), _ends(other, number), strict=True):
        if old != new:
            yield Change(what, old, new)


def _ends(identity: Identity, number: bool) -> tuple[str, str]:
    """Source and destination; of an echo, its identifier with the source where `number` asks for it."""
    if identity.protocol in REQUESTS:
        return identity.source + (f" id {identity.source_port}" if number else ""), identity.destination
    source, destination = (
        f"[{address}]" if ":" in address else address for address in (identity.source, identity.destination)
    )
    return f"{source}:{identity.source_port}", f"{destination}:{identity.destination_port}"


def _answer(before: View, after: View) -> Iterator[Change]:
    if after.sighting.way == ERROR:
        yield Change("type", _type(before), _type(after))
        return
    if _type(before) != _type(after):
        yield Change("type", _type(before), _type(after))
    if before.sighting.way != ERROR:
        yield from _identity(before.sighting.identity.reversed(), after.sighting.identity)


def _type(view: View) -> str:
    found = internet_header(view.data, view.sighting.offset)
    return "" if found is None else _said(found[1])


def _said(packet: Datagram) -> str:
    try:
        if packet.protocol in REQUESTS and is_echo(packet):
            return "echo reply" if is_reply(packet) else "echo request"
        if packet.protocol in REQUESTS:
            return icmp_text(packet) if packet.version == 4 else icmpv6_text(packet)
    except (struct.error, KeyError):
        return ""  # cut off
    if packet.protocol == 6:
        return " ".join(name for bit, name in enumerate(TCP_FLAGS) if flags(packet) >> bit & 1)
    return "UDP"
