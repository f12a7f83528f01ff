"""A scene that came out of a sandbox as JSON: every part is made the text that it ought to be."""

from typing import Any

from tunlab.model.endpoint import Endpoint
from tunlab.model.scene import Scene, SceneDevice, SceneLink, SceneNode


def scene_from_data(data: dict[str, Any]) -> Scene:
    """What `asdict` made of a Scene, and JSON of that. Raises KeyError, TypeError or ValueError of anything else."""
    return Scene(
        str(data["name"]),
        tuple(
            SceneNode(str(node["name"]), str(node["kind"]), tuple(map(_device, node["devices"])))
            for node in data["nodes"]
        ),
        tuple(
            SceneLink(_ends([_end(end) for end in link["ends"]]), str(link["kind"]), str(link["label"]))
            for link in data["links"]
        ),
        bool(data["live"]),
    )


def _device(data: dict[str, Any]) -> SceneDevice:
    return SceneDevice(
        str(data["name"]),
        str(data["kind"]),
        tuple(str(address) for address in data["addresses"]),
        *(None if data[key] is None else str(data[key]) for key in ("state", "master", "program", "lower")),
    )


def _end(data: dict[str, Any]) -> Endpoint:
    return Endpoint(str(data["node"]), str(data["device"]))


def _ends(ends: list[Endpoint]) -> tuple[Endpoint, Endpoint]:
    one, other = ends
    return one, other
