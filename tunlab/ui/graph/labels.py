"""What all drawings say alike of nodes, devices and links; names that a stranger chose are made harmless."""

from tunlab.i18n import Words
from tunlab.model.scene import Scene, SceneDevice, SceneLink, SceneNode
from tunlab.ui.printable import printable_line

UP = "UP"


def plain(text: str) -> str:
    """A name or an address for a drawing: one line, without control characters."""
    return printable_line(text)


def kind_of(device: SceneDevice) -> str:
    """Its kind, where that tells something: most devices are ends of a veth pair, or are named as their kind."""
    told = "" if device.kind in ("veth", "device") or device.name.rstrip("0123456789") == device.kind else device.kind
    return f"{told} on {plain(device.lower)}".strip() if device.lower else plain(told)


def is_down(device: SceneDevice) -> bool:
    """It runs, and no packet can pass it."""
    return device.state not in (None, UP)


def addresses_of(device: SceneDevice) -> list[str]:
    """Its addresses. The link-local one that the kernel gives to every running device tells nothing, and takes room."""
    return [plain(each) for each in device.addresses if device.state is None or not each.startswith("fe80:")]


def device_lines(device: SceneDevice) -> list[str]:
    """The device as some short lines: name and kind, addresses, and its state where that is not UP."""
    head = " ".join(filter(None, (plain(device.name), kind_of(device))))
    state = [plain(device.state or "")] if is_down(device) else []
    return [head, *addresses_of(device), *state]


def link_lines(link: SceneLink) -> list[str]:
    """What stands on a link: nothing on a mere cable."""
    kind = "" if link.kind == "veth" else plain(link.kind)
    label = plain(link.label)
    return [f"{kind} {label}".strip()] if kind else [part for part in label.split(", ") if part]


def identifiers(scene: Scene) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """A name without any special character for each node and each device."""
    nodes = {node.name: f"n{number}" for number, node in enumerate(scene.nodes)}
    devices = {
        (node.name, device.name): f"{nodes[node.name]}d{number}"
        for node in scene.nodes
        for number, device in enumerate(node.devices)
    }
    return nodes, devices


_KINDS = {"host": "graph_host", "router": "graph_router", "bridge": "graph_bridge"}


def title_of(node: SceneNode, words: Words) -> tuple[str, str]:
    """Its name, and its kind in the reader's language."""
    return plain(node.name), words(_KINDS[node.kind]) if node.kind in _KINDS else plain(node.kind)
