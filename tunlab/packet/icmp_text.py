"""What an ICMP or ICMPv6 message says, in words; struct.error where it is cut off."""

import struct
from collections.abc import Mapping
from socket import AF_INET, AF_INET6, inet_ntop

from tunlab.packet.headers import Datagram
from tunlab.packet.names import ICMP_CODES, ICMPV6_CODES

_TYPE_AND_CODE = struct.Struct("!BB").unpack_from
_IDENTIFIER_AND_SEQUENCE = struct.Struct("!4xHH").unpack_from


def icmp_text(packet: Datagram) -> str:
    """RFC 792; the next hop's MTU of "fragmentation needed" is RFC 1191's."""
    kind, code = _TYPE_AND_CODE(packet.payload)
    if kind in (0, 8):
        return f"ICMP echo {'reply' if kind == 0 else 'request'} {_echo(packet.payload)}"
    if kind == 3:
        mtu = f", mtu {struct.unpack_from('!6xH', packet.payload)[0]}" if code == 4 else ""
        return f"ICMP destination unreachable, {_said(ICMP_CODES, kind, code)}{mtu}"
    if kind == 5:
        return f"ICMP redirect to {inet_ntop(AF_INET, struct.unpack_from('!4x4s', packet.payload)[0])}"
    if kind == 11:
        return f"ICMP time exceeded, {_said(ICMP_CODES, kind, code)}"
    return f"ICMP type {kind} code {code}"


def icmpv6_text(packet: Datagram) -> str:
    """RFC 4443; neighbours are RFC 4861's, multicast listeners RFC 2710's and 3810's."""
    kind, code = _TYPE_AND_CODE(packet.payload)
    if kind in (128, 129):
        return f"ICMPv6 echo {'reply' if kind == 129 else 'request'} {_echo(packet.payload)}"
    if kind == 1:
        return f"ICMPv6 destination unreachable, {_said(ICMPV6_CODES, kind, code)}"
    if kind == 2:
        return f"ICMPv6 packet too big, mtu {struct.unpack_from('!4xI', packet.payload)[0]}"
    if kind == 3:
        return f"ICMPv6 time exceeded, {_said(ICMPV6_CODES, kind, code)}"
    if kind in (130, 131, 132):
        group = _address(packet.payload, 8)
        return f"MLD query {group}" if kind == 130 else f"MLD {'report' if kind == 131 else 'done'} {group}"
    if kind == 133:
        return "Router Solicitation"
    if kind == 134:
        return "Router Advertisement"
    if kind == 135:
        return f"Neighbor Solicitation who has {_address(packet.payload, 8)}"
    if kind == 136:
        return f"Neighbor Advertisement {_address(packet.payload, 8)}{_target_mac(packet.payload[24:])}"
    if kind == 137:
        return f"Redirect to {_address(packet.payload, 8)}"
    if kind == 143:
        return f"MLDv2 report {_some(_groups(packet.payload))}"
    return f"ICMPv6 type {kind} code {code}"


def _said(codes: Mapping[int, Mapping[int, str]], kind: int, code: int) -> str:
    return codes[kind].get(code) or f"code {code}"


def _echo(message: bytes) -> str:
    identifier, sequence = _IDENTIFIER_AND_SEQUENCE(message)
    return f"id {identifier} seq {sequence}"  # in decimal, as ping(8) and tcpdump(8) have them


def _address(message: bytes, offset: int) -> str:
    return inet_ntop(AF_INET6, struct.unpack_from("!16s", message, offset)[0])


def _target_mac(options: bytes) -> str:
    """RFC 4861, section 4.6.1: option 2 of eight bytes holds a 48-bit link-layer address."""
    return f" is at {options[2:8].hex(':')}" if len(options) >= 8 and options[:2] == b"\x02\x01" else ""


def _groups(message: bytes) -> list[str]:
    """The multicast addresses of an MLDv2 report: RFC 3810, sections 5.2 and 5.2.1 to 5.2.12."""
    (count,) = struct.unpack_from("!6xH", message)
    groups, start = [], 8
    for _ in range(count):
        auxiliary, sources = struct.unpack_from("!xBH", message, start)
        groups.append(_address(message, start + 4))
        start += 20 + 16 * sources + 4 * auxiliary
    return groups


def _some(groups: list[str]) -> str:
    more = f" and {len(groups) - 3} more" if len(groups) > 3 else ""
    return (", ".join(groups[:3]) or "of no group") + more
