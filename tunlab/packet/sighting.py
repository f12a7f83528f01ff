"""Whether a packet that was met is the one being traced, its answer, or an error about either."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple

from tunlab.model.packet import LinkType
from tunlab.model.trace import ERROR, THERE, Probe
from tunlab.packet.headers import Datagram, Fragment
from tunlab.packet.identity import Identity, identity_of
from tunlab.packet.stack import (
    ERRORS,
    INTERNET,
    NOTICE,
    QUOTING,
    UNKNOWN,
    Header,
    headers,
    headers_to,
    internet_header,
)
from tunlab.packet.whose import PROTOCOLS, Whose


@dataclass(frozen=True, slots=True)
class Sighting:
    """That it is, and what was found out.

    `identity` is that of the innermost packet, as it is here; of an error, that of the packet quoted in it, and `about`
    tells whether that is the packet (`there`) or its answer (`back`). `layers` are the headers from the outside to the
    IP header of the innermost packet, of the error, or of a fragment which is not the first; that one begins at
    `offset`. `fragment` tells of the outermost IP header that is one of a fragment; `length` are the bytes of that IP
    packet, else those of the innermost.
    """

    way: str
    identity: Identity
    offset: int
    length: int
    layers: tuple[Header, ...]
    fragment: Fragment | None = None
    about: str = THERE


class _Claim(NamedTuple):
    """Whose a packet is."""

    way: str
    about: str
    identity: Identity


class Known:
    """By what one probe is known; grows with each packet that is recognised.

    Show it the packets in the order of time, over all nodes. What gave None may be shown once more at the end: a later
    fragment that overtook the first one, an answer whose translated question was looked at later. An echo's reply
    must carry the tag; what answers over UDP need not. Not recognised: what is encrypted or compressed, the later
    fragments of a packet whose first one was never seen, an answer behind a translation that was not seen on the way
    there, and ICMP redirects.
    """

    def __init__(self, probe: Probe) -> None:
        self._whose = Whose(probe)
        self._protocols = PROTOCOLS[probe.protocol]
        tcp = probe.protocol == "tcp"
        self._mark = probe.tag[:4] if tcp else probe.tag  # what is searched for,
        self._depth = 4 if tcp else 8  # and how far behind the IP header
        self._pairs: dict[bytes, int] = {}  # source and destination as in a header, and where in it
        self._fragments: dict[tuple[str, str, int, int], _Claim] = {}
        self._remember_pairs()

    def sight(self, data: bytes, link: LinkType) -> Sighting | None:
        """None for a stranger's. Never raises."""
        for offset in sorted({*self._marked(data), *self._between_known(data), *self._fragmented(data, link)}):
            found = internet_header(data, offset)
            if found is None:
                continue
            layers = headers_to(data, link, offset)
            if any(header.name == NOTICE for header in layers):
                continue
            error = _quoting(data, layers)
            claim = self._claim(found[1], quoted=error is not None)
            if claim is None:
                continue
            if error is not None:
                return self._sighting(data, error, claim._replace(way=ERROR))
            if claim.way != ERROR:  # as a later fragment of one may be
                self._whose.learn(claim.identity, claim.way)
                self._remember_pairs()
            return self._sighting(data, layers, claim)
        return None

    def _remember_pairs(self) -> None:
        for identity in self._whose.known:
            pair = ip_address(identity.source).packed + ip_address(identity.destination).packed
            self._pairs[pair] = 12 if len(pair) == 8 else 8

    # Where it might begin

    def _marked(self, data: bytes) -> Iterator[int]:
        """IP headers before each place where the tag stands."""
        for place in _places(data, self._mark):
            for header in (*range(20, 61, 4), *range(48, 105, 8)):  # IPv4 with options, IPv6 with extensions
                offset = place - self._depth - header
                found = internet_header(data, offset) if offset >= 0 and data[offset] >> 4 in (4, 6) else None
                if found and found[0].size == header and found[1].protocol == self._protocols[found[1].version]:
                    yield offset

    def _between_known(self, data: bytes) -> Iterator[int]:
        """IP headers with addresses that are known."""
        for pair, behind in self._pairs.items():
            for place in _places(data, pair):
                offset = place - behind
                if offset >= 0 and data[offset] >> 4 == (4 if len(pair) == 8 else 6):
                    yield offset

    def _fragmented(self, data: bytes, link: LinkType) -> Iterator[int]:
        """All IP headers, once there are fragments: a tunnel's are not between addresses that are known."""
        if self._fragments:
            yield from (header.offset for header in headers(data, link) if header.name in INTERNET)

    # Whether it is

    def _claim(self, packet: Datagram, quoted: bool) -> _Claim | None:
        if packet.fragment is not None and packet.fragment.offset:
            return self._fragments.get(_key(packet, packet.fragment))
        identity = identity_of(packet)
        if identity is None or identity.protocol != self._protocols[packet.version]:
            return None
        way = self._whose.way(packet, identity, quoted)
        return None if way is None else _Claim(way, way, identity)

    def _sighting(self, data: bytes, layers: tuple[Header, ...], claim: _Claim) -> Sighting:
        """Keeps what later fragments will be known by."""
        fragment, length = None, 0
        for header in layers:
            found = internet_header(data, header.offset) if header.name in INTERNET else None
            if found is None or fragment is not None:
                continue
            length = found[0].size + found[1].announced
            fragment = found[1].fragment
            if fragment is not None:
                self._fragments.setdefault(_key(found[1], fragment), claim)
        return Sighting(claim.way, claim.identity, layers[-1].offset, length, layers, fragment, claim.about)


def _places(data: bytes, what: bytes) -> Iterator[int]:
    place = data.find(what)
    while place >= 0:
        yield place
        place = data.find(what, place + 1)


def _key(packet: Datagram, fragment: Fragment) -> tuple[str, str, int, int]:
    """RFC 791, section 2.3: what the fragments of one packet have in common."""
    return packet.source, packet.destination, packet.protocol, fragment.identifier


def _quoting(data: bytes, layers: tuple[Header, ...]) -> tuple[Header, ...] | None:
    """The headers to that of an ICMP error's IP packet, where the last of `layers` is quoted in one; else None."""
    for number, header in enumerate(layers):
        if header.name == QUOTING:
            return layers[:number]
    place = layers[-1].offset - 8
    unknown = layers[-2] if len(layers) > 1 else None
    if unknown is None or unknown.name != UNKNOWN:
        return None
    for size in (20, 40):
        found = internet_header(data, place - size) if place - size >= unknown.offset else None
        if found and found[0].size == size and data[place] in ERRORS.get(found[1].protocol, ()):
            rest = place - size - unknown.offset
            return (*layers[:-2], *((unknown._replace(size=rest),) if rest else ()), found[0])
    return None
