"""The packets of a step, one a row, whoever told of them."""

from rich.table import Table
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.topology import Endpoint
from tunlab.ui.view import Row


def packet_table(rows: list[Row], at: Endpoint | None, words: Words, most: int, spare: bool = False) -> Table:
    """The last `most` packets, oldest first; seconds are counted from the step's first packet.

    A device other than `at` is named. `spare` leaves the times out.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(words("column_number"), justify="right", no_wrap=True)
    if not spare:
        table.add_column(words("column_after"), justify="right", no_wrap=True)
    table.add_column(words("column_direction"), no_wrap=True)
    table.add_column(words("column_bytes"), justify="right", no_wrap=True)
    table.add_column(words("column_what"), overflow="fold")
    first = min(row.packet.time_ns for row in rows)  # a program's report may come before the capture's
    shown = list(enumerate(rows, 1))[-most:]
    ways: dict[str, str] = {}  # the last one in each direction
    for number, row in shown:
        packet = row.packet
        told = ", ".join(words(f"direction_{each}") for each in row.told)
        if at is None or (packet.node, packet.device) != (at.node, at.device):
            told = f"{packet.node}:{packet.device} {told}"
        after = f"{(packet.time_ns - first) / 1e9:.3f}"
        way, _, what = packet.summary.partition("  ")
        known = what and ways.get(told) == way
        summary = Text(f"... {what}" if known else packet.summary)
        times = [] if spare else [after]
        table.add_row(str(number), *times, told, str(packet.length), summary)
        ways[told] = way
    if len(shown) < len(rows):
        table.caption = words("rows_hidden", count=len(rows) - len(shown))
    return table
