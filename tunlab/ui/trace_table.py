"""A packet's path as a table: a row for each place, the way there and the way back apart."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from statistics import median

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.trace import Hop
from tunlab.ui.cells import cells
from tunlab.ui.printable import printable, printable_line
from tunlab.ui.trace_path import Path
from tunlab.ui.trace_words import changed, sender, size, where

WIDE = 110  # columns, from which on what changed stands beside what it is
_GAP = 2
_NAMES = (2, 3)  # the columns of names, which may be folded
_PLACE = 24  # columns at most for a node's name, or a program's,
_LEAST_PLACE = 8  # and at least, where they are taken away from it
_LEAST_WHAT = {False: 34, True: 72}  # columns for what it is, and where it is wide, also for what changed


def path_table(path: Path, words: Words, width: int, most: int) -> Iterator[RenderableType]:
    """The ways one after the other, with a rule that names each, and one at the end of a path that breaks off.

    Of more than `most` hops those in the middle are left out.
    """
    rows = [_cells(hop, times, words) for hop, times in zip(path.hops, path.times, strict=True)]
    spread = "trace_spread" if len(path.packets) > 1 else "trace_us"
    heads = [words("trace_hop"), words(spread), words("trace_node"), words("trace_where"), words("column_bytes")]
    widths = _widths(heads, rows, width)
    rest = width - sum(widths) - _GAP * len(widths)
    groups = [list(group) for _, group in groupby(enumerate(path.hops), lambda each: each[1].way)]
    lost = _lost_in(groups, path)
    hidden = range(most - most // 2, len(path.hops) - most // 2) if len(path.hops) > most else range(0)
    for number, hops in enumerate(groups):
        way, first = hops[0][1].way, hops[0][0]
        if hidden and hidden[0] < first and hops[-1][0] in hidden:
            continue
        yield _rule(words(f"trace_section_{way}", node=sender(path.hops, first)), width, "bold")
        table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold", show_header=number == 0)
        for at, (head, columns) in enumerate(zip(heads, widths, strict=True)):
            table.add_column(head, width=columns, justify="left" if at in _NAMES else "right", overflow="fold")
        _last_columns(table, rest, width, words)
        said: dict[str, int] = {}
        for index, hop in hops:
            if index in hidden:
                if index == hidden[0]:
                    table.add_row(*[""] * len(heads), words("trace_left_out", count=len(hidden)))
                continue
            summary, marks = _summary(hop, said, words), _marks(hop, words)
            lines = (summary, _lines(marks)) if width >= WIDE else (_lines([summary, *marks] if summary else marks),)
            table.add_row(*map(Text, rows[index]), *lines)  # text: a name may look like markup
        yield table
        if number == lost:
            yield _rule(words("trace_lost_here"), width, "fail")


def _lost_in(groups: Sequence[Sequence[tuple[int, Hop]]], path: Path) -> int | None:
    """In which of them it was lost: an error that was sent about it may come after that one."""
    if not path.ends or path.ends[0].state != "lost":
        return None
    last = path.ends[0].last
    found = [
        number for number, group in enumerate(groups) if any(f"{hop.node}:{hop.where}" == last for _, hop in group)
    ]
    return found[-1] if found else len(groups) - 1


def _rule(title: str, width: int, style: str) -> Text:
    return Text(f"-- {title} " + "-" * max(0, width - cells(title) - 4), style=style)


def _widths(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Of all columns but the last: what they need, but long names are folded where that leaves too little room."""
    widths = [max(cells(row[at]) for row in (heads, *rows)) for at in range(len(heads))]
    for at in _NAMES:
        widths[at] = min(widths[at], _PLACE)
    while width - sum(widths) - _GAP * len(widths) < _LEAST_WHAT[width >= WIDE]:
        widest = max(_NAMES, key=lambda at: widths[at])
        if widths[widest] <= _LEAST_PLACE:
            break
        widths[widest] -= 1
    return widths


def _cells(hop: Hop, times: Sequence[float], words: Words) -> list[str]:
    us = "/".join(f"{each:.0f}" for each in (min(times), median(times), max(times)))
    return [
        str(hop.number),
        us if len(times) > 1 else f"{hop.us:.0f}",
        printable_line(hop.node),
        where(hop, words),
        size(hop),
    ]


def _last_columns(table: Table, rest: int, width: int, words: Words) -> None:
    if width < WIDE:
        table.add_column(words("trace_what_and_changed"), width=rest, overflow="fold")
        return
    half = (rest - _GAP) // 2
    table.add_column(words("column_what"), width=rest - _GAP - half, overflow="fold")
    table.add_column(words("trace_changed"), width=half, overflow="fold")


def _summary(hop: Hop, said: dict[str, int], words: Words) -> Text:
    """What the packet is, told once on each way: then where it is told, and just below nothing."""
    last = list(said)[-1:] == [hop.summary]
    number = said.pop(hop.summary, None)
    text = printable(hop.summary)
    if last:
        text = ""
    elif number is not None:
        text = words("trace_as_at", hop=number)
    else:
        for summary, hop_number in said.items():
            text = text.replace(f"[{printable(summary)}]", f"[{words('trace_as_at', hop=hop_number)}]")
    said[hop.summary] = hop.number if number is None else number
    return Text(text)


def _marks(hop: Hop, words: Words) -> list[Text]:
    """What has changed, a line each."""
    marks = [Text(changed(change, hop.way, words), style="wrong") for change in hop.changes]
    if hop.inferred:
        marks.append(Text(words("trace_inferred"), style="unknown"))
    return marks


def _lines(texts: Sequence[Text]) -> Text:
    return Text("\n").join(texts)
