"""One packet in full: its fields on the left, its bytes on the right, and what the selected field is for."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tunlab.engine.inspection import Arrived
from tunlab.i18n import Words
from tunlab.packet.decode import decode
from tunlab.ui.packet_page import FieldRow, hex_dump, packet_rows
from tunlab.ui.printable import printable

_WIDE = 120  # columns of a screen that has room for 16 bytes a row
_HEX_WIDE, _HEX_NARROW = 71, 39
_ROW_WIDE, _ROW_NARROW = 16, 8


class Opened(Vertical):
    """Shows a packet; the field under the cursor has its bytes marked, and is explained below."""

    DEFAULT_CSS = """
    Opened > #title { height: 1; text-style: bold; }
    Opened > Horizontal { height: 1fr; }
    Opened OptionList { width: 1fr; border: none; padding: 0; background: transparent; scrollbar-size: 0 0; }
    Opened OptionList > .option-list--option-disabled { text-style: bold; color: ansi_default; }
    Opened VerticalScroll { scrollbar-size: 0 0; margin-left: 2; }
    Opened > #meaning { height: auto; min-height: 1; }
    """

    def __init__(self, words: Words) -> None:
        super().__init__()
        self._words = words
        self._data = b""
        self._fields: dict[str, FieldRow] = {}

    def compose(self) -> ComposeResult:
        yield Static(id="title")
        with Horizontal():
            yield OptionList(compact=True)
            with VerticalScroll(can_focus=False):
                yield Static(id="bytes")
        yield Static(id="meaning")

    def open(self, row: Arrived) -> None:
        """Show this packet; the cursor stands on its first field."""
        self._data = row.packet.data
        self._fields = {}
        options: list[Option] = []
        for layer in packet_rows(decode(self._data, row.link), self._words):
            indent = "  " * layer.depth
            options.append(
                Option(Text(indent + layer.title, style="bold", no_wrap=True, overflow="crop"), disabled=True)
            )
            for field in layer.fields:
                name = str(len(options))
                self._fields[name] = field
                text = Text.assemble(indent, "  ", field.name, "  ", field.said, no_wrap=True, overflow="crop")
                options.append(Option(text, id=name))
        title = self._words("inspect_opened", number=row.number, length=row.packet.length, summary=row.summary)
        self.query_one("#title", Static).update(Text(printable(title), no_wrap=True, overflow="crop"))
        fields = self.query_one(OptionList)
        fields.clear_options().add_options(options)
        fields.action_first()

    def take_focus(self) -> None:
        """The keys are for the fields."""
        self.query_one(OptionList).focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Mark the field's bytes and explain it."""
        self._mark(self._fields.get(event.option.id or ""))

    def on_resize(self) -> None:
        """As many bytes in a row as there is room for."""
        fields = self.query_one(OptionList)
        if fields.highlighted is not None:
            self._mark(self._fields.get(fields.get_option_at_index(fields.highlighted).id or ""))

    def _mark(self, field: FieldRow | None) -> None:
        wide = self.app.size.width >= _WIDE
        width = _HEX_WIDE if wide else _HEX_NARROW
        side = self.query_one(VerticalScroll)
        side.styles.width = width
        covers = field.covers if field else None
        self.query_one("#bytes", Static).update(Text("\n").join(hex_dump(self._data, covers, width)))
        if covers:
            row = covers[0] // (_ROW_WIDE if wide else _ROW_NARROW)
            side.scroll_to(y=max(0, row - side.size.height // 2), animate=False)
        told = Text()
        if field:
            told.append(field.name, "term").append("  ").append(field.explanation or self._words("inspect_unexplained"))
        self.query_one("#meaning", Static).update(told)
