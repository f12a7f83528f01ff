"""Which ping a packet belongs to, by struct."""

import struct

from tunlab.model.packet import LinkType
from tunlab.packet.headers import ICMP, ICMPV6, datagram, internet

# RFC 792 and RFC 4443, section 4: by IP version, protocol and ICMP type
_IS_REPLY = {(4, ICMP, 8): False, (4, ICMP, 0): True, (6, ICMPV6, 128): False, (6, ICMPV6, 129): True}


def echo_of(data: bytes, link: LinkType) -> tuple[bool, int, int] | None:
    """(is it the reply?, identifier, sequence) of an ICMP or ICMPv6 echo; None for anything else.

    Of a fragmented echo only the first fragment has them.
    """
    packet = datagram(internet(data, link))
    if packet is None or len(packet.payload) < 8 or (packet.fragment is not None and packet.fragment.offset):
        return None
    kind, identifier, sequence = struct.unpack_from("!B3xHH", packet.payload)
    is_reply = _IS_REPLY.get((packet.version, packet.protocol, kind))
    return None if is_reply is None else (is_reply, identifier, sequence)
