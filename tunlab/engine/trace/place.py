"""A packet at a place of its path, before it is told as a hop."""

from dataclasses import dataclass

from tunlab.kernel.packet_socket import Captured
from tunlab.model.packet import LinkType
from tunlab.packet.changes import View
from tunlab.packet.sighting import Sighting


@dataclass(frozen=True, slots=True)
class Seen:
    """A packet that a node's socket captured."""

    node: str
    captured: Captured

    @property
    def link(self) -> LinkType:
        return LinkType.ETHERNET if self.captured.link_header else LinkType.RAW

    @property
    def data(self) -> bytes:
        return self.captured.data

    @property
    def direction(self) -> str:
        return "out" if self.captured.outgoing else "in"

    def order(self) -> tuple[int, bool]:
        """By the kernel's time stamps; of two at once, what goes out comes before what has come in."""
        return self.captured.time_ns, not self.captured.outgoing


@dataclass(slots=True)
class Place:
    """A place where the packet was: a device (`parts` are its fragments there, or the one packet), or a program.

    `direction` is `out`, `in`, `through`, `read`, `written`, or `received` from a `socket`; `lengths` are those of the
    frames. `port_of` is the bridge that the device is a port of.
    """

    node: str
    device: str
    direction: str
    way: str
    time_ns: int
    view: View
    lengths: tuple[int, ...]
    bytes_out: int | None = None
    program: str | None = None
    pid: int | None = None
    inferred: bool = False
    hidden: bool = False  # what is followed is inside, encrypted or compressed
    port_of: str = ""
    socket: str = ""
    for_another: bool = False  # a frame that came in for another MAC than its device's

    @property
    def at_device(self) -> bool:
        return self.direction in ("out", "in")

    @property
    def name(self) -> str:
        """`h1:eth0 out`."""
        return f"{self.node}:{self.device} {self.direction}"


def is_bare(sighting: Sighting) -> bool:
    """Whether no tunnel is around the packet."""
    return sum(header.name in ("IPv4", "IPv6") for header in sighting.layers) == 1 and not any(
        header.name == "unknown" for header in sighting.layers
    )
