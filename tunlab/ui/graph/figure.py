"""How large the boxes of a figure are, and where they stand; pixels. No text overlaps another."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.cells import cell_len

from tunlab.i18n import Words
from tunlab.model.endpoint import Endpoint
from tunlab.model.scene import Marks, Scene, SceneDevice, SceneLink, SceneNode
from tunlab.ui.graph.labels import addresses_of, is_down, kind_of, link_lines, plain, title_of
from tunlab.ui.graph.ranks import components, ranks

CELL = 7.4  # the width of a character of 12 px in a font of fixed width, and a little more
LINE, HEAD, PAD = 18, 26, 12
BETWEEN = 26  # from a box to the one below it
_WIRE = 80  # from a column to the next, at least
_PASSES = 6


@dataclass(slots=True)
class Row:
    """A device in its box: lines of text, the program at its far end, and its marks."""

    device: SceneDevice
    lines: list[str]
    marks: tuple[str, ...]
    y: float = 0  # of the middle of its first line, from the top of the box

    @property
    def program(self) -> str:
        return plain(self.device.program or "")

    @property
    def height(self) -> int:
        return LINE * len(self.lines) + (LINE + 8 if self.program else 0) + 4

    @property
    def mark_width(self) -> float:
        return sum(badge(mark) + 3 for mark in self.marks)


@dataclass(slots=True)
class Box:
    """A node. A device has its wires at either side, at the height of its first line."""

    node: SceneNode
    name: str
    kind: str
    rows: list[Row]
    width: float = 0
    height: float = 0
    x: float = 0
    y: float = 0
    column: int = 0
    ports: dict[str, float] = field(default_factory=dict)


def badge(mark: str) -> float:
    """The width of a mark."""
    return max(18.0, cell_len(mark) * 6.6 + 10)


def box_of(node: SceneNode, marks: Marks, words: Words) -> Box:
    """A node's box with its size."""
    name, kind = title_of(node, words)
    rows = [Row(each, _lines(each), marks.get(Endpoint(node.name, each.name), ())) for each in node.devices]
    box = Box(node, name, kind, rows)
    inner = [cell_len(name) * CELL * 1.2 + 16 + cell_len(kind) * CELL]
    y = float(HEAD + 8)
    for row in rows:
        row.y = y + LINE / 2
        y += row.height
        box.ports[row.device.name] = row.y
        first, *others = (cell_len(line) * CELL for line in row.lines)
        state = (cell_len(plain(row.device.state or "")) * CELL + 14) if is_down(row.device) else 0
        inner += [first + state + (row.mark_width + 8 if row.marks else 0), *others]
        inner += [cell_len(row.program) * CELL + 44] if row.program else []
    box.width = max(90.0, max(inner) + 2 * PAD)
    box.height = y + 6
    return box


def _lines(device: SceneDevice) -> list[str]:
    kind = kind_of(device)
    master = f"in {plain(device.master)}" if device.master else ""
    head = "  ".join(filter(None, (plain(device.name), kind, master)))
    return [head, *(f"  {address}" for address in addresses_of(device))]


def placed(scene: Scene, boxes: Mapping[str, Box]) -> tuple[float, float]:
    """Give every box its place; returns the figure's width and height."""
    links = [link for link in scene.links if all(end.node in boxes for end in link.ends)]
    cables = [link for link in links if link.kind == "veth"]
    beside: dict[str, list[str]] = {name: [] for name in boxes}
    for link in cables:
        one, other = (end.node for end in link.ends)
        if one != other:
            beside[one].append(other)
            beside[other].append(one)
    top, right = 0.0, 0.0
    for part in components(list(boxes), beside):
        columns = [[boxes[name] for name in column] for column in ranks(part, beside)]
        own = [link for link in cables if link.ends[0].node in part]
        width, height = _placed_part(columns, own, top)
        top, right = top + height + 2 * BETWEEN, max(right, width)
    return right, max(0.0, top - 2 * BETWEEN)


def _placed_part(columns: list[list[Box]], links: list[SceneLink], top: float) -> tuple[float, float]:
    by_name = {box.node.name: box for column in columns for box in column}
    for number, column in enumerate(columns):
        for box in column:
            box.column = number
    x = 0.0
    for number, column in enumerate(columns):
        widest = max(box.width for box in column)
        for box in column:
            box.x = x + (widest - box.width) / 2
        labels = [len_of(link) for link in links if min(by_name[end.node].column for end in link.ends) == number]
        x += widest + max([_WIRE, *(label + 44 for label in labels)])
        _stack(column, [0.0] * len(column))
    for sweep in range(_PASSES):
        for column in columns if sweep % 2 == 0 else columns[::-1]:
            _stack(column, [_wanted(box, by_name, links) for box in column])
    highest = min(box.y for box in by_name.values())
    for box in by_name.values():
        box.y += top - highest
    return max(box.x + box.width for box in by_name.values()), max(box.y + box.height for box in by_name.values()) - top


def len_of(link: SceneLink) -> float:
    """The width of what stands on a link."""
    return max((cell_len(line) * CELL * 0.92 for line in link_lines(link)), default=0.0)


def _wanted(box: Box, by_name: Mapping[str, Box], links: list[SceneLink]) -> float:
    """Where its wires would run straight."""
    found = []
    for link in links:
        for near, far in (link.ends, link.ends[::-1]):
            other = by_name[far.node]
            if near.node == box.node.name and other.column != box.column:
                found.append(other.y + other.ports.get(far.device, 0.0) - box.ports.get(near.device, 0.0))
    return sum(found) / len(found) if found else box.y


def _stack(column: list[Box], wanted: list[float]) -> None:
    """As near as they can be to where they want to be, in their order, without touching."""
    groups: list[tuple[float, float, int]] = []  # where it wants to begin, its height, how many boxes
    for box, want in zip(column, wanted, strict=True):
        groups.append((want, box.height + BETWEEN, 1))
        while len(groups) > 1 and groups[-2][0] + groups[-2][1] > groups[-1][0]:
            (above, high, many), (below, low, more) = groups[-2:]
            start = (above * many + (below - high) * more) / (many + more)
            groups[-2:] = [(start, high + low, many + more)]
    boxes = iter(column)
    for start, _, many in groups:
        y = start
        for _ in range(many):
            box = next(boxes)
            box.y = y
            y += box.height + BETWEEN
