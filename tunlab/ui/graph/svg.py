"""A topology as an SVG figure, for slides and pages: light background, text that can be read aloud and searched."""

from collections.abc import Iterator
from html import escape

from rich.cells import cell_len

from tunlab.i18n import Words
from tunlab.model.scene import Marks, Scene, SceneLink
from tunlab.ui.graph.figure import CELL, HEAD, LINE, PAD, Box, Row, badge, box_of, placed
from tunlab.ui.graph.labels import is_down, link_lines, plain
from tunlab.ui.printable import printable_line

_EDGE = 28  # around the figure
_TITLE = 40  # the height of its title
_FONT = "'Noto Sans Mono CJK SC', 'DejaVu Sans Mono', 'Sarasa Mono SC', ui-monospace, Menlo, Consolas, monospace"
_COLOURS = {"host": "#1565c0", "router": "#2e7d32", "bridge": "#6a1b9a"}
_STYLE = f"""text {{ font: 12px {_FONT}; fill: #212121; white-space: pre }}
.title {{ font-size: 16px; font-weight: bold }}
.name {{ font-size: 14px; font-weight: bold; fill: #fff }}
.kind {{ fill: #fff }}
.small {{ font-size: 11px; fill: #455a64; paint-order: stroke; stroke: #fff; stroke-width: 5px }}
.down {{ fill: #c62828; font-weight: bold }}
.mark {{ font-size: 11px; font-weight: bold; fill: #fff }}
.wire {{ fill: none; stroke: #455a64; stroke-width: 2 }}
.tunnel {{ stroke: #ef6c00; stroke-dasharray: 7 4 }}
.broken {{ stroke: #c62828; stroke-dasharray: 3 5 }}"""


def svg(scene: Scene, marks: Marks, words: Words) -> str:
    """A whole document."""
    boxes = {node.name: box_of(node, marks, words) for node in scene.nodes}
    width, height = placed(scene, boxes)
    for box in boxes.values():
        box.x += _EDGE
        box.y += _EDGE + _TITLE
    title = words("graph_running" if scene.live else "graph_written", name=plain(scene.name))
    key = "graph_about_running" if scene.live else "graph_about_written"
    about = words(key, name=plain(scene.name), nodes=len(scene.nodes), links=len(scene.links))
    bulge = _bulge(scene, boxes)
    wide = max(width, cell_len(title) * CELL * 1.4) + 2 * _EDGE + bulge
    high = height + 2 * _EDGE + _TITLE + (30 if any(link.kind != "veth" for link in scene.links) else 0)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(wide)} {_n(high)}" width="{_n(wide)}"'
        f' height="{_n(high)}" role="img" aria-labelledby="title about" lang="{words.language}">',
        f'<title id="title">{_t(title)}</title>',
        f'<desc id="about">{_t(about)}</desc>',
        f"<style>\n{_STYLE}\n</style>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text class="title" x="{_EDGE}" y="{_EDGE + 10}">{_t(title)}</text>',
    ]
    drawn = [link for link in scene.links if all(end.node in boxes for end in link.ends)]
    cables = [link for link in drawn if link.kind == "veth"]
    tunnels = [link for link in drawn if link.kind != "veth"]
    labels: list[str] = []
    for link in cables:
        lines += _cable(link, boxes, labels)
    lines += labels
    for box in boxes.values():
        lines += _box(box)
    for link in tunnels:
        lines += _tunnel(link, boxes)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _bulge(scene: Scene, boxes: dict[str, Box]) -> float:
    """Room at the right for wires within the last column."""
    last = max((box.x + box.width for box in boxes.values()), default=0.0)
    pairs = [[boxes[end.node] for end in link.ends if end.node in boxes] for link in scene.links]
    within = (pair for pair in pairs if len({box.column for box in pair}) == 1)
    return 50.0 if any(box.x + box.width > last - 60 for pair in within for box in pair) else 0.0


def _cable(link: SceneLink, boxes: dict[str, Box], labels: list[str]) -> Iterator[str]:
    """Its label comes after all cables, so that none is drawn over it."""
    (one, near), (other, far) = sorted(
        ((boxes[end.node], end.device) for end in link.ends), key=lambda each: each[0].column
    )
    y, z = one.y + one.ports.get(near, HEAD), other.y + other.ports.get(far, HEAD)
    x = one.x + one.width
    if one.column == other.column:
        to = other.x + other.width
        bend = max(x, to) + 44
        path = f"M{_n(x)} {_n(y)} C{_n(bend)} {_n(y)} {_n(bend)} {_n(z)} {_n(to)} {_n(z)}"
        middle, height = bend - 8, (y + z) / 2
    else:
        to = other.x
        half = (x + to) / 2
        path = f"M{_n(x)} {_n(y)} C{_n(half)} {_n(y)} {_n(half)} {_n(z)} {_n(to)} {_n(z)}"
        middle, height = half, (y + z) / 2
    ends = ((one, near), (other, far))
    down = any(is_down(row.device) for box, name in ends for row in box.rows if row.device.name == name)
    yield _wire(link, path, "wire broken" if down else "wire")
    yield from (f'<circle cx="{_n(a)}" cy="{_n(b)}" r="4" fill="#455a64"/>' for a, b in ((x, y), (to, z)))
    told = link_lines(link)
    top = height - 6 - 14 * (len(told) - 1)
    for number, line in enumerate(told):
        place = f'text-anchor="middle" x="{_n(middle)}" y="{_n(top + 14 * number)}"'
        labels.append(f'<text class="small" {place}>{_t(line)}</text>')


def _tunnel(link: SceneLink, boxes: dict[str, Box]) -> Iterator[str]:
    """Below the boxes between its ends, so that it crosses none of them."""
    (one, near), (other, far) = sorted(
        ((boxes[end.node], end.device) for end in link.ends), key=lambda each: (each[0].column, each[0].x)
    )
    y, z = one.y + one.ports.get(near, HEAD), other.y + other.ports.get(far, HEAD)
    x, to = one.x + one.width, other.x
    if one.column == other.column:
        to = other.x + other.width
        bend = max(x, to) + 44
        path = f"M{_n(x)} {_n(y)} C{_n(bend)} {_n(y)} {_n(bend)} {_n(z)} {_n(to)} {_n(z)}"
        middle, low = bend, (y + z) / 2
    else:
        between = [box for box in boxes.values() if one.column < box.column < other.column and box.x < to]
        low = max([y, z, *(box.y + box.height + 16 for box in between)])
        left, right = x + 26, to - 26
        path = (
            f"M{_n(x)} {_n(y)} C{_n(left)} {_n(y)} {_n(x + 4)} {_n(low)} {_n(left + 14)} {_n(low)}"
            f" L{_n(right - 14)} {_n(low)} C{_n(to - 4)} {_n(low)} {_n(right)} {_n(z)} {_n(to)} {_n(z)}"
        )
        middle = (x + to) / 2
    yield _wire(link, path, "wire tunnel")
    yield from (f'<circle cx="{_n(a)}" cy="{_n(b)}" r="4" fill="#ef6c00"/>' for a, b in ((x, y), (to, z)))
    told = " ".join(link_lines(link))
    yield f'<text class="small" text-anchor="middle" x="{_n(middle)}" y="{_n(low + 16)}">{_t(told)}</text>'


def _wire(link: SceneLink, path: str, kind: str) -> str:
    one, other = link.ends
    return f'<path class="{kind}" d="{path}"><title>{_t(f"{one} - {other}")}</title></path>'


def _box(box: Box) -> Iterator[str]:
    colour = _COLOURS.get(box.node.kind, "#37474f")
    yield f"<g><title>{_t(f'{box.name}, {box.kind}')}</title>"
    shape = f'x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}"'
    yield f'<rect {shape} height="{_n(box.height)}" rx="8" fill="#fafafa" stroke="{colour}" stroke-width="1.5"/>'
    right, bottom = box.x + box.width, box.y + HEAD
    yield (
        f'<path d="M{_n(box.x)} {_n(bottom)} V{_n(box.y + 8)} a8 8 0 0 1 8 -8 H{_n(right - 8)} a8 8 0 0 1 8 8'
        f' V{_n(bottom)} Z" fill="{colour}"/>'
    )
    yield f'<text class="name" x="{_n(box.x + PAD)}" y="{_n(box.y + 18)}">{_t(box.name)}</text>'
    yield f'<text class="kind" text-anchor="end" x="{_n(right - PAD)}" y="{_n(box.y + 18)}">{_t(box.kind)}</text>'
    for row in box.rows:
        yield from _row(box, row)
    yield "</g>"


def _row(box: Box, row: Row) -> Iterator[str]:
    x, y = box.x + PAD, box.y + row.y
    down = is_down(row.device)
    for number, line in enumerate(row.lines):
        at = y + 4 + LINE * number
        kind = ' class="down"' if down and number == 0 else ""
        yield f'<text xml:space="preserve"{kind} x="{_n(x)}" y="{_n(at)}">{_t(line)}</text>'
    end = x + cell_len(row.lines[0]) * CELL
    if down:
        yield f'<text class="down" x="{_n(end + 14)}" y="{_n(y + 4)}">{_t(plain(row.device.state or ""))}</text>'
    right = box.x + box.width - PAD + 4 - row.mark_width
    for mark in row.marks:
        wide = badge(mark)
        yield f'<rect x="{_n(right)}" y="{_n(y - 9)}" width="{_n(wide)}" height="18" rx="9" fill="#d84315"/>'
        place = f'text-anchor="middle" x="{_n(right + wide / 2)}" y="{_n(y + 4)}"'
        yield f'<text class="mark" {place}>{_t(printable_line(mark))}</text>'
        right += wide + 3
    if row.program:
        top = y + LINE * (len(row.lines) - 1) + 12
        wide = cell_len(row.program) * CELL + 16
        yield f'<path class="wire" d="M{_n(x + 6)} {_n(top - 2)} V{_n(top + 10)} H{_n(x + 20)}"/>'
        yield (
            f'<rect x="{_n(x + 20)}" y="{_n(top)}" width="{_n(wide)}" height="20" rx="10" fill="#fff3cd"'
            ' stroke="#b28704"/>'
        )
        yield f'<text x="{_n(x + 28)}" y="{_n(top + 14)}">{_t(row.program)}</text>'


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _t(text: str) -> str:
    """For XML, which has no place for some characters, not even escaped."""
    return escape("".join(each if each.isprintable() or each == " " else "\ufffd" for each in text), quote=True)
