"""The packets of a device, newest last; only those rows that are on the screen are ever made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tunlab.engine.inspection import Arrived
from tunlab.i18n import Words
from tunlab.ui.printable import printable
from tunlab.ui.prose import wrapped

MOST = 5000  # rows kept
_MOST_BYTES = 32 << 20  # and bytes of packets: one that the kernel is going to split has up to 64 KiB
_CUT = ".."  # some terminals draw an ellipsis two cells wide
_SPARE = MOST // 10  # rows that there is room for in a pause, however many are shown


@dataclass(frozen=True, slots=True)
class Note:
    """What happened between two packets, in words."""

    text: str


Row = Arrived | Note


class PacketList(ScrollView, can_focus=True):
    """Follows the newest packet until the cursor is moved up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
        Binding("enter", "open", show=False),
    ]

    class Opened(Message):
        """The learner wants to see a packet in full."""

        def __init__(self, row: Arrived) -> None:
            super().__init__()
            self.row = row

    class Moved(Message):
        """The cursor stands on another row."""

    def __init__(self, words: Words) -> None:
        super().__init__()
        self._words = words
        self._rows: list[Row] = []
        self._bytes = 0
        self._cursor = -1
        self._frozen: int | None = None  # rows that are shown while the view is paused
        self._let_go = 0  # rows that came since then and are not kept
        self._directions = {out: words("way_out" if out else "way_in") for out in (True, False)}
        ways = (words("column_direction"), *self._directions.values())
        self._direction_width = max(Text(word).cell_len for word in ways)

    def heading(self) -> Text:
        """The columns' names, to stand above."""
        words = self._words
        names = (words("column_number"), words("column_since"), words("column_direction"), words("column_bytes"))
        return Text("  " + self._columns(*names) + words("column_what"), style="bold", no_wrap=True, overflow="crop")

    def add(self, rows: Sequence[Row]) -> None:
        """Put rows at the end."""
        following = self._cursor >= self._shown() - 1
        self._rows += rows
        self._bytes += sum(len(row.packet.data) for row in rows if isinstance(row, Arrived))
        self._forget_oldest()
        if following and self._frozen is None:
            self._cursor = len(self._rows) - 1
        self._fit(following)

    def pause(self, paused: bool, keep: bool) -> None:
        """Show no more rows, or all of them again. `keep`: the cursor stays, because its packet is open."""
        shown = self._shown()
        self._frozen = len(self._rows) if paused else None
        self._let_go = 0
        at_end = self._cursor >= shown - 1
        if not paused:
            self._forget_oldest()
            self._cursor = len(self._rows) - 1 if at_end and not keep else self._cursor
        self._fit(not paused and at_end and not keep)

    @property
    def paused(self) -> bool:
        """Whether no more rows are shown."""
        return self._frozen is not None

    @property
    def waiting(self) -> int:
        """Rows that came while the view was paused."""
        return 0 if self._frozen is None else len(self._rows) - self._frozen + self._let_go

    @property
    def current(self) -> Arrived | None:
        """The packet under the cursor."""
        row = self._rows[self._cursor] if 0 <= self._cursor < len(self._rows) else None
        return row if isinstance(row, Arrived) else None

    def packets(self) -> list[Arrived]:
        """All that are still kept, oldest first."""
        return [row for row in self._rows if isinstance(row, Arrived)]

    def find(self, text: str) -> bool:
        """Move to the next packet whose line has `text` in it, beginning anew at the end; False where there is none."""
        shown = self._shown()
        for step in range(1, shown + 1):
            place = (self._cursor + step) % shown
            row = self._rows[place]
            if isinstance(row, Arrived) and text.casefold() in row.summary.casefold():
                self._go(place)
                return True
        return False

    def on_resize(self) -> None:
        """The cursor stays on the screen, and what followed the newest packet still does."""
        self._fit(self._cursor >= self._shown() - 1)

    def action_move(self, by: int) -> None:
        """One row up or down, or to an end."""
        self._go(min(max(self._cursor + by, 0), self._shown() - 1))

    def action_page(self, by: int) -> None:
        """A screen up or down."""
        self.action_move(by * max(1, self.size.height - 1))

    def action_open(self) -> None:
        """Open the packet under the cursor."""
        if self.current:
            self.post_message(self.Opened(self.current))

    def render_line(self, y: int) -> Strip:
        """One line of the screen (textual's line API)."""
        place = y + self.scroll_offset.y
        width = self.size.width
        if place >= self._shown():
            return self._empty(y, width)
        row = self._rows[place]
        selected = place == self._cursor
        if isinstance(row, Note):
            text = Text(f"  {row.text}", style="italic")
        else:
            direction = self._directions[row.packet.outgoing]
            columns = self._columns(str(row.number), f"{row.after:.3f}", direction, str(row.packet.length))
            mark = "> " if selected else "  "
            text = Text(mark + columns + printable(self._what(place, width - Text(mark + columns).cell_len)))
        text.truncate(width, pad=True)
        style = Style(reverse=True) if selected and self.has_focus else Style(bold=selected)
        return Strip([Segment(text.plain, style + Style.parse(str(text.style or "none")))], width)

    def _empty(self, y: int, width: int) -> Strip:
        """A line without a packet; while there is none, it says what is waited for."""
        lines = list(wrapped(self._words("inspect_waiting"), max(20, width - 2))) if not self._rows else []
        if y >= len(lines):
            return Strip.blank(width)
        text = Text.assemble("  ", lines[y])
        text.truncate(width, pad=True)
        return Strip([Segment(text.plain)], width)

    def _what(self, place: int, room: int) -> str:
        """The line of a packet; without its addresses where the one above it that went the same way has the same.

        Where there is no room for all of it, the addresses come last, so that nothing is cut that tells packets apart.
        """
        row = self._rows[place]
        assert isinstance(row, Arrived)
        way, gap, what = row.summary.partition("  ")
        if not gap:
            return shortened(row.summary, room)
        for above in reversed(self._rows[self.scroll_offset.y : place]):
            if isinstance(above, Arrived) and above.packet.outgoing == row.packet.outgoing:
                if above.summary.partition("  ")[0] == way:
                    return shortened(f"... {what}", room)
                break
        return row.summary if Text(row.summary).cell_len <= room else shortened(f"{what}  {way}", room)

    def _columns(self, number: str, after: str, direction: str, length: str) -> str:
        direction += " " * (self._direction_width - Text(direction).cell_len)
        after = " " * (9 - Text(after).cell_len) + after
        return f"{_right(number, 6)} {after}  {direction}  {_right(length, 5)}  "

    def _shown(self) -> int:
        return len(self._rows) if self._frozen is None else min(self._frozen, len(self._rows))

    def _go(self, place: int) -> None:
        self._cursor = place
        self._fit(place >= self._shown() - 1)
        self.post_message(self.Moved())

    def _fit(self, to_end: bool) -> None:
        """Have the cursor on the screen."""
        self.virtual_size = Size(self.size.width, self._shown())
        if to_end:
            self.scroll_end(animate=False, force=True)
        elif self._cursor >= 0:
            self.scroll_to_region(Region(0, self._cursor, 1, 1), animate=False, force=True)
        self.refresh()

    def _forget_oldest(self) -> None:
        """Keep within bounds. What a pause holds on the screen stays; of what came since then the oldest goes."""
        first = self._frozen or 0
        room = max(MOST - first, _SPARE)
        if len(self._rows) - first <= room and self._bytes <= _MOST_BYTES:
            return
        behind = first
        while behind < len(self._rows) - 1 and (
            len(self._rows) - behind > room - room // 10 or self._bytes > _MOST_BYTES
        ):
            row = self._rows[behind]
            self._bytes -= len(row.packet.data) if isinstance(row, Arrived) else 0
            behind += 1
        del self._rows[first:behind]
        if self._frozen is None:
            self._cursor = max(0, self._cursor - behind)
        else:
            self._let_go += behind - first


def shortened(text: str, room: int) -> str:
    """At most `room` cells of a line, with a mark where something is missing."""
    if Text(text).cell_len <= room:
        return text
    cut = Text(text)
    cut.truncate(max(0, room - len(_CUT)))
    return cut.plain + _CUT


def _right(text: str, cells: int) -> str:
    return " " * max(0, cells - Text(text).cell_len) + text
