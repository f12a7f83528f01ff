"""A topology drawn on a terminal: boxes side by side where it is a line that fits, else a list with wires beside it.

ASCII only: lines of box-drawing characters are of ambiguous width, and break on terminals that are set to Chinese.
"""

from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.scene import Marks, Scene
from tunlab.ui.graph.chain import chain
from tunlab.ui.graph.labels import plain
from tunlab.ui.graph.margin import margin
from tunlab.ui.graph.pieces import cut


def terminal(scene: Scene, marks: Marks, width: int, words: Words) -> list[Text]:
    """Lines of at most `width` cells."""
    title = words("graph_running" if scene.live else "graph_written", name=plain(scene.name))
    drawn = chain(scene, marks, width, words) or margin(scene, marks, width, words)
    return [cut(Text(title, "bold"), width), Text(), *drawn]
