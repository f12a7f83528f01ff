"""What became of a packet, in a few lines that stand above its path: answered, refused, or lost, and why."""

from collections.abc import Iterator, Sequence
from statistics import median

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.trace import ERROR, THERE, Traced
from tunlab.ui.cells import cells
from tunlab.ui.printable import printable_line
from tunlab.ui.prose import wrapped
from tunlab.ui.trace_path import Path
from tunlab.ui.trace_words import place, reason, time_of, where

_STYLES = {"answered": "pass", "refused": "unknown", "lost": "fail", "stopped": "unknown"}
_GAP = 2


def headline(path: Path, words: Words, total: int, width: int, advice: bool = True) -> Iterator[RenderableType]:
    """Lines; `total` packets are in the whole trace. `advice`: a reason also says what to do about it."""
    yield from verdict(path, words, total, width, advice)
    yield from _ways(path, words, width)


def verdict(path: Path, words: Words, total: int, width: int, advice: bool = True) -> Iterator[RenderableType]:
    """What became of the packet, and, where it was not answered, why."""
    end = path.ends[0] if path.ends else None
    state = end.state if end else "stopped"
    told = words(f"trace_state_{state}" if state != "lost" or end is None else _lost(end))
    line = Text.assemble((told, _STYLES[state]), "  ", (asked(end, words), "bold") if end else "")
    if times := [each.us for each in path.ends if each.us is not None]:
        line.append("  " + words("trace_after", time=time_of(median(times))))
    if total > 1:
        line.append("  " + words("trace_packets", count=len(path.packets), numbers=ranges(path.packets)))
    yield line
    if end is not None and state != "answered":
        yield _why(path, end, words, width, advice)


def _lost(end: Traced) -> str:
    return f"trace_state_lost_{end.way}" if end.last else "trace_state_not_sent"


def asked(end: Traced, words: Words) -> str:
    """Such as `ping h1 > 10.0.2.2`."""
    protocol = words(f"trace_protocol_{end.protocol}")
    return printable_line(words("trace_asked", protocol=protocol, node=end.node, to=end.to, size=end.size))


def _why(path: Path, end: Traced, words: Words, width: int, advice: bool) -> Table:
    """Where it was last, where it should have come next, and why it did not; of an error, who sent it."""
    facts = [(words(key), key, told) for key, told in _facts(path, end, words)]
    label = max(cells(each) for each, _, _ in facts)
    grid = Table.grid(padding=(0, _GAP, 0, 0))
    grid.add_column(width=label)
    grid.add_column(overflow="fold")
    for each, key, told in facts:
        said, command = _command_apart(told if advice else without_advice(told))
        # A command is copied, so it is not broken: the terminal may do that, at its edge.
        lines = Text("\n").join([*wrapped(said, width - label - _GAP), *([Text(command)] if command else [])])
        lines.stylize(_STYLES[end.state] if key == "trace_why" else "")
        grid.add_row(each, lines)
    return grid


def _command_apart(told: str) -> tuple[str, str]:
    """What is said, and the command at its end, where there is one."""
    said, colon, command = told.rpartition(": tunlab ")
    if not colon:
        said, colon, command = told.rpartition("：tunlab ")
    return (said + colon[0], f"tunlab {command}") if colon else (told, "")


def without_advice(told: str) -> str:
    """Without the command at its end, and without the sentence that leads to it; a single one stays."""
    said, command = _command_apart(told)
    if not command:
        return told
    end = max(said.rfind(mark) for mark in (". ", "。", "；", "; "))
    return said[: end + 1].rstrip("；; ") if end > 0 else said


def _facts(path: Path, end: Traced, words: Words) -> Iterator[tuple[str, str]]:
    if end.state == "refused":
        told = next((hop for hop in path.hops if hop.way != THERE), None)
        said = next((change.after for change in told.changes if change.what == "type"), "") if told else ""
        if told and said:
            yield "trace_sent_back", printable_line(words("trace_said_by", node=told.node, said=said))
    elif end.last:
        yield "trace_last", _last(path, end, words)
    if end.why is not None:
        if end.why.expected and end.state == "lost" and end.last:
            yield "trace_expected", place(end.why.expected, words)
        yield "trace_why", reason(end.why, words)


def _last(path: Path, end: Traced, words: Words) -> str:
    """The device, or the program at its far end, where that has read the packet."""
    hop = path.hops[-1]
    if hop.program is not None and f"{hop.node}:{hop.device} out" == end.last:
        return f"{printable_line(hop.node)} {where(hop, words)}"
    return place(end.last, words)


def ranges(numbers: Sequence[int]) -> str:
    """`1-3, 5`, of numbers in their order."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _ways(path: Path, words: Words, width: int) -> Iterator[Text]:
    """How many devices and programs it passed there and back, and in how many microseconds."""
    keys = {True: "trace_way_there", False: "trace_way_back"}
    if any(hop.way == ERROR for hop in path.hops):
        keys[False] = "trace_way_error"
    told = []
    for there, key in keys.items():
        us = path.microseconds(there)
        if us is not None:
            count = path.programs(there)
            programs = words("trace_programs", count=count) if count else ""
            told.append(words(key, devices=path.devices(there), programs=programs, time=time_of(us)))
    line = "   ".join(told)
    yield from (Text(each) for each in ([line] if line and cells(line) <= width else told))
