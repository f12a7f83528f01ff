"""Any topology: the nodes one under the other, and the wires as brackets in the right-hand margin.

Where there is no room for a wire, or its ends are so far apart that no eye would follow it, both say where it leads to.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.endpoint import Endpoint
from tunlab.model.scene import Marks, Scene, SceneDevice, SceneLink, SceneNode
from tunlab.ui.graph.labels import is_down, link_lines, plain, title_of
from tunlab.ui.graph.pieces import cut, facts, flowed, named, padded, size, widest

_FARTHEST = 40  # lines that a wire may be high
_STEP = 2  # cells from one wire to the next
_LEAST = 4  # cells of the shortest wire
_INDENT = 2


@dataclass(frozen=True, slots=True)
class _Row:
    """What is told of a device, or the head of a node; `text` is its first part, `pieces` may stand on more lines."""

    text: Text
    pieces: tuple[Text, ...] = ()
    at: Endpoint | None = None


def margin(scene: Scene, marks: Marks, width: int, words: Words) -> list[Text]:
    """The lines, none wider than `width`."""
    devices = {Endpoint(node.name, each.name): each for node in scene.nodes for each in node.devices}
    links = [link for link in scene.links if all(end in devices for end in link.ends) and len(set(link.ends)) == 2]
    rows = list(_rows(_near_each_other(scene.nodes, links), links, marks, words))
    names = _column(rows)
    lines, first = _laid_out(rows, {}, names, width * 2 // 3)
    free = (width - widest(lines) - _LEAST) // _STEP
    drawn = _channels([link for link in links if _height(link, first) <= _FARTHEST], first, free)
    told: dict[Endpoint, list[str]] = {}
    for link in links:
        if link not in drawn:
            for one, other in (link.ends, link.ends[::-1]):
                told.setdefault(one, []).append(f"{'>' if link.kind == 'veth' else '~>'} {plain(str(other))}")
    room = _LEAST + _STEP * (1 + max(drawn.values())) if drawn else 0
    lines, first = _laid_out(rows, told, names, width - room)
    broken = {at for at, device in devices.items() if is_down(device)}
    text = widest(lines) + 1
    beside = _wires(drawn, first, len(lines), broken)
    return [cut(_joined(line, wire, text), width) for line, wire in zip(lines, beside, strict=True)]


def _near_each_other(nodes: Sequence[SceneNode], links: Sequence[SceneLink]) -> Sequence[SceneNode]:
    """The nodes in their own order, or as one finds them along the links, whichever gives the shorter wires."""
    beside: dict[str, list[str]] = {node.name: [] for node in nodes}
    for link in links:
        one, other = (end.node for end in link.ends)
        beside[one].append(other)
        beside[other].append(one)
    by_name = {node.name: node for node in nodes}
    ends_first = sorted(by_name, key=lambda name: len(beside[name]) != 1)
    orders = (nodes, *([by_name[name] for name in _walked(starts, beside)] for starts in (ends_first, by_name)))
    return min(orders, key=lambda order: _length(order, links))


def _walked(starts: Iterable[str], beside: Mapping[str, Sequence[str]]) -> Iterable[str]:
    walked: dict[str, None] = {}
    for start in starts:
        stack = [start]
        while stack:
            name = stack.pop()
            if name not in walked:
                walked[name] = None
                stack += [each for each in reversed(beside[name]) if each not in walked]
    return walked


def _length(nodes: Sequence[SceneNode], links: Sequence[SceneLink]) -> int:
    """About how long the wires are, in lines."""
    lines: dict[str, int] = {}
    count = 0
    for node in nodes:
        lines[node.name] = count
        count += 2 + len(node.devices)
    return sum(abs(lines[one.node] - lines[other.node]) for one, other in (link.ends for link in links))


def _rows(nodes: Sequence[SceneNode], links: Sequence[SceneLink], marks: Marks, words: Words) -> Iterator[_Row]:
    labels = {link.ends[0]: _bracketed(link_lines(link)) for link in links}
    for number, node in enumerate(nodes):
        if number:
            yield _Row(Text())
        name, kind = title_of(node, words)
        yield _Row(Text.assemble((name, "node"), f", {kind}"))
        for depth, device in _ordered(node):
            at = Endpoint(node.name, device.name)
            text = Text.assemble(" " * _INDENT * (1 + depth), named(node.name, device, marks))
            yield _Row(text, (*facts(device), *labels.get(at, ())), at)


def _bracketed(label: list[str]) -> tuple[Text, ...]:
    """What stands on a wire, beside its upper end: it may need more than one line."""
    if not label:
        return ()
    *before, last = label
    parts = [*(f"{part}," for part in before), f"{last})"]
    return (Text(f"({parts[0]}"), *map(Text, parts[1:]))


def _ordered(node: SceneNode) -> Iterator[tuple[int, SceneDevice]]:
    """The ports of a bridge below it, and one step further in."""
    masters = {each.name for each in node.devices if each.master is None}
    for device in node.devices:
        if device.master in masters:
            continue
        yield 0, device
        if device.master is None:
            yield from ((1, each) for each in node.devices if each.master == device.name)


def _column(rows: Sequence[_Row]) -> int:
    """Where the addresses begin: behind the names, unless one of them is very long."""
    return min(24, max((size(row.text) for row in rows if row.at), default=0)) + 2


def _laid_out(
    rows: Sequence[_Row], told: dict[Endpoint, list[str]], names: int, limit: int
) -> tuple[list[Text], dict[Endpoint, int]]:
    """All lines, and the first one of each device."""
    lines: list[Text] = []
    first: dict[Endpoint, int] = {}
    for row in rows:
        if row.at is None:
            lines.append(cut(row.text, limit))
            continue
        first[row.at] = len(lines)
        ways = [Text(way) for way in told.get(row.at, ())]
        flow = flowed([*row.pieces, *ways], max(limit - names, 8))
        head = row.text if not flow else padded(row.text, names)
        if flow and size(head) == names:
            lines.append(Text.assemble(head, flow.pop(0)))
        else:
            lines.append(head)
        lines += [Text.assemble(" " * names, line) for line in flow]
        lines[first[row.at] :] = [cut(line, limit) for line in lines[first[row.at] :]]
    return lines, first


def _height(link: SceneLink, first: dict[Endpoint, int]) -> int:
    one, other = (first[end] for end in link.ends)
    return abs(one - other)


def _channels(links: Sequence[SceneLink], first: dict[Endpoint, int], free: int) -> dict[SceneLink, int]:
    """The innermost place for each wire, the shortest first; those for which there is none are left out."""
    taken: list[list[tuple[int, int]]] = []
    found: dict[SceneLink, int] = {}
    for link in sorted(links, key=lambda each: (_height(each, first), min(first[end] for end in each.ends))):
        top, bottom = sorted(first[end] for end in link.ends)
        for channel in range(max(0, free)):
            if channel == len(taken):
                taken.append([])
            if all(bottom + 1 < above or below + 1 < top for above, below in taken[channel]):
                taken[channel].append((top, bottom))
                found[link] = channel
                break
    return found


def _wires(
    drawn: dict[SceneLink, int], first: dict[Endpoint, int], height: int, broken: set[Endpoint]
) -> list[list[str]]:
    """Beside each line, the characters of its wires; a line that goes straight on is not cut by one that crosses it."""
    length = _LEAST + _STEP * max(drawn.values(), default=0)
    beside = [[" "] * length for _ in range(height)]
    for link, channel in drawn.items():
        column = _LEAST + _STEP * channel - 1
        across, along = ("-", "|") if link.kind == "veth" else ("~", ":")
        rows = sorted(first[end] for end in link.ends)
        for row in rows:
            for at in range(column):
                if beside[row][at] not in "|:+":
                    beside[row][at] = across
            beside[row][column] = "+"
        for row in range(rows[0] + 1, rows[1]):
            beside[row][column] = along
        for end in link.ends:
            if broken & set(link.ends):
                beside[first[end]][1] = "x"
    return beside


def _joined(line: Text, wire: list[str], text: int) -> Text:
    """The line with its wires, which begin right behind what stands on it."""
    drawn = "".join(wire).rstrip()
    if not drawn:
        return line
    lead = drawn[0] if drawn[0] in "-~" else " "
    gap = text - size(line) - 1
    before = "" if not line.plain else " "
    joined = Text.assemble(line, before, lead * gap if before else " " * (gap + 1), drawn)
    if "x" in wire:
        start = len(joined.plain) - len(drawn) + wire.index("x")
        joined.stylize("fail", start, start + 1)
    return joined
