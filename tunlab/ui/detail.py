"""One packet in full: every field of every header, and its bytes."""

from collections.abc import Iterator

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.events import PacketSeen
from tunlab.model.packet import Layer
from tunlab.ui.printable import printable

_ROW = 16  # bytes of a line of hexadecimal
_LONGEST = 48  # characters of a value; the bytes below show all of it


def detail(packet: PacketSeen, number: int, words: Words) -> RenderableType:
    """The headers of a packet, outermost first, each field with its value; then the bytes as tcpdump -X shows them."""
    where = f"{packet.node}:{packet.device}"
    title = words("detail_title", number=number, where=where, length=packet.length, summary=packet.summary)
    return Group(Text(title, style="bold"), *map(_layer, packet.layers), *_bytes(bytes.fromhex(packet.data)))


def _layer(layer: Layer) -> RenderableType:
    fields = [Text.assemble((field.name, "term"), " ", _short(printable(field.value))) for field in layer.fields]
    return Group(Text(layer.name, style="code"), Columns(fields, padding=(0, 3, 0, 2), column_first=True))


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST else value[:_LONGEST] + "..."


def _bytes(data: bytes) -> Iterator[Text]:
    for start in range(0, len(data), _ROW):
        row = data[start : start + _ROW]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        yield Text(f"  {start:04x}  {row.hex(' ', 2):<39}  {text}")
