"""The topology with the numbers of a packet's hops on it."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.scene import Scene
from tunlab.model.trace import Hop, Traced
from tunlab.ui.graph.terminal import terminal
from tunlab.ui.trace_marks import marks_of


def drawing(scene: Scene, hops: Sequence[Hop], end: Traced | None, words: Words, width: int) -> RenderableType:
    """For a terminal of `width` columns, with what the numbers mean below it."""
    lines = terminal(scene, marks_of(hops, end), width, words)
    return Group(*lines, Text(), Text(words("trace_legend")))
