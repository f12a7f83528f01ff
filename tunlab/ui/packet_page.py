"""A packet as a tree of headers and fields, each explained, and its bytes with those of one field marked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.packet import Field, Layer
from tunlab.packet.layer_names import families, is_internet
from tunlab.ui.printable import printable

_FRAMES = ("Ethernet", "802.3")
_ENDS = (("src", "dst"), ("psrc", "pdst"), ("sport", "dport"))  # fields that tell where a packet comes from and goes
_WIDE, _NARROW = 16, 8  # bytes in a row of the dump


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field. `value` is as scapy has it, `meaning` for people; `verdict` and `explanation` are in their language.

    The last two are empty where there is none. `offset` in bytes from the packet's start and `bits` as decode() tells
    them; `covers` are the first byte that the field lies in and the one behind its last, None where unknown.
    """

    name: str
    value: str
    meaning: str
    verdict: str
    explanation: str
    offset: int | None
    bits: int | None
    covers: tuple[int, int] | None

    @property
    def said(self) -> str:
        """The value as it is shown, with the verdict."""
        return f"{self.meaning} {self.verdict}" if self.verdict else self.meaning


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One header; `depth` counts the packets around the one that it belongs to."""

    title: str
    depth: int
    fields: tuple[FieldRow, ...]


def packet_rows(layers: Sequence[Layer], words: Words) -> tuple[LayerRow, ...]:
    """The headers of a packet, outermost first, as decode() tells them."""
    depths = _depths(layers)
    return tuple(
        LayerRow(_title(layer), depth, tuple(_field_rows(layer, words)))
        for layer, depth in zip(layers, depths, strict=True)
    )


def explanation(layer: str, field: str, words: Words) -> str:
    """What a field is for, in one line; empty where nobody has explained it."""
    name = field.partition(" ")[0]  # of "option 254"
    found = (words.find(f"field_{family}_{name}") for family in families(layer))
    return next(filter(None, found), "")


def hex_dump(data: bytes, marked: tuple[int, int] | None, columns: int) -> list[Text]:
    """Rows of 16 bytes, or of 8 where `columns` are few, with the text beside them where there is room.

    The bytes from `marked[0]` up to, not including, `marked[1]` are in reverse and in brackets: `00 03[08]00`.
    """
    size = _WIDE if columns >= _width(_WIDE) else _NARROW
    rows = range(0, len(data), size)
    return [_dump_row(start, data[start : start + size], marked or (0, 0), size, columns) for start in rows]


def _width(size: int) -> int:
    return len("0000 ") + 3 * size + len("  ") + size


def _dump_row(start: int, row: bytes, marked: tuple[int, int], size: int, columns: int) -> Text:
    first, behind = max(0, marked[0] - start), min(len(row), marked[1] - start)
    gaps = [" "] * (len(row) + 1)
    if first < behind:
        gaps[first], gaps[behind] = "[", "]"
    line = Text(f"{start:04x} ")
    for place, byte in enumerate(row):
        line.append(gaps[place]).append(f"{byte:02x}", "reverse" if first <= place < behind else "")
    line.append(gaps[-1])
    if columns >= _width(size):
        line.append(" " * (3 * (size - len(row)) + 1))
        for place, byte in enumerate(row):
            line.append(chr(byte) if 32 <= byte < 127 else ".", "reverse" if first <= place < behind else "")
    return line


def _depths(layers: Sequence[Layer]) -> Iterator[int]:
    """A packet within the packet begins with a frame behind anything, or an IP header behind another."""
    depth, seen_internet = 0, False
    for number, layer in enumerate(layers):
        if (layer.name in _FRAMES and number) or (is_internet(layer.name) and seen_internet):
            depth, seen_internet = depth + 1, False
        seen_internet |= is_internet(layer.name)
        yield depth


def _title(layer: Layer) -> str:
    values = {field.name: _plain(field) for field in layer.fields}
    for source, destination in _ENDS:
        if source in values and destination in values:
            return f"{layer.name}  {values[source]} > {values[destination]}"
    return layer.name


def _plain(field: Field) -> str:
    """Of a port only the number: which program has it nobody can know."""
    return field.meaning.partition(" ")[0] or printable(field.value)


def _field_rows(layer: Layer, words: Words) -> Iterator[FieldRow]:
    position = 0  # in bits from the packet's start: a field may begin inside a byte
    for field in layer.fields:
        yield _field_row(layer, field, position, words)
        if field.offset is not None and field.bits is not None:
            position = _begin(field, position) + field.bits


def _begin(field: Field, position: int) -> int:
    """The bit at which a field begins, given where the one before it ended."""
    assert field.offset is not None
    return position if position // 8 == field.offset else 8 * field.offset


def _field_row(layer: Layer, field: Field, position: int, words: Words) -> FieldRow:
    covers = None
    if field.offset is not None and field.bits is not None:
        covers = (field.offset, (_begin(field, position) + field.bits + 7) // 8)
    value = printable(field.value)
    return FieldRow(
        field.name,
        value,
        printable(field.meaning) or value,
        words(f"verdict_{field.verdict}") if field.verdict else "",
        explanation(layer.name, field.name, words),
        field.offset,
        field.bits,
        covers,
    )
