"""The numbers of a packet's hops, for the drawing of a topology."""

from collections.abc import Sequence

from tunlab.model.endpoint import Endpoint
from tunlab.model.scene import Marks
from tunlab.model.trace import THERE, Hop, Traced


def marks_of(hops: Sequence[Hop], end: Traced | None = None) -> Marks:
    """Beside each device `1>` on the way there, `<9` on the way back, and `X` where the packet was last seen.

    Of several packets, the first one's. A program is at the far end of its device, and counts as that.
    """
    first = min((hop.packet for hop in hops), default=0)
    path = sorted((hop for hop in hops if hop.packet == first and hop.device), key=lambda hop: hop.number)
    marks: dict[Endpoint, tuple[str, ...]] = {}
    for hop in path:
        at = Endpoint(hop.node, hop.device)
        marks[at] = (*marks.get(at, ()), f"{hop.number}>" if hop.way == THERE else f"<{hop.number}")
    if path and end is not None and end.state == "lost" and end.packet == first:
        last = next((hop for hop in reversed(path) if f"{hop.node}:{hop.where}" == end.last), path[-1])
        at = Endpoint(last.node, last.device)
        marks[at] = (*marks[at], "X")
    return marks
