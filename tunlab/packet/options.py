"""The options of IPv4, TCP and IPv6's extension headers, one by one: RFC 791, 9293 and 8200 (section 4.2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from socket import AF_INET, inet_ntop

from tunlab.model.packet import Field
from tunlab.packet.layer_names import families

# www.iana.org/assignments: ip-parameters, tcp-parameters, ipv6-parameters
_IPV4 = {0: "EOL", 1: "NOP", 7: "RecordRoute", 68: "Timestamp", 131: "LSRR", 137: "SSRR", 148: "RouterAlert"}
_TCP = {0: "EOL", 1: "NOP", 2: "MSS", 3: "WScale", 4: "SAckOK", 5: "SAck", 8: "Timestamp", 30: "MPTCP", 34: "TFO"}
_IPV6 = {0: "Pad1", 1: "PadN", 5: "RouterAlert", 194: "Jumbo", 201: "HomeAddress"}


@dataclass(frozen=True, slots=True)
class _Form:
    """`single`: kinds that are one byte; `head`: bytes that an option's length does not count."""

    names: dict[int, str]
    single: tuple[int, ...]
    head: int


_FORMS = {"IP": _Form(_IPV4, (0, 1), 0), "TCP": _Form(_TCP, (0, 1), 0), "IPv6Ext": _Form(_IPV6, (0,), 2)}


def single_options(layer: str, data: bytes, start: int | None) -> Iterator[Field]:
    """Each option in `data`, which begins at byte `start` of the packet; ends where one denies its own length."""
    form = _FORMS.get(families(layer)[-1])
    place = 0
    while form and place < len(data):
        kind = data[place]
        size = 1 if kind in form.single else form.head + (data[place + 1] if place + 1 < len(data) else 0)
        if size < (1 if kind in form.single else 2) or place + size > len(data):
            return
        name = form.names.get(kind, f"option {kind}")
        if name == "EOL":
            size = len(data) - place  # what follows is padding
        value, meaning = _value(name, data[place + 2 : place + size])
        yield Field(name, value, None if start is None else start + place, 8 * size, meaning)
        place += size


def _value(name: str, value: bytes) -> tuple[str, str]:
    """The value, and what it means where that is more."""
    if name in ("EOL", "NOP", "Pad1"):
        return "", ""
    if name in ("MSS", "RouterAlert", "Jumbo"):
        return str(int.from_bytes(value)), ""
    if name == "WScale" and len(value) == 1:
        return str(value[0]), f"{value[0]} (times {2 ** min(value[0], 14)})"
    if name in ("SAck", "Timestamp") and len(value) % 4 == 0:
        return " ".join(str(int.from_bytes(value[at : at + 4])) for at in range(0, len(value), 4)), ""
    if name in ("RecordRoute", "LSRR", "SSRR") and len(value) % 4 == 1:
        return ", ".join(inet_ntop(AF_INET, value[at : at + 4]) for at in range(1, len(value), 4)), ""
    return value.hex(), ""
