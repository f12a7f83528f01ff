"""A field's value as scapy writes it, as plain text."""

from typing import Any


def field_text(layer: Any, field: Any, value: Any) -> str:
    """Scapy's representation for people, without Python's quotes and brackets."""
    if isinstance(value, (bytes, str, list, tuple)):
        if isinstance(value, bytes) and _is_host_name(field):
            return value.decode(errors="replace")
        shown = field.i2repr(layer, value)
        if shown[:2] in ("b'", 'b"') and shown != repr(value):
            return str(shown[2:-1])  # a text that is padded, such as BOOTP's names
        # A text of scapy's own, such as an address or hex, is not simply the value's repr.
        return shown if shown != repr(value) and isinstance(value, (bytes, str)) else _plain(value)
    return str(field.i2repr(layer, value))


def _is_host_name(field: Any) -> bool:
    from scapy.layers.dns import DNSStrField

    return isinstance(field, DNSStrField)


def _plain(value: Any) -> str:
    from scapy.packet import Packet

    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Packet):
        inside = ((field, value.getfieldval(field.name)) for field in value.fields_desc)
        shown = (f"{field.name} {field_text(value, field, held)}" for field, held in inside)
        return f"{value.name} ({', '.join(shown)})"
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    if isinstance(value, tuple):
        return " ".join(filter(None, map(_plain, value)))
    return str(value)
