"""What a packet is known by: addresses, ports or the identifier of an echo, and the first bytes that it carries."""

import struct
from typing import NamedTuple

from tunlab.packet.headers import ICMP, ICMPV6, TCP, UDP, Datagram

# RFC 792 and RFC 4443, section 4: the types of an echo
REQUESTS = {ICMP: 8, ICMPV6: 128}
REPLIES = {ICMP: 0, ICMPV6: 129}
SYN, RST, ACK = 0x02, 0x04, 0x10
_TIMESTAMP = 8  # RFC 7323, section 3.2


class Identity(NamedTuple):
    """By its protocol's number and both ends. Of an echo, the ports are the identifier and the sequence number."""

    protocol: int
    source: str
    destination: str
    source_port: int
    destination_port: int

    def reversed(self) -> "Identity":
        """That of the answer."""
        if self.protocol in REQUESTS:
            return self._replace(source=self.destination, destination=self.source)
        return Identity(self.protocol, self.destination, self.source, self.destination_port, self.source_port)


def identity_of(packet: Datagram) -> Identity | None:
    """None for what is neither an echo, nor UDP, nor TCP, and where less than 8 bytes of its header are there."""
    if len(packet.payload) < 8:
        return None
    if packet.protocol in (UDP, TCP):
        ports = struct.unpack_from("!HH", packet.payload)
    elif packet.protocol in REQUESTS and is_echo(packet):
        ports = struct.unpack_from("!4xHH", packet.payload)
    else:
        return None
    return Identity(packet.protocol, packet.source, packet.destination, *ports)


def is_echo(packet: Datagram) -> bool:
    """Whether an ICMP or ICMPv6 message is an echo request or reply."""
    return packet.payload[0] in (REQUESTS[packet.protocol], REPLIES[packet.protocol])


def is_reply(packet: Datagram) -> bool:
    return packet.payload[0] == REPLIES.get(packet.protocol)


def sequence(packet: Datagram) -> int:
    """The sequence number of a TCP segment, of which 8 bytes are there."""
    return int.from_bytes(packet.payload[4:8])


def flags(packet: Datagram) -> int:
    """RFC 9293, section 3.1; 0 where they are cut off."""
    return packet.payload[13] if len(packet.payload) > 13 else 0


def acknowledged(packet: Datagram) -> int:
    return int.from_bytes(packet.payload[8:12])


def timestamp(packet: Datagram) -> bytes | None:
    """TSval of a TCP segment, 4 bytes; None where it has none."""
    if len(packet.payload) < 20:
        return None
    options = packet.payload[20 : 4 * (packet.payload[12] >> 4)]
    place = 0
    while place + 1 < len(options) and options[place]:  # 0 ends them
        if options[place] == 1:  # NOP, the only other one without a length
            place += 1
            continue
        if options[place] == _TIMESTAMP:
            return options[place + 2 : place + 6]
        place += max(2, options[place + 1])
    return None
