"""Whether a packet is the one being traced or its answer, by what is known of it so far."""

from ipaddress import ip_address

from tunlab.model.trace import BACK, THERE, Probe
from tunlab.packet.headers import ICMP, ICMPV6, TCP, UDP, Datagram
from tunlab.packet.identity import (
    ACK,
    REQUESTS,
    RST,
    SYN,
    Identity,
    acknowledged,
    flags,
    is_reply,
    sequence,
    timestamp,
)

# By the version of IP
PROTOCOLS = {"icmp": {4: ICMP, 6: ICMPV6}, "udp": {4: UDP, 6: UDP}, "tcp": {4: TCP, 6: TCP}}
_CARRIED = 8  # where in an ICMP echo, or a UDP datagram, begins what it carries


class Whose:
    """The identities of a probe and of its answers: those that were learnt on the way too."""

    def __init__(self, probe: Probe) -> None:
        self._tag = probe.tag
        self._tcp = probe.protocol == "tcp"
        self._there: set[Identity] = set()
        self._back: set[Identity] = set()
        source, destination = ip_address(probe.source), ip_address(probe.destination)
        protocol = PROTOCOLS[probe.protocol][source.version]
        ports = probe.source_port, probe.destination_port
        self.learn(Identity(protocol, str(source), str(destination), *ports), THERE)

    @property
    def known(self) -> set[Identity]:
        return self._there | self._back

    def learn(self, identity: Identity, way: str) -> None:
        """An answer goes to where a packet came from, whatever it had become by then."""
        if way == THERE:
            self._there.add(identity)
            self._back.add(identity.reversed())
        else:
            self._back.add(identity)

    def way(self, packet: Datagram, identity: Identity, quoted: bool) -> str | None:
        """There, back, or None for a stranger's. What is `quoted` may be cut off after 8 bytes (RFC 792)."""
        if self._tcp:
            return self._way_of_segment(packet, identity, quoted)
        carried = packet.payload[_CARRIED : _CARRIED + len(self._tag)]
        if carried == self._tag:
            if packet.protocol in REQUESTS:
                return BACK if is_reply(packet) else THERE
            return BACK if self._is_answer(identity) else THERE
        if quoted and len(carried) < len(self._tag):
            return self._by_identity(identity)
        return BACK if packet.protocol == UDP and identity in self._back else None

    def _way_of_segment(self, packet: Datagram, identity: Identity, quoted: bool) -> str | None:
        """A SYN by its sequence number, whatever an answer may be by what it acknowledges."""
        number = int.from_bytes(self._tag[:4])
        if sequence(packet) == number and (quoted or flags(packet) & (SYN | ACK | RST) == SYN):
            stamp = timestamp(packet)  # None too where it was cut off, or taken out on the way
            return THERE if stamp == self._tag[4:] or (stamp is None and identity in self._there) else None
        if identity not in self._back:
            return None
        if len(packet.payload) < 14:
            return BACK if quoted else None
        answers = flags(packet) & ACK and flags(packet) & (SYN | RST)
        return BACK if answers and acknowledged(packet) == (number + 1) % 2**32 else None

    def _is_answer(self, identity: Identity) -> bool:
        """Also one that comes from another address of the host that was asked."""
        if identity in self.known:
            return identity in self._back
        return any(identity == known._replace(source=identity.source) for known in self._back)

    def _by_identity(self, identity: Identity) -> str | None:
        """None also where it could be either: a host that asks itself."""
        ways = [way for way, known in ((THERE, self._there), (BACK, self._back)) if identity in known]
        return ways[0] if len(ways) == 1 else None
