"""A topology in Graphviz's language: a cluster for each node, with its devices in it."""

from tunlab.model.scene import Scene, SceneDevice, SceneLink
from tunlab.ui.graph.labels import device_lines, identifiers, is_down, link_lines, plain

_FONT = 'fontname="Noto Sans Mono CJK SC, DejaVu Sans Mono, monospace"'


def dot(scene: Scene) -> str:
    """Text for `dot -Tsvg`."""
    nodes, devices = identifiers(scene)
    lines = [
        f"graph {_quoted([plain(scene.name)])} {{",
        f"  graph [rankdir=LR, {_FONT}];",
        f"  node [shape=box, style=rounded, {_FONT}];",
        f"  edge [{_FONT}];",
    ]
    for node in scene.nodes:
        lines.append(f"  subgraph cluster_{nodes[node.name]} {{")
        lines.append(f"    label={_quoted([plain(node.name), plain(node.kind)])};")
        lines.append("    style=rounded;")
        for each in node.devices:
            lines.append(f"    {devices[node.name, each.name]} [label={_quoted(device_lines(each))}{_state(each)}];")
        if not node.devices:
            lines.append(f'    {nodes[node.name]}_none [label="", shape=point, style=invis];')
        for each in node.devices:
            lines += _inside(node.name, each, devices)
        lines.append("  }")
    for link in scene.links:
        one, other = (devices.get((end.node, end.device)) for end in link.ends)
        if one and other:
            lines.append(f"  {one} -- {other}{_style(link)};")
    return "\n".join([*lines, "}"]) + "\n"


def _inside(node: str, device: SceneDevice, devices: dict[tuple[str, str], str]) -> list[str]:
    """A port's place in its bridge, what a device lies on, and the program at its far end."""
    name = devices[node, device.name]
    lines = []
    if device.master and (master := devices.get((node, device.master))):
        lines.append(f"    {name} -- {master} [style=bold];")
    if device.lower and (lower := devices.get((node, device.lower))):
        lines.append(f"    {name} -- {lower} [style=dotted];")
    if device.program:
        lines.append(f"    {name}_program [label={_quoted([plain(device.program)])}, shape=ellipse, style=solid];")
        lines.append(f"    {name} -- {name}_program [dir=both];")
    return lines


def _state(device: SceneDevice) -> str:
    return ', color="#c62828", fontcolor="#c62828", style="rounded,dashed"' if is_down(device) else ""


def _style(link: SceneLink) -> str:
    told = link_lines(link)
    parts = [f"label={_quoted(told)}"] if told else []
    parts += [] if link.kind == "veth" else ["style=dashed"]
    return f" [{', '.join(parts)}]" if parts else ""


def _quoted(lines: list[str]) -> str:
    r"""A string of DOT: `\n` between its lines, and no other escape in it."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
