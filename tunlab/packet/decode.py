"""A packet's bytes as scapy's layers and fields."""

from dataclasses import replace
from typing import Any

from tunlab.model.packet import Field, Layer, LinkType
from tunlab.packet.headers import PACKET_INFORMATION, packet_information
from tunlab.packet.scapy_loader import load_scapy


def decode(data: bytes, link: LinkType) -> tuple[Layer, ...]:
    """Every header of `data`, outermost first. What scapy cannot read is a layer "Raw"; never raises.

    Names are scapy's own (`Packet.name`), such as "IP", "ICMP" or "IPv6 Extension Header - ...".
    """
    load_scapy()
    if link is LinkType.PI:
        return _with_information(data)
    try:
        packet = _outermost(data, link)(data)
        return _layers(packet, data)
    except Exception:  # scapy raises whatever a cut-off header led it to: struct.error, IndexError, ...
        return (Layer("Raw", (Field("load", data.hex(), 0, 8 * len(data)),) if data else ()),)


def _with_information(data: bytes) -> tuple[Layer, ...]:
    """struct tun_pi, which scapy knows for Linux' sockets only, and the packet behind it."""
    information = packet_information(data)
    if information is None:
        return decode(data, LinkType.RAW)
    flags, ethertype = information
    start = PACKET_INFORMATION.size
    fields = (Field("flags", str(flags), 0, 16), Field("proto", f"0x{ethertype:04x}", 2, 16))
    rest = decode(data[start:], LinkType.RAW)
    return (Layer("tun_pi", fields), *(_moved(layer, start) for layer in rest))


def _moved(layer: Layer, by: int) -> Layer:
    fields = (replace(each, offset=None if each.offset is None else each.offset + by) for each in layer.fields)
    return replace(layer, fields=tuple(fields))


def _outermost(data: bytes, link: LinkType) -> Any:
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6
    from scapy.layers.l2 import Ether
    from scapy.packet import Raw

    if link is LinkType.ETHERNET:
        return Ether
    return {4: IP, 6: IPv6}.get(data[0] >> 4 if data else 0, Raw)


def _layers(packet: Any, data: bytes) -> tuple[Layer, ...]:
    layers = []
    layer, offset = packet, 0
    while layer:  # scapy's NoPayload is false
        # Unless scapy has rearranged what lies behind a header, then offsets are not known.
        start = offset if data.startswith(layer.original, offset) else None
        fields, size = _fields(layer, start)
        layers.append(Layer(layer.name, fields))
        offset += size
        layer = layer.payload
    return tuple(layers)


def _fields(layer: Any, start: int | None) -> tuple[tuple[Field, ...], int]:
    """The layer's fields, read once more to see how wide each is, and how many bytes they take in front."""
    from scapy.fields import TrailerField

    fields = []
    rest, read = layer.original, 0  # `read` in bits
    for field in layer.fields_desc:
        before = rest
        rest, value = field.getfield(layer, before)
        bits = _bits_left(before) - _bits_left(rest)
        if not bits:
            continue  # optional and not there, or only scapy's own book-keeping
        if isinstance(getattr(field, "fld", field), TrailerField):  # `fld`: what a ConditionalField wraps
            # Taken from the end. Scapy 2.8.0 takes whatever an ICMP error quotes beyond 128 bytes, and Linux
            # quotes up to 576 (net/ipv4/icmp.c), for an extension of RFC 4884: show the bytes as they are.
            place, value = read // 8 + len(rest), before[len(rest) :]
        else:
            place = read // 8
            read += bits
        fields.append(Field(field.name, _text(layer, field, value), None if start is None else start + place, bits))
    return tuple(fields), read // 8


def _bits_left(rest: Any) -> int:
    """Bits not yet read: scapy hands on bytes, or (bytes, bits already taken of the first) inside a byte."""
    if isinstance(rest, tuple):
        return 8 * len(rest[0]) - int(rest[1])
    return 8 * len(rest)


def _text(layer: Any, field: Any, value: Any) -> str:
    """Scapy's representation for people, without Python's quotes and brackets."""
    if isinstance(value, (bytes, str, list, tuple)):
        shown = field.i2repr(layer, value)
        # A text of scapy's own, such as an address or hex, is not simply the value's repr.
        return shown if shown != repr(value) and isinstance(value, (bytes, str)) else _plain(value)
    return str(field.i2repr(layer, value))


def _plain(value: Any) -> str:
    from scapy.packet import Packet

    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Packet):
        shown = (f"{field.name} {_text(value, field, value.getfieldval(field.name))}" for field in value.fields_desc)
        return f"{value.name} ({', '.join(shown)})"
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    if isinstance(value, tuple):
        return " ".join(filter(None, map(_plain, value)))
    return str(value)
