"""What of a packet decides on its way: its outermost IP header, ports, and the MAC to which it goes."""

import struct
from dataclasses import dataclass, replace

from tunlab.model.packet import LinkType
from tunlab.packet.headers import ICMP, ICMPV6, TCP, UDP, datagram, frame, internet

_ECHO_REQUESTS = {ICMP: 8, ICMPV6: 128}
_ECHOES = (0, 8, 128, 129)
_NAMES = {ICMP: "icmp", ICMPV6: "icmp", TCP: "tcp", UDP: "udp"}


@dataclass(frozen=True, slots=True)
class Facts:
    """`protocol` is icmp, udp, tcp, or empty; `port` is the destination's.

    `asks`: it wants an answer, as an echo request, a SYN and any datagram do. `size` is in bytes, IP header included.
    `fragmentable`: routers may do it. `mac` is its destination, empty where there is no Ethernet header. `payload`
    begins behind the IP header.
    """

    version: int
    protocol: str
    source: str
    destination: str
    source_port: int
    port: int
    size: int
    ttl: int
    fragmentable: bool
    asks: bool
    mac: str
    payload: bytes

    def answered(self) -> "Facts":
        """An answer to it, as far as its way is concerned."""
        return replace(
            self, source=self.destination, destination=self.source, asks=False, mac="", fragmentable=True, ttl=64
        )


def facts_of(data: bytes, link: LinkType) -> Facts | None:
    """The facts of a packet, or None of anything that is no IP."""
    inside = internet(data, link)
    packet = datagram(inside)
    if packet is None:
        return None
    around = frame(data) if link is LinkType.ETHERNET else None
    old = packet.version == 4
    later = packet.fragment is not None and packet.fragment.offset > 0
    source_port, port = (0, 0) if later else _ports(packet.protocol, packet.payload)
    return Facts(
        version=packet.version,
        protocol=_NAMES.get(packet.protocol, ""),
        source=packet.source,
        destination=packet.destination,
        source_port=source_port,
        port=port,
        size=struct.unpack_from("!H", inside, 2)[0] if old else 40 + struct.unpack_from("!H", inside, 4)[0],
        ttl=inside[8] if old else inside[7],
        fragmentable=old and not inside[6] & 0x40,
        asks=_asks(packet.protocol, packet.payload),
        mac=around.destination.hex(":") if around else "",
        payload=packet.payload,
    )


def _ports(protocol: int, payload: bytes) -> tuple[int, int]:
    """Source and destination; of an ICMP echo twice its identifier, as the kernel tracks it."""
    if protocol in (TCP, UDP) and len(payload) >= 4:
        source, destination = struct.unpack_from("!HH", payload)
        return source, destination
    if protocol in _ECHO_REQUESTS and len(payload) >= 6 and payload[0] in _ECHOES:
        return (struct.unpack_from("!H", payload, 4)[0],) * 2
    return 0, 0


def _asks(protocol: int, payload: bytes) -> bool:
    if protocol in _ECHO_REQUESTS:
        return payload[:1] == bytes([_ECHO_REQUESTS[protocol]])
    if protocol == TCP:
        return len(payload) > 13 and payload[13] & 0x12 == 0x02  # SYN without ACK
    return protocol == UDP
