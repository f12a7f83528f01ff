"""One packet in full: every field of every header, and its bytes."""

from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.events import PacketSeen
from tunlab.ui.packet_page import FieldRow, LayerRow, hex_dump, packet_rows

_LONGEST = 48  # characters of a value; the bytes below show all of it
_INDENT = 2  # columns; further for each packet around


def detail(packet: PacketSeen, number: int, words: Words) -> RenderableType:
    """The headers of a packet, outermost first, each field with its value; then the bytes as tcpdump -X shows them."""
    where = f"{packet.node}:{packet.device}"
    title = words("detail_title", number=number, where=where, length=packet.length, summary=packet.summary)
    layers = map(_layer, packet_rows(packet.layers, words))
    return Group(Text(title, style="bold"), *layers, _Bytes(bytes.fromhex(packet.data)))


def _layer(layer: LayerRow) -> RenderableType:
    fields = Columns(map(_field, layer.fields), padding=(0, 3, 0, 0), column_first=True)
    inside = Padding(fields, (0, 0, 0, _INDENT))
    return Padding(Group(Text(layer.title, style="code"), inside), (0, 0, 0, _INDENT * layer.depth))


def _field(field: FieldRow) -> Text:
    said = field.said if len(field.said) <= _LONGEST else field.said[:_LONGEST] + "..."
    return Text.assemble((field.name, "term"), " ", said)


class _Bytes:
    """As many in a row as there is room for."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from hex_dump(self._data, None, options.max_width)
