"""The packets of a step, one a row, whoever told of them."""

from collections.abc import Callable, Collection

from rich.table import Table
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.events import PacketSeen
from tunlab.model.topology import Endpoint
from tunlab.ui.view import Row

_LATER = 1.0  # seconds from which on it is worth telling that a packet was read so much later


def packet_table(
    rows: list[Row],
    at: Endpoint | None,
    words: Words,
    most: int,
    spare: bool,
    fields: Callable[[PacketSeen, Collection[str]], Collection[str]],
) -> Table:
    """At most `most` rows of packets, oldest first; seconds count from the first packet.

    Those in the middle are left out, and a row says which; the first and the last are shown even where `most` is less.
    A device other than `at` is named. `spare` leaves the times out. The values of a packet's `fields` are told first.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(words("column_number"), justify="right", no_wrap=True)
    if not spare:
        table.add_column(words("column_after"), justify="right", no_wrap=True)
    table.add_column(words("column_direction"), no_wrap=True)
    table.add_column(words("column_bytes"), justify="right", no_wrap=True)
    table.add_column(words("column_what"), overflow="fold")
    first = min(row.packet.time_ns for row in rows)  # a program's report may come before the capture's
    numbered = list(enumerate(rows, 1))
    most = max(3, most)
    head = len(rows) if len(rows) <= most else most // 3
    tail = 0 if len(rows) <= most else most - head - 1
    hidden = len(rows) - head - tail
    ways: dict[str, str] = {}  # the last one in each direction
    for number, row in (*numbered[:head], *numbered[head + hidden :]):
        if hidden and number == head + hidden + 1:
            gap = Text(words("rows_hidden", count=hidden, first=head + 1, last=head + hidden), style="unknown")
            table.add_row("...", *([] if spare else [""]), "", "", gap)
            ways.clear()
        packet = row.packet
        told = ", ".join(words(f"direction_{each}") for each in row.told)
        if row.later >= _LATER:
            told += words("direction_later", seconds=round(row.later))
        if at is None or (packet.node, packet.device) != (at.node, at.device):
            told = f"{packet.node}:{packet.device} {told}"
        after = f"{(packet.time_ns - first) / 1e9:.3f}"
        way, _, what = packet.summary.partition("  ")
        known = what and ways.get(told) == way
        asked = fields(packet, row.told)
        values = packet.fields() if asked else {}
        told_first = [(f"{name} {values[name]}  ", "verdict") for name in asked if name in values]
        summary = Text.assemble(*told_first, f"... {what}" if known else packet.summary)
        times = [] if spare else [after]
        table.add_row(str(number), *times, told, str(packet.length), summary)
        ways[told] = way
    return table
