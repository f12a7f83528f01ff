"""Which packets answer our echo requests, and what they add up to."""

import struct
from dataclasses import dataclass, field

from tunlab.kernel.packet_socket import Captured
from tunlab.model.packet import LinkType
from tunlab.model.ping import PingAnswer, PingFinished
from tunlab.packet.headers import ICMP, ICMPV6, Datagram, datagram, internet

_ECHO = struct.Struct("!B3xHH")  # type, identifier, sequence
_REQUEST, _REPLY = {4: 8, 6: 128}, {4: 0, 6: 129}
_ERRORS = {4: (3, 4, 11, 12), 6: (1, 2, 3, 4)}  # RFC 792, RFC 4443
_TOO_BIG = {(4, 3, 4), (6, 2, 0)}
_MOST_PIECES = 1000  # fragmented replies of which we wait for the rest


@dataclass(slots=True)
class _Request:
    left_ns: int | None = None  # when the kernel handed it to a device
    replied: tuple[str, str] | None = None  # the device at which the first reply came in, and its sender
    failed_at: str | None = None


@dataclass(slots=True)
class _Pieces:
    """What has come of a fragmented reply: an ICMP message of `total` bytes, once the last piece tells."""

    sequence: int | None = None
    total: int | None = None
    offsets: dict[int, int] = field(default_factory=dict)


class Answers:
    """Takes each packet of the namespace. `longest_ns`: the longest round trip so far, None before any answer."""

    def __init__(self, node: str, address: str, identifier: int) -> None:
        self._node = node
        self._address = address
        self._identifier = identifier
        self._requests: dict[int, _Request] = {}
        self._numbers: dict[int, int] = {}  # by the 16 bits that a packet carries
        self._pieces: dict[tuple[str, str, int], _Pieces] = {}
        self._open: set[int] = set()
        self._highest = self._answered = self._duplicates = self._errors = 0
        self._trips: tuple[int, int, int, int] | None = None  # count, sum, least, most
        self.longest_ns: int | None = None

    @property
    def complete(self) -> bool:
        """Whether something has come for every request."""
        return not self._open

    def expect(self, number: int) -> None:
        """A request is about to leave."""
        self._requests[number] = _Request()
        self._requests.pop(number - 0x10000, None)
        self._numbers[number & 0xFFFF] = number
        self._open.add(number)

    def refused(self, number: int, problem: str) -> PingAnswer:
        """Our own kernel did not send it."""
        self._open.discard(number)
        self._errors += 1
        return PingAnswer(self._node, self._address, number, "refused", problem=problem)

    def take(self, captured: Captured) -> PingAnswer | None:
        """What this packet says of a request of ours, where it says anything new."""
        data = internet(captured.data, LinkType.ETHERNET if captured.link_header else LinkType.RAW)
        packet = datagram(data)
        if packet is None or packet.protocol not in (ICMP, ICMPV6):
            return None
        ttl = data[8] if packet.version == 4 else data[7]
        if captured.outgoing:
            if (sequence := self._ours(packet, _REQUEST)) is not None and (request := self._request(sequence)):
                request[1].left_ns = request[1].left_ns or captured.time_ns
            return None
        if packet.fragment is not None:
            sequence, size = self._assembled(captured.device, packet)
        else:
            sequence, size = self._ours(packet, _REPLY), packet.announced
        if sequence is not None:
            return self._reply(captured, packet, sequence, size, ttl)
        return self._error(captured, packet, ttl)

    def summary(self, sent: int) -> PingFinished:
        """What it all adds up to."""
        count, total, least, most = self._trips or (0, 0, None, None)
        average = total // count if count else None
        return PingFinished(
            self._node, self._address, sent, self._answered, self._duplicates, self._errors, least, average, most
        )

    def _ours(self, packet: Datagram, kinds: dict[int, int]) -> int | None:
        """The sequence number of an echo message of ours of that kind."""
        if len(packet.payload) < _ECHO.size or (packet.fragment and packet.fragment.offset):
            return None
        kind, identifier, sequence = _ECHO.unpack_from(packet.payload)
        protocol = ICMP if packet.version == 4 else ICMPV6
        ours = (packet.protocol, kind, identifier) == (protocol, kinds[packet.version], self._identifier)
        return int(sequence) if ours else None

    def _request(self, sequence: int) -> tuple[int, _Request] | None:
        number = self._numbers.get(sequence)
        return None if number is None else (number, self._requests[number])

    def _assembled(self, device: str, packet: Datagram) -> tuple[int | None, int]:
        """The sequence number and the bytes of a fragmented reply when its last missing piece has come."""
        assert packet.fragment is not None
        key = device, packet.source, packet.fragment.identifier
        if len(self._pieces) > _MOST_PIECES:
            self._pieces.clear()
        pieces = self._pieces.setdefault(key, _Pieces())
        pieces.offsets[packet.fragment.offset] = packet.announced
        if not packet.fragment.offset:
            pieces.sequence = self._ours(packet, _REPLY)
        if not packet.fragment.more:
            pieces.total = packet.fragment.offset + packet.announced
        if pieces.total is None or sum(pieces.offsets.values()) < pieces.total:
            return None, 0
        del self._pieces[key]
        return pieces.sequence, pieces.total

    def _reply(self, captured: Captured, packet: Datagram, sequence: int, size: int, ttl: int) -> PingAnswer | None:
        found = self._request(sequence)
        if found is None:
            return None
        number, request = found
        again = request.replied is not None
        if request.replied and request.replied[0] != captured.device and request.replied[1] == packet.source:
            return None  # the same packet, on its way from a port to its bridge
        trip = None if request.left_ns is None else captured.time_ns - request.left_ns
        late = number < self._highest and not again
        self._highest = max(self._highest, number)
        request.replied = captured.device, packet.source
        self._open.discard(number)
        if again:
            self._duplicates += 1
        else:
            self._answered += 1
            self._count(trip)
        return PingAnswer(
            self._node, self._address, number, "reply", size, packet.source, ttl, trip, duplicate=again, late=late
        )

    def _count(self, trip: int | None) -> None:
        self.longest_ns = max(self.longest_ns or 0, trip or 0)
        if trip is not None:
            count, total, least, most = self._trips or (0, 0, trip, trip)
            self._trips = count + 1, total + trip, min(least, trip), max(most, trip)

    def _error(self, captured: Captured, packet: Datagram, ttl: int) -> PingAnswer | None:
        """An ICMP error that quotes a request of ours."""
        if len(packet.payload) < 8 or packet.payload[0] not in _ERRORS[packet.version]:
            return None
        quoted = datagram(packet.payload[8:])
        sequence = None if quoted is None else self._ours(quoted, _REQUEST)
        found = None if sequence is None else self._request(sequence)
        if found is None:
            return None
        number, request = found
        if request.failed_at not in (None, captured.device):
            return None
        request.failed_at = captured.device
        kind, code = packet.payload[0], packet.payload[1]
        mtu = None
        if (packet.version, kind, code) in _TOO_BIG:
            (mtu,) = struct.unpack_from("!6xH" if packet.version == 4 else "!4xI", packet.payload)
        trip = None if request.left_ns is None else captured.time_ns - request.left_ns
        self._open.discard(number)
        self._errors += 1
        self.longest_ns = max(self.longest_ns or 0, trip or 0)
        return PingAnswer(
            self._node, self._address, number, "error", packet.announced, packet.source, ttl, trip,
            (packet.version, kind, code), mtu,
        )  # fmt: skip
