"""A packet's bytes as scapy's layers and fields."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tunlab.model.packet import Field, Layer, LinkType
from tunlab.packet.checksums import judged
from tunlab.packet.field_text import field_text
from tunlab.packet.headers import PACKET_INFORMATION, packet_information
from tunlab.packet.meaning import meaning
from tunlab.packet.options import single_options
from tunlab.packet.scapy_loader import load_scapy
from tunlab.packet.tunnelled import is_whole_packet


def decode(data: bytes, link: LinkType) -> tuple[Layer, ...]:
    """Every header of `data`, outermost first. What scapy cannot read is a layer "Raw"; never raises.

    Names are scapy's own (`Packet.name`), such as "IP", "ICMP" or "IPv6 Extension Header - ...". Behind a field
    "options", each option follows once more as a field of its own.
    """
    load_scapy()
    if link is LinkType.PI:
        return _with_information(data)
    try:
        packet = _outermost(data, link)(data)
    except Exception:  # scapy raises whatever a cut-off header led it to: struct.error, IndexError, ...
        return (_raw(data, 0),)
    return judged(tuple(_layers(packet, data)), data)


def _raw(data: bytes, start: int) -> Layer:
    rest = data[start:]
    return Layer("Raw", (Field("load", rest.hex(), start, 8 * len(rest)),) if rest else ())


def _with_information(data: bytes) -> tuple[Layer, ...]:
    """struct tun_pi, which scapy knows for Linux' sockets only, and the packet behind it."""
    information = packet_information(data)
    if information is None:
        return decode(data, LinkType.RAW)
    flags, ethertype = information
    start = PACKET_INFORMATION.size
    said = meaning("tun_pi", "proto", ethertype, "", {})
    fields = (Field("flags", str(flags), 0, 16), Field("proto", f"0x{ethertype:04x}", 2, 16, said))
    rest = decode(data[start:], LinkType.RAW)
    return (Layer("tun_pi", fields), *(_moved(layer, start) for layer in rest))


def _moved(layer: Layer, by: int) -> Layer:
    fields = (replace(each, offset=None if each.offset is None else each.offset + by) for each in layer.fields)
    return replace(layer, fields=tuple(fields))


def _outermost(data: bytes, link: LinkType) -> Any:
    from scapy.layers.l2 import Ether

    return Ether if link is LinkType.ETHERNET else _internet(data)


def _internet(data: bytes) -> Any:
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6
    from scapy.packet import Raw

    return {4: IP, 6: IPv6}.get(data[0] >> 4 if data else 0, Raw)


def _layers(packet: Any, data: bytes, offset: int = 0) -> Iterator[Layer]:
    layer = packet
    while layer:  # scapy's NoPayload is false
        # Unless scapy has rearranged what lies behind a header, then offsets are not known.
        start = offset if data.startswith(layer.original, offset) else None
        try:
            fields, size = _fields(layer, start)
            inner = _tunnelled(layer)
        except Exception:  # read alone, without what scapy knew when it read the whole
            yield _raw(data, offset)
            return
        yield Layer(layer.name, fields)
        offset += size
        layer = inner or layer.payload


def _tunnelled(layer: Any) -> Any:
    """The packet in a tunnel's datagram, which scapy, going by ports, does not see."""
    from scapy.layers.inet import UDP

    if not isinstance(layer, UDP) or layer.len is None:
        return None
    payload = layer.original[8 : layer.len]
    return _internet(payload)(payload) if is_whole_packet(payload) else None


def _fields(layer: Any, start: int | None) -> tuple[tuple[Field, ...], int]:
    """The layer's fields, read once more to see how wide each is, and how many bytes they take in front."""
    from scapy.fields import TrailerField

    fields: list[Field] = []
    numbers: dict[str, int] = {}
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
        text = field_text(layer, field, value)
        said = ""
        if (number := _number(value)) is not None:
            numbers[field.name] = number
            said = meaning(layer.name, field.name, number, text, numbers)
        at = None if start is None else start + place
        options = list(single_options(layer.name, before[: bits // 8], at)) if field.name == "options" else []
        said = ", ".join(option.name for option in options) or said
        fields += [Field(field.name, text, at, bits, said), *options]
    return tuple(fields), read // 8


def _number(value: Any) -> int | None:
    from scapy.fields import FlagValue

    return int(value) if isinstance(value, int | FlagValue) else None


def _bits_left(rest: Any) -> int:
    """Bits not yet read: scapy hands on bytes, or (bytes, bits already taken of the first) inside a byte."""
    if isinstance(rest, tuple):
        return 8 * len(rest[0]) - int(rest[1])
    return 8 * len(rest)
