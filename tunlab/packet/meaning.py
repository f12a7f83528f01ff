"""A field's value for people: numbers with their names, hexadecimal where that is customary."""

from collections.abc import Callable, Mapping

from tunlab.packet.layer_names import families
from tunlab.packet.names import (
    ETHERTYPES,
    ICMP_CODES,
    ICMP_TYPES,
    ICMPV6_CODES,
    ICMPV6_TYPES,
    PROTOCOLS,
    TCP_FLAGS,
)


def meaning(layer: str, field: str, number: int, text: str, before: Mapping[str, int]) -> str:
    """Such as "8 (echo request)"; empty where scapy's `text` says it all.

    `before`: the numbers in the fields before this one, for codes, which depend on the type.
    """
    if field in _CHECKSUMS:
        return f"{number:#06x}"
    for family in families(layer):
        if speak := _SPOKEN.get((family, field)):
            return speak(number, before)
    return "" if _is_number(text) or not text else f"{number} ({text})"


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdecimal() or text.startswith("0x")


def _named(names: Mapping[int, str], form: str = "d") -> Callable[[int, Mapping[str, int]], str]:
    def speak(number: int, _: Mapping[str, int]) -> str:
        shown = f"{number:{form}}"
        return f"{shown} ({names[number]})" if number in names else shown

    return speak


def _coded(codes: Mapping[int, Mapping[int, str]]) -> Callable[[int, Mapping[str, int]], str]:
    def speak(number: int, before: Mapping[str, int]) -> str:
        return _named(codes.get(before.get("type", -1), {}))(number, before)

    return speak


def _counted(unit: int, plus: int = 0) -> Callable[[int, Mapping[str, int]], str]:
    """A length in units of several bytes."""
    return lambda number, _: f"{number} ({unit * (number + plus)} bytes)"


def _flags(names: tuple[str, ...], form: str) -> Callable[[int, Mapping[str, int]], str]:
    def speak(number: int, _: Mapping[str, int]) -> str:
        said = " ".join(name for bit, name in enumerate(names) if name and number >> bit & 1)
        return f"{number:{form}} ({said})" if said else f"{number:{form}}"

    return speak


def _plain(form: str) -> Callable[[int, Mapping[str, int]], str]:
    return lambda number, _: f"{number:{form}}"


def _offset(number: int, _: Mapping[str, int]) -> str:
    """In units of eight bytes."""
    return f"{number} (byte {8 * number})" if number else ""


def _service(number: int, _: Mapping[str, int]) -> str:
    """RFC 2474 and 3168: six bits say how to forward it, two tell of congestion."""
    return f"{number:#04x} (DSCP {number >> 2}, ECN {number & 3})"


_CHECKSUMS = ("chksum", "cksum")
_ETHERTYPE = _named(ETHERTYPES, "#06x")
_PROTOCOL = _named(PROTOCOLS)
_ARP = {1: "request: who has", 2: "reply: is at"}
_ND_OPTIONS = {
    1: "source link-layer address",
    2: "target link-layer address",
    3: "prefix information",
    4: "redirected header",
    5: "MTU",
    24: "route information",
    25: "DNS servers",
    31: "DNS search list",
}
_SPOKEN: dict[tuple[str, str], Callable[[int, Mapping[str, int]], str]] = {
    ("Ethernet", "type"): _ETHERTYPE,
    ("VLAN", "type"): _ETHERTYPE,
    ("tun_pi", "proto"): _ETHERTYPE,
    ("ARP", "ptype"): _ETHERTYPE,
    ("GRE", "proto"): _ETHERTYPE,
    ("ARP", "hwtype"): _named({1: "Ethernet"}),
    ("ARP", "op"): _named(_ARP),
    ("IP", "ihl"): _counted(4),
    ("IP", "tos"): _service,
    ("IPv6", "tc"): _service,
    ("IPv6", "fl"): _plain("#07x"),
    ("IP", "id"): _plain("#06x"),
    ("Fragment", "id"): _plain("#010x"),
    ("IP", "flags"): _flags(("MF: more fragments", "DF: don't fragment", "reserved"), "#x"),
    ("IP", "frag"): _offset,
    ("Fragment", "offset"): _offset,
    ("IP", "proto"): _PROTOCOL,
    ("IPv6", "nh"): _PROTOCOL,
    ("IPv6Ext", "nh"): _PROTOCOL,
    ("IPv6Ext", "len"): _counted(8, 1),
    ("ICMP", "type"): _named(ICMP_TYPES),
    ("ICMP", "code"): _coded(ICMP_CODES),
    ("ICMP", "id"): _plain("d"),
    ("ICMP", "seq"): _plain("d"),
    ("ICMPv6", "type"): _named(ICMPV6_TYPES),
    ("ICMPv6", "code"): _coded(ICMPV6_CODES),
    ("ICMPv6", "id"): _plain("d"),
    ("ICMPv6", "seq"): _plain("d"),
    ("NDOption", "type"): _named(_ND_OPTIONS),
    ("NDOption", "len"): _counted(8),
    ("TCP", "dataofs"): _counted(4),
    ("TCP", "flags"): _flags(TCP_FLAGS, "#05x"),
    ("VXLAN", "flags"): _flags(("", "", "", "I: has a network identifier"), "#04x"),
    ("VXLAN", "vni"): _plain("d"),
}
