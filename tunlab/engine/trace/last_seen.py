"""Where a packet was last seen: what the question why it went no further begins with."""

from dataclasses import dataclass

from tunlab.model.packet import LinkType
from tunlab.model.trace import THERE


@dataclass(frozen=True, slots=True)
class AtProgram:
    """A program of ours at the far end of a device.

    `reports`: it tells us of its packets; only then `read` (this packet) and `wrote` (something that came of it, which
    was not found again) say anything.
    """

    name: str
    pid: int | None
    reports: bool
    read: bool = False
    wrote: bool = False


@dataclass(frozen=True, slots=True)
class LastSeen:
    """The last place: `direction` is `out` or `in` at `node`'s `device`.

    Where it was seen nowhere, device and direction are empty, and `refused` is the errno with which its sending failed,
    if it did. `data` begins with what `link` names. `programs`: ours, at the far end of the device. `to_nobody`: a
    bridge has sent it to all of its ports, and nobody there has the MAC to which it goes. `refused_here`: an error
    about it came in at that device. `came_back`: an error or a reset about it has come home.
    """

    node: str
    device: str = ""
    direction: str = ""
    data: bytes = b""
    link: LinkType = LinkType.RAW
    way: str = THERE
    refused: int | None = None
    programs: tuple[AtProgram, ...] = ()
    fragments: int = 1
    to_nobody: bool = False
    refused_here: bool = False
    came_back: bool = False

    @property
    def place(self) -> str:
        """`h1:eth0`."""
        return f"{self.node}:{self.device}"
