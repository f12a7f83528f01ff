"""Nodes in a line, such as h1 - r1 - h2: boxes side by side, with the wires between them."""

from dataclasses import dataclass

from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.endpoint import Endpoint
from tunlab.model.scene import Marks, Scene, SceneDevice, SceneLink, SceneNode
from tunlab.ui.graph.labels import addresses_of, is_down, link_lines, plain, title_of
from tunlab.ui.graph.pieces import facts, flowed, named, padded, size, state, widest

_SHORTEST, _LONGEST = 5, 11  # cells of a wire
_WIDTHS = range(56, 18, -2)  # of what stands in a box, tried in this order
_MARGIN = 2


@dataclass(frozen=True, slots=True)
class _Box:
    """`lines` are of one width; the wires leave at the first."""

    head: Text
    lines: list[Text]
    left: SceneDevice | None
    right: SceneDevice | None

    @property
    def width(self) -> int:
        return max(size(self.head) + 2, widest(self.lines))


def chain(scene: Scene, marks: Marks, width: int, words: Words) -> list[Text]:
    """The lines, or nothing where the nodes are no line, or it does not fit."""
    found = _line(scene)
    if found is None:
        return []
    nodes, links = found
    widths = _WIDTHS if len(nodes) > 1 else (width - 2 * _MARGIN - 4,)
    for limit, below in ((each, below) for below in (False, True) for each in widths):
        boxes = [
            _box(
                scene, node, links[at - 1] if at else None, links[at] if at < len(links) else None, marks, words, limit
            )
            for at, node in enumerate(nodes)
        ]
        labels = [[] if below else link_lines(link) for link in links]
        wires = [max(_SHORTEST, 2 + max((len(line) for line in label), default=0)) for label in labels]
        spare = width - _MARGIN - sum(box.width + 4 for box in boxes) - sum(wires)
        if spare >= 0 and limit > 0:
            more = min(spare // max(1, len(wires)), _LONGEST - _SHORTEST)
            wires = [wire + max(0, min(more, _LONGEST - wire)) for wire in wires]
            return [*_drawn(boxes, wires, labels), *(_told(links, width) if below else [])]
    return []


def _told(links: list[SceneLink], width: int) -> list[Text]:
    """What the wires have no room for."""
    lines = []
    for link in links:
        if told := link_lines(link):
            one, other = (plain(str(end)) for end in link.ends)
            pieces = [Text(part) for part in told]
            lines += [
                Text.assemble(" " * _MARGIN, each) for each in flowed([Text(f"{one} - {other}:"), *pieces], width - 4)
            ]
    return [Text(), *lines]


def _line(scene: Scene) -> tuple[list[SceneNode], list[SceneLink]] | None:
    """The nodes from one end to the other and the cables between them; tunnels are no cables."""
    cables = [link for link in scene.links if link.kind == "veth"]
    beside: dict[str, list[SceneLink]] = {node.name: [] for node in scene.nodes}
    for link in cables:
        for end in link.ends:
            if end.node not in beside:
                return None
            beside[end.node].append(link)
    if not scene.nodes or len(cables) != len(scene.nodes) - 1 or any(len(links) > 2 for links in beside.values()):
        return None
    by_name = {node.name: node for node in scene.nodes}
    at = next(name for name, links in beside.items() if len(links) < 2)
    names, links = [at], list[SceneLink]()
    while found := [link for link in beside[at] if link not in links]:
        links.append(found[0])
        at = _far(found[0], at).node
        if at in names:
            return None
        names.append(at)
    return ([by_name[name] for name in names], links) if len(names) == len(by_name) else None


def _far(link: SceneLink, node: str) -> Endpoint:
    one, other = link.ends
    return other if one.node == node else one


def _box(
    scene: Scene,
    node: SceneNode,
    left: SceneLink | None,
    right: SceneLink | None,
    marks: Marks,
    words: Words,
    limit: int,
) -> _Box:
    ends = [
        next((each for each in node.devices if link and Endpoint(node.name, each.name) in link.ends), None)
        for link in (left, right)
    ]
    columns = [_column(node.name, each, marks) if each else [] for each in ends]
    width = sum(map(widest, columns)) + (2 if all(columns) else 0)
    others = [each for each in node.devices if each not in ends]
    rows = [line for each in others for line in _row(scene, node.name, each, marks, max(limit, width))]
    name, kind = title_of(node, words)
    head = Text.assemble((name, "node"), f", {kind}")
    width = max(width, widest(rows), size(head) + 2)
    height = max(map(len, columns))
    lines = []
    for at in range(height):
        near, far = (column[at] if at < len(column) else Text() for column in columns)
        lines.append(Text.assemble(near, padded(far, width - size(near), right=True)))
    gap = [Text(" " * width)] if rows and lines else []
    return _Box(head, [*lines, *gap, *(padded(row, width) for row in rows)], *ends)


def _column(node: str, device: SceneDevice, marks: Marks) -> list[Text]:
    """The end of a wire: its name, its addresses, its state."""
    found = [named(node, device, marks), *_port(device), *map(Text, addresses_of(device))]
    return [*found, *([state(device)] if device.state else [])]


def _port(device: SceneDevice) -> list[Text]:
    """Of which bridge it is a port."""
    return [Text(f"in {plain(device.master)}")] if device.master else []


def _row(scene: Scene, node: str, device: SceneDevice, marks: Marks, limit: int) -> list[Text]:
    """A device without a wire of its own; a tunnel says where it leads to."""
    name = named(node, device, marks)
    at = Endpoint(node, device.name)
    ways = [_other(link, at) for link in scene.links if at in link.ends]
    rest: list[Text] = []
    pieces = [*_port(device), *facts(device), *(Text(f"~~> {plain(str(way))}") for way in ways)]
    first = flowed([name, *pieces], limit)[0]
    while size(Text("  ").join([name, *pieces])) > size(first) and pieces:
        rest.insert(0, pieces.pop())
    return [first, *(Text.assemble("  ", line) for line in flowed(rest, max(1, limit - 2)))]


def _other(link: SceneLink, at: Endpoint) -> Endpoint:
    one, other = link.ends
    return other if one == at else one


def _drawn(boxes: list[_Box], wires: list[int], labels: list[list[str]]) -> list[Text]:
    height = max(len(box.lines) for box in boxes)
    parts: list[list[Text]] = []
    for at, box in enumerate(boxes):
        parts.append(_framed(box))
        if at < len(wires):
            broken = any(each and is_down(each) for each in (box.right, boxes[at + 1].left))
            parts.append(_wire(wires[at], labels[at], broken))
    lines = []
    for row in range(max(height + 2, *(len(part) for part in parts))):
        cells = [part[row] if row < len(part) else Text(" " * size(part[0])) for part in parts]
        line = Text.assemble(" " * _MARGIN, *cells)
        line.rstrip()
        lines.append(line)
    return lines


def _framed(box: _Box) -> list[Text]:
    width = box.width
    lines = [Text.assemble("+- ", box.head, " ", "-" * (width - size(box.head) - 1), "+")]
    for number, line in enumerate(box.lines):
        sides = ["o" if side and number == 0 else "|" for side in (box.left, box.right)]
        lines.append(Text.assemble(sides[0], " ", padded(line, width), " ", sides[1]))
    return [*lines, Text("+" + "-" * (width + 2) + "+")]


def _wire(length: int, label: list[str], broken: bool) -> list[Text]:
    drawn = Text("-" * length)
    if broken:
        half = length // 2
        drawn = Text.assemble("-" * half, ("x", "fail"), "-" * (length - half - 1))
    return [Text(" " * length), drawn, *(padded(Text(f" {line}"), length) for line in label)]
