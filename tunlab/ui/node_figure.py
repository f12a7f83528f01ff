"""The figure of a node: programs above, the protocol stack, its devices and their far ends, with a packet's hops on it.

ASCII only, as the drawings of topologies are: lines of ambiguous width break on terminals that are set to Chinese.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rich.console import Group, RenderableType
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.events import DeviceSeen
from tunlab.model.trace import BACK, THERE, Hop, Traced, crossings
from tunlab.ui.ends import name_of
from tunlab.ui.graph.pieces import cut, padded, size
from tunlab.ui.printable import printable_line

_LABEL, _GAP = 12, 4  # cells for the names of the zones, and between two columns
_WIDEST, _NARROWEST = 30, 28  # cells of a column
_SOCKET = 4  # cells from a column's left edge to the line of a socket, which has its name beside it
HEIGHT = 18  # lines, at the most
_TUNNELS = ("tun", "tap")
_IN_STACK = "/"  # no device is called that
# The rows, from above
_USER, _BORDER, _STACK, _NIC, _OUTSIDE, _CABLE = 0, 3, 5, 10, 14, 15


def node_figure(
    node: str, devices: Sequence[DeviceSeen], hops: Sequence[Hop], end: Traced | None, words: Words, width: int
) -> RenderableType:
    """The far end of a tun or tap device, a program, stands astride the border between user space and kernel.

    `devices` are the node's; `hops` those of one packet, or none before it was sent. The devices that it passed come
    first, as many as fit. The ports of a bridge are in its box; what lies beside it is left out, unless the packet
    passed there: then there is no such box.
    """
    own = [hop for hop in hops if hop.node == node]
    passed = {hop.device for hop in own}
    known = sorted((each for each in devices if each.kind != "loopback"), key=lambda each: each.device not in passed)
    bridge = _bridge(known, passed)
    tunnels = sorted((each for each in known if each.kind in _TUNNELS), key=lambda each: not _joins(each, bridge))
    cables = [each for each in known if each.kind not in _TUNNELS and (bridge is None or _joins(each, bridge))]
    most = 3 if width >= _LABEL + 3 * _NARROWEST + 2 * _GAP else 2
    tunnels = tunnels[: most - 1]
    cables = cables[: max(1, most - len(tunnels))]
    columns = max(1, len(cables)) + len(tunnels)
    column = min(_WIDEST, (width - _LABEL - (columns - 1) * _GAP) // columns)
    canvas = _Canvas(column)
    ports = [each for each in (*cables, *tunnels) if _joins(each, bridge)]
    canvas.zones(words, bool(cables))
    _draw_user(canvas, node, hops, own, words)
    spanned = max(1, len(cables))
    lost = _lost_in(node, end)
    canvas.box(0, _STACK, _stack_lines(node, hops, lost == _IN_STACK, words), bool(own), spanned)
    if bridge is not None:
        _draw_bridge(canvas, bridge, [*[None] * (not cables), *ports], own, lost, words)
    for number, device in enumerate(cables):
        if bridge is None:
            canvas.line(number, _STACK + 4)
            canvas.box(number, _NIC, _device_lines(device, own, lost, words), device.device in passed)
        canvas.line(number, _OUTSIDE)
        far = words("figure_cable", peer=device.peer) if device.peer else words("figure_cable_unknown")
        canvas.put(canvas.x(number), _CABLE, Text(far))
    for number, device in enumerate(tunnels, spanned):
        _draw_tunnel(canvas, number, device, own, lost, words, device in ports)
    return Group(*canvas.lines(), *([Text(words("figure_legend"))] if own else []))


@dataclass(slots=True)
class _Canvas:
    """Texts at places; a place is a column of cells and a row."""

    column: int
    texts: dict[int, list[tuple[int, Text]]] = field(default_factory=dict)

    @property
    def room(self) -> int:
        """Cells of a line in a box of one column."""
        return self.column - 4

    def x(self, number: int) -> int:
        return _LABEL + number * (self.column + _GAP)

    def put(self, x: int, y: int, text: Text) -> None:
        self.texts.setdefault(y, []).append((x, text))

    def zones(self, words: Words, outside: bool) -> None:
        """What the rows are, at the left."""
        for key, y in (("user", _USER + 1), ("kernel", _STACK + 1), *([("outside", _CABLE)] if outside else [])):
            self.put(0, y, Text(words(f"figure_{key}")))

    def box(self, number: int, y: int, lines: Sequence[Text], passed: bool, spanned: int = 1) -> None:
        """Over `spanned` columns, with the lines in it; `passed`: the packet was there."""
        width = spanned * self.column + (spanned - 1) * _GAP
        style = "verdict" if passed else ""
        edge = Text("+" + "-" * (width - 2) + "+", style)
        self.put(self.x(number), y, edge)
        for at, line in enumerate(lines, y + 1):
            inner = padded(cut(line, width - 4), width - 4)
            self.put(self.x(number), at, Text.assemble(("| ", style), inner, (" |", style)))
        self.put(self.x(number), y + len(lines) + 1, edge.copy())

    def line(self, number: int, y: int) -> None:
        """Downwards, in the middle of a column."""
        self.put(self.x(number) + self.column // 2, y, Text("|"))

    def lines(self) -> list[Text]:
        borders = {_BORDER} | ({_OUTSIDE} if _CABLE in self.texts else set())
        return [self._row(y, y in borders) for y in range(max(self.texts) + 1)]

    def _row(self, y: int, border: bool) -> Text:
        row = Text()
        for x, text in sorted(self.texts.get(y, []), key=lambda each: each[0]):
            row.append(_fill(size(row), x, border)).append_text(text)
        if border:
            ends = max(x + size(text) for texts in self.texts.values() for x, text in texts)
            row.append(_fill(size(row), ends, border))
        return row


def _fill(start: int, end: int, border: bool) -> str:
    return "".join("-" if border and x % 2 == 0 else " " for x in range(start, end))


def _draw_user(canvas: _Canvas, node: str, hops: Sequence[Hop], own: Sequence[Hop], words: Words) -> None:
    """A program that has a socket, if it is known that there is one, or if nothing is known yet."""
    received = next((hop for hop in own if hop.socket), None)
    if received is not None:
        program = words("trace_program", program=received.program, pid=received.pid)
        lines, socket = [_marked(program, [received])], received.socket
    elif not hops:
        lines, socket = [Text(words("figure_program"))], words("figure_sockets")
    elif hops[0].node == node:
        lines, socket = [Text(words("figure_sender"))], "RAW"  # a socket for packets that we have made ourselves
    else:
        return
    canvas.box(0, _USER, lines, bool(own))
    for beside, y in ((socket, _BORDER), ("", _BORDER + 1)):
        canvas.put(canvas.x(0) + _SOCKET, y, Text(f"|  {beside} " if beside else "|"))


def _bridge(devices: Sequence[DeviceSeen], passed: Collection[str]) -> DeviceSeen | None:
    """The bridge that is drawn: it has ports, and the packet passed no cable beside it."""
    for bridge in devices:
        ports = {each.device for each in devices if _joins(each, bridge)}
        beside = {each.device for each in devices if each.kind not in (*_TUNNELS, "bridge")} - ports
        if bridge.kind == "bridge" and ports and not beside & set(passed):
            return bridge
    return None


def _joins(device: DeviceSeen, bridge: DeviceSeen | None) -> bool:
    """Whether it is a port of the bridge."""
    return bridge is not None and device.master == bridge.device


def _draw_bridge(
    canvas: _Canvas,
    bridge: DeviceSeen,
    ports: Sequence[DeviceSeen | None],
    own: Sequence[Hop],
    lost: str,
    words: Words,
) -> None:
    """Below the protocol stack, with each port in its column; where a column has none, there is None."""
    names, own_lines = Text(), _device_lines(bridge, own, lost, words)
    for port in ports:
        name = _device_lines(port, own, lost, words)[0] if port else Text()
        names.append_text(padded(cut(name, canvas.column - _GAP), canvas.column + _GAP))
    names.rstrip()
    told = Text.assemble(words("figure_bridge"), " ", own_lines[0], " ", own_lines[1])
    known = {bridge.device, *(port.device for port in ports if port)}
    canvas.line(0, _STACK + 4)
    canvas.box(0, _NIC, [names, told], any(hop.device in known for hop in own), len(ports))


def _draw_tunnel(
    canvas: _Canvas,
    number: int,
    device: DeviceSeen,
    own: Sequence[Hop],
    lost: str,
    words: Words,
    bridged: bool,
) -> None:
    """The program at its far end and, unless it is in the box of a bridge, the device itself."""
    at_program = [hop for hop in own if hop.device == device.device and hop.program is not None]
    at_device = [hop for hop in own if hop.device == device.device and hop.program is None]
    lines = [Text(words("compare_nobody")), Text()]
    if device.holders:
        holder = device.holders[0]
        program = words("trace_program", program=name_of(holder), pid=holder.pid)
        socket = Text(words("figure_own_socket")) if _sends_on(own, device.device) else Text()
        first = _marked(program, at_program)
        if size(first) > canvas.room:  # the numbers matter more than the pid, which the table has
            first = _marked(name_of(holder), at_program)
        lines = [first, socket, Text(words("figure_file", fd=holder.fd))]
    canvas.box(number, _USER, lines, bool(at_program))
    for y in range(_USER + len(lines) + 2, _NIC if bridged else _STACK + 1):
        canvas.line(number, y)
    if bridged:
        return
    canvas.box(number, _STACK + 1, _device_lines(device, own, lost, words), bool(at_device))
    before = canvas.x(number) - _GAP
    if number == 1 or not at_device:
        canvas.put(before, _STACK + 2, Text("-" * _GAP))


def _sends_on(own: Sequence[Hop], device: str) -> bool:
    """Whether a program at the far end of that device hands what it reads back to the stack, for another device."""
    return any(
        hop.device == device and hop.program is not None and after.program is None and after.device != device
        for hop, after in pairwise(own)
    )


def _stack_lines(node: str, hops: Sequence[Hop], lost: bool, words: Words) -> list[Text]:
    there, back = (crossings(hops, node, way) for way in (THERE, BACK))
    told = Text(words("figure_crossed", there=there, back=back), "verdict") if hops else Text()
    return [Text(words("figure_stack")), told.append("  X", "fail") if lost else told]


def _device_lines(device: DeviceSeen, own: Sequence[Hop], lost: str, words: Words) -> list[Text]:
    hops = [hop for hop in own if hop.device == device.device and hop.program is None]
    state = device.addresses[0] if device.addresses else words("no_address")
    marked = _marked(device.device, hops)
    return [marked.append("  X", "fail") if lost == device.device else marked, Text(printable_line(state))]


def _lost_in(node: str, end: Traced | None) -> str:
    """Where in the node the packet was lost: at a device, in the stack, which it had come into, or not in this node."""
    if end is None or end.state != "lost":
        return ""
    at, _, direction = end.last.partition(" ")
    last, _, device = at.partition(":")
    if not at:
        return _IN_STACK if end.node == node else ""
    if last != node:
        return ""
    return device if direction == "out" else _IN_STACK


def _marked(name: str, hops: Sequence[Hop]) -> Text:
    """The name, and the numbers of the hops behind it: `eth0  1> <6`."""
    numbers = " ".join(f"{hop.number}>" if hop.way == THERE else f"<{hop.number}" for hop in hops)
    return Text.assemble((printable_line(name), "term"), (f"  {numbers}" if numbers else "", "verdict"))
