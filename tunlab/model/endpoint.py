"""A place in a topology: a device in a node."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A device in a node, written `h1:eth0`."""

    node: str
    device: str

    def __str__(self) -> str:
        return f"{self.node}:{self.device}"
