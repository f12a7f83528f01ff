"""The live picture of a step: the device's both ends, its packets, and what the programs print."""

from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.lab import Step
from tunlab.model.topology import Endpoint
from tunlab.model.trace import last_path
from tunlab.ui.bars import bars
from tunlab.ui.compare import compared
from tunlab.ui.ends import both_ends, shares
from tunlab.ui.node_figure import node_figure
from tunlab.ui.packet_table import packet_table
from tunlab.ui.page import MARGIN
from tunlab.ui.printable import printable
from tunlab.ui.trace_page import trace_page
from tunlab.ui.view import Row, View


def frame(view: View, step: Step, words: Words, console: Console, height: int, spare: bool = False) -> RenderableType:
    """All that is seen of a step now; older packets are left out where it would be higher than `height` lines.

    `spare`: only what matters most, for a projector.
    """
    watch = step.watch
    rows = view.rows_at(step.places())
    lines = program_lines(view, words, most=max(1, height // 4))
    if view.measured:
        return Group(bars(view.measured, words, console.width - 2 * MARGIN), *lines)
    if view.traced:  # its packets are in there
        below = [*lines, *((Text(), figure(view, step.figure, words, console)) if step.figure else ())]
        return Group(_trace(view, words, console, height - _height(Group(*below), console)), *below)
    if watch is None:
        return Group(*_packets(rows, None, step, words, console, height, spare, lines), *lines)
    if watch.beside:
        table = compared(view, watch.devices(), words)
        return Group(*_packets(rows, None, step, words, console, height, spare, [table]), table)
    ends = both_ends(view, watch.at, words, spare)
    below = [*shares(view, watch.at, words), *lines]
    return Group(ends, *_packets(rows, watch.at, step, words, console, height, spare, [ends, *below]), *below)


def figure(view: View, node: str, words: Words, console: Console) -> RenderableType:
    """The figure of a node, with the hops of the last packet that was traced."""
    devices = [seen for (name, _), seen in view.devices.items() if name == node and not seen.gone]
    end = view.traced[-1] if view.traced else None
    return node_figure(node, devices, last_path(view.hops), end, words, console.width - 2 * MARGIN)


def _trace(view: View, words: Words, console: Console, height: int) -> RenderableType:
    """With as many hops as fit: the first and the last of them, or none."""
    for most in (*range(max(2, min(len(view.hops), height)), 1, -1), 0):
        page = trace_page(view.hops, view.traced, words, console.width - 2 * MARGIN, most, advice=False)
        if _height(page, console) <= height:
            break
    return page


def _packets(
    rows: list[Row],
    at: Endpoint | None,
    step: Step,
    words: Words,
    console: Console,
    height: int,
    spare: bool,
    others: Sequence[RenderableType],
) -> Iterator[RenderableType]:
    """The table of the packets, as many as fit beside the others."""
    if not rows:
        return
    left = height - _height(Group(*others), console)
    most = max(1, min(left - 2, len(rows)))
    table = packet_table(rows, at, words, most, spare, step.fields_of)
    while most > 1 and _height(table, console) > left:
        most -= 1
        table = packet_table(rows, at, words, most, spare, step.fields_of)
    yield table


def _height(part: RenderableType, console: Console) -> int:
    return len(console.render_lines(part, console.options.update_width(console.width - MARGIN)))


def program_lines(view: View, words: Words, most: int) -> list[Text]:
    """The last `most` lines that each program printed; one that it repeats is shown once, with how often.

    A command that was run to its end stands above its lines, as it was typed, even where it printed none. Commands
    stand in the order in which they were run, whichever printed something first.
    """
    told: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for output, run in view.lines:
        if not output.line:
            continue
        lines = told.setdefault((output.program, run), [])
        times = lines.pop()[1] if lines and lines[-1][0] == output.line else 0
        lines.append((output.line, times + 1))
    commands = [(command, view.commands[:number].count(command)) for number, command in enumerate(view.commands)]
    for command in commands:
        told.setdefault(command, [(words("printed_nothing"), 1)])
    in_order = iter(commands)
    ordered = [next(in_order) if key in commands else key for key in told]
    return [line for key in ordered for line in _labelled(key[0], told[key][-most:])]


def _labelled(program: str, lines: list[tuple[str, int]]) -> Iterator[Text]:
    command = program.startswith("$ ")
    if command:
        yield Text(program, "term")
    for number, (line, times) in enumerate(lines):
        label = "  " if command or number else f"{program}| "
        yield Text.assemble((label, "term"), printable(line), f"  x {times}" if times > 1 else "")
