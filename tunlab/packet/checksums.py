"""Which checksums of a packet are right, wrong, or left for the device to compute: from the bytes alone."""

import struct
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address

from tunlab.model.packet import Layer
from tunlab.packet.headers import ICMP, ICMPV6, TCP, UDP, Datagram, datagram
from tunlab.packet.layer_names import is_internet

# Where in its header a protocol's checksum lies, in bytes
_PLACES = {ICMP: 2, TCP: 16, UDP: 6, ICMPV6: 2}
_NAMES = ("chksum", "cksum")


def internet_sum(data: bytes | bytearray | memoryview) -> int:
    """The ones' complement sum of RFC 1071, modulo 65535: 0 over whatever contains its right checksum."""
    return int.from_bytes(data) * (256 if len(data) % 2 else 1) % 0xFFFF


def is_right(data: bytes | bytearray | memoryview) -> bool:
    """Whether the checksum in `data` is right for all of it; bytes that are all zero have none."""
    return not internet_sum(data) and any(data)


def judged(layers: Sequence[Layer], data: bytes) -> tuple[Layer, ...]:
    """The layers of `data` with the verdicts of their checksums.

    The kernel computes the checksum of a tunnel's UDP as if those inside were complete (lco_csum of
    net/core/skbuff.c): hence from the inside out, and over bytes with what is left to the device filled in.
    """
    whole = bytearray(data)
    result = [_judged(layer, around, data, whole) for layer, around in reversed(_surroundings(layers, data))]
    return tuple(reversed(result))


def _surroundings(layers: Sequence[Layer], data: bytes) -> list[tuple[Layer, Datagram | None]]:
    """Each layer with the IP packet in which it lies.

    None behind a routing header: the pseudo-header then has an address that is not in the IPv6 header.
    """
    around, result = None, []
    for layer in layers:
        start = layer.fields[0].offset if layer.fields else None
        if is_internet(layer.name):
            around = None if start is None else datagram(data[start:])
        elif "Routing" in layer.name or any("Home Address" in field.value for field in layer.fields):
            around = None
        result.append((layer, around))
    return result


def _judged(layer: Layer, around: Datagram | None, data: bytes, whole: bytearray) -> Layer:
    found = next((field for field in layer.fields if field.name in _NAMES), None)
    if found is None or found.offset is None or around is None:
        return layer
    verdict = _header(layer, data) if is_internet(layer.name) else _transport(found.offset, around, data, whole)
    fields = (replace(field, verdict=verdict) if field is found else field for field in layer.fields)
    return replace(layer, fields=tuple(fields))


def _header(layer: Layer, data: bytes) -> str:
    """RFC 791, section 3.1. Linux always computes this one itself."""
    start = layer.fields[0].offset or 0
    return "good" if is_right(data[start : start + 4 * (data[start] & 0x0F)]) else "bad"


def _transport(place: int, around: Datagram, data: bytes, whole: bytearray) -> str | None:
    """Fills in, in `whole`, the checksum at `place` where it is left to the device."""
    part = around.fragment
    if around.protocol not in _PLACES or around.missing or (part and (part.offset or part.more)):
        return None
    begin = place - _PLACES[around.protocol]
    if not data.startswith(around.payload, begin):
        return None
    length = _length(around)
    held = int.from_bytes(data[place : place + 2])
    if length is None:
        return None
    if around.protocol == UDP and not held:
        return None if around.version == 4 else "bad"  # RFC 768: the sender computed none; RFC 8200, section 8.1
    pseudo = _pseudo_header(around, length)
    end = begin + length
    if any(is_right(pseudo + each[begin:end]) for each in (data, whole)):
        return "good"
    if pseudo and held % 0xFFFF == internet_sum(pseudo):  # CHECKSUM_PARTIAL of include/linux/skbuff.h
        whole[place : place + 2] = b"\0\0"
        struct.pack_into("!H", whole, place, 0xFFFF - internet_sum(pseudo + whole[begin:end]))
        return "offload"
    return "bad"


def _length(around: Datagram) -> int | None:
    """How many bytes the checksum covers: UDP says it itself. None where that cannot be."""
    available = len(around.payload)
    if available < _PLACES[around.protocol] + 2:
        return None
    if around.protocol != UDP:
        return available
    length = int.from_bytes(around.payload[4:6])
    return length if 8 <= length <= available else None


def _pseudo_header(around: Datagram, length: int) -> bytes:
    """RFC 9293, section 3.1, and RFC 8200, section 8.1; ICMP over IPv4 has none."""
    if around.protocol == ICMP:
        return b""
    addresses = ip_address(around.source).packed + ip_address(around.destination).packed
    return addresses + struct.pack("!IxxxB", length, around.protocol)
