"""What was measured of several ways, as bars: a chart for the throughput, one for the round trip."""

import io
from collections.abc import Sequence
from contextlib import redirect_stdout

from rich.console import Group, RenderableType
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.events import Measured
from tunlab.ui.cells import cells

_TICK = "#"  # block characters are of ambiguous width, as box-drawing ones are
_LESS = "\u258f"  # what termgraph draws of a value that is less than a tick
_VALUE = 24  # cells for a value with its unit, behind the longest bar


def bars(measured: Sequence[Measured], words: Words, width: int) -> RenderableType:
    """Of each way the last measurement, on lines of at most `width` cells."""
    ways = {each.way: each for each in measured}
    parts: list[Text] = []
    for key, values in (
        ("throughput", [each.bits_per_second / 1e9 for each in ways.values()]),
        ("round_trip", [each.us_median for each in ways.values()]),
    ):
        parts.append(Text(words(f"bars_{key}"), style="bold"))
        parts += [Text(line) for line in _chart(list(ways), values, words(f"unit_{key}"), width)]
        parts.append(Text())
    tools = ", ".join(sorted({each.tool for each in ways.values()}))
    return Group(*parts, Text(words("bars_tool", tool=tools)))


def _chart(labels: Sequence[str], values: Sequence[float], unit: str, width: int) -> list[str]:
    from termgraph.module import Args, BarChart, Data

    room = max(1, width - max(map(cells, labels)) - _VALUE)
    args = Args(width=room, custom_tick=_TICK, format="{:.2f}", suffix=f" {unit}", no_readable=True)
    with redirect_stdout(io.StringIO()) as drawn:
        BarChart(Data([[value] for value in values], list(labels)), args).draw()
    return [Text.from_ansi(line).plain.replace(_LESS, "|") for line in drawn.getvalue().splitlines() if line.strip()]
