"""A topology as Mermaid's flowchart: a subgraph for each node, with its devices in it."""

from tunlab.model.scene import Scene, SceneDevice, SceneLink
from tunlab.ui.graph.labels import device_lines, identifiers, is_down, link_lines, plain

_DOWN = "stroke:#c62828,color:#c62828,stroke-dasharray:4 3"


def mermaid(scene: Scene) -> str:
    """Text for a block ```mermaid of Markdown."""
    nodes, devices = identifiers(scene)
    lines = ["flowchart LR"]
    for node in scene.nodes:
        lines.append(f"  subgraph {nodes[node.name]}[{_quoted([plain(node.name), plain(node.kind)])}]")
        lines += [f"    {devices[node.name, each.name]}[{_quoted(device_lines(each))}]" for each in node.devices]
        if not node.devices:
            lines.append(f"    {nodes[node.name]}_none[{_quoted(['-'])}]")
        lines.append("  end")
    for node in scene.nodes:
        for each in node.devices:
            lines += _inside(node.name, each, devices)
    for link in scene.links:
        one, other = (devices.get((end.node, end.device)) for end in link.ends)
        if one and other:
            lines.append(f"  {one} {_arrow(link)} {other}")
    down = [devices[node.name, each.name] for node in scene.nodes for each in node.devices if is_down(each)]
    if down:
        lines += [f"  classDef down {_DOWN}", f"  class {','.join(down)} down"]
    return "\n".join(lines) + "\n"


def _inside(node: str, device: SceneDevice, devices: dict[tuple[str, str], str]) -> list[str]:
    """A port's place in its bridge, what a device lies on, and the program at its far end."""
    name = devices[node, device.name]
    lines = []
    if device.master and (master := devices.get((node, device.master))):
        lines.append(f"  {name} --- {master}")
    if device.lower and (lower := devices.get((node, device.lower))):
        lines.append(f"  {name} -.- {lower}")
    if device.program:
        lines.append(f"  {name} <--> {name}_program([{_quoted([plain(device.program)])}])")
    return lines


def _arrow(link: SceneLink) -> str:
    told = link_lines(link)
    plain = "---" if link.kind == "veth" else "-.-"
    return f"{plain}|{_quoted(told)}|" if told else plain


def _quoted(lines: list[str]) -> str:
    """A text in quotes, in which Mermaid takes entities instead of what would mean something to it."""
    escaped = ["".join(_character(each) for each in line) for line in lines]
    return '"' + "<br/>".join(escaped) + '"'


def _character(character: str) -> str:
    return character if character.isalnum() or character in " .:/%_-,()" else f"#{ord(character)};"
