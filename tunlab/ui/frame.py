"""The live picture of a step: the device's both ends, its packets, and what the programs print."""

from itertools import chain, repeat

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.events import DeviceSeen, Output
from tunlab.model.topology import Endpoint
from tunlab.ui.printable import printable
from tunlab.ui.view import Row, View

MARGIN = 2


def frame(view: View, at: Endpoint | None, words: Words, console: Console, height: int) -> RenderableType:
    """All that is seen of a step now; older packets are left out where it would be higher than `height` lines."""
    above = [both_ends(view, at, words)] if at is not None else []
    below = program_lines(view.lines, most=max(1, height // 4))
    if not view.rows:
        return Group(*above, *below)
    left = height - _height(Group(*above, *below), console)
    most = max(1, min(left - 2, len(view.rows)))
    table = packet_table(view.rows, at, words, most)
    while most > 1 and _height(table, console) > left:
        most -= 1
        table = packet_table(view.rows, at, words, most)
    return Group(*above, table, *below)


def _height(part: RenderableType, console: Console) -> int:
    return len(console.render_lines(part, console.options.update_width(console.width - MARGIN)))


def program_lines(printed: list[Output], most: int) -> list[Text]:
    """The last `most` lines that each program printed; one that it repeats is shown once, with how often."""
    told: dict[str, list[tuple[str, int]]] = {}
    for output in filter(lambda output: output.line, printed):
        lines = told.setdefault(output.program, [])
        times = lines.pop()[1] if lines and lines[-1][0] == output.line else 0
        lines.append((output.line, times + 1))
    return [
        Text.assemble((f"{program}| " if first else "  ", "bold"), printable(line), f"  x {times}" if times > 1 else "")
        for program, lines in told.items()
        for first, (line, times) in zip(chain([True], repeat(False)), lines[-most:], strict=False)
    ]


def both_ends(view: View, at: Endpoint, words: Words) -> Table:
    """The kernel's side of a device and the program's, in one table."""
    where = (at.node, at.device)
    seen = view.devices.get(where)
    table = Table(box=box.ASCII2, padding=(0, 1), expand=False)
    if seen is None or seen.gone:
        table.add_column(Text(words("kernel_side", device=at.device)))
        table.add_row(words("device_gone"))
        return table
    table.add_column(Text(words("kernel_side", device=f"{at.device}, {_up(seen)}"), style="bold"), overflow="fold")
    table.add_column("", no_wrap=True)
    table.add_column(Text(_program(seen, words), style="bold"), overflow="fold")
    holder = seen.holders[0] if seen.holders else None
    identity = words("program_pid", command=printable(holder.command), pid=holder.pid, fd=holder.fd) if holder else ""
    addresses = "\n".join(seen.addresses) or words("no_address")
    table.add_row(f"{' '.join(seen.flags)}\nmtu {seen.mtu}  qdisc {seen.qdisc}\n{addresses}", "", Text(identity))
    for ours, arrow, theirs in (("sent", "---->", "read"), ("received", "<----", "written")):
        table.add_row(_did(view, at, ours, words), arrow, _did(view, at, theirs, words), style="bold")
    counters = view.counters.get(where)
    if counters and (counters.tx_dropped or counters.rx_dropped):
        table.add_row(words("end_dropped", tx=counters.tx_dropped, rx=counters.rx_dropped), "", "")
    return table


def _did(view: View, at: Endpoint, direction: str, words: Words) -> str:
    end = view.end(at.node, at.device, direction)
    grown = view.grown(at.node, at.device, direction)
    more = words("end_more", count=grown) if grown else ""
    return words(f"end_{direction}", packets=end.packets, bytes=end.size, more=more)


def packet_table(rows: list[Row], at: Endpoint | None, words: Words, most: int) -> Table:
    """The last `most` packets, oldest first; seconds are counted from the step's first packet.

    A device other than `at` is named.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(words("column_number"), justify="right", no_wrap=True)
    table.add_column(words("column_after"), justify="right", no_wrap=True)
    table.add_column(words("column_direction"), no_wrap=True)
    table.add_column(words("column_bytes"), justify="right", no_wrap=True)
    table.add_column(words("column_what"), overflow="fold")
    first = rows[0].packet.time_ns
    shown = list(enumerate(rows, 1))[-most:]
    ways: dict[tuple[str, ...], str] = {}  # the last one in each direction
    for number, row in shown:
        packet = row.packet
        told = ", ".join(words(f"direction_{each}") for each in row.told)
        if at is None or (packet.node, packet.device) != (at.node, at.device):
            told = f"{packet.node}:{packet.device} {told}"
        after = f"{(packet.time_ns - first) / 1e9:.3f}"
        way, _, what = packet.summary.partition("  ")
        known = what and ways.get(tuple(row.told)) == way
        summary = Text(f"... {what}" if known else packet.summary)
        table.add_row(str(number), after, told, str(packet.length), summary)
        ways[tuple(row.told)] = way
    if len(shown) < len(rows):
        table.caption = words("rows_hidden", count=len(rows) - len(shown))
    return table


def _up(seen: DeviceSeen) -> str:
    return "UP" if "UP" in seen.flags else "DOWN"


def _program(seen: DeviceSeen, words: Words) -> str:
    names = [holder.program or holder.command for holder in seen.holders]
    return words("program_side", program=", ".join(names)) if names else words("program_none")
