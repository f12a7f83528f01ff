"""What a step claims, as data: each check names what must be seen, and is judged on packets or kernel state.

`id` names the check in prose: what it saw is written `{step.check}` there. `claims` are the sentences of
the textbook that it confirms or refutes.
"""

from dataclasses import dataclass
from typing import ClassVar

from tunlab.model.topology import Endpoint


@dataclass(frozen=True, slots=True)
class PacketFilter:
    """Which packets are meant: where, by whom, in what direction, how long, and what their summary contains."""

    at: Endpoint
    seen_by: str  # program or capture
    direction: str  # read or written by a program; out or in for a capture
    length: int | None = None
    what: str | None = None


@dataclass(frozen=True, slots=True)
class PacketCheck:
    """Exactly `count` such packets since the step began."""

    kind: ClassVar[str] = "packets"
    id: str
    claims: tuple[str, ...]
    packets: PacketFilter
    count: int


@dataclass(frozen=True, slots=True)
class DeviceCheck:
    """A device as the kernel describes it now; what is None or empty does not matter.

    `addresses` counts the IPv4 and IPv6 addresses; `holder` is the program at a tun's far end.
    """

    kind: ClassVar[str] = "device"
    id: str
    claims: tuple[str, ...]
    at: Endpoint
    flags: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    state: str | None = None
    address: str | None = None
    addresses: int | None = None
    holder: str | None = None


@dataclass(frozen=True, slots=True)
class OutputCheck:
    """Exactly `count` lines that contain `line` printed by a program since the step began."""

    kind: ClassVar[str] = "output"
    id: str
    claims: tuple[str, ...]
    program: str
    line: str
    count: int


@dataclass(frozen=True, slots=True)
class AgreeCheck:
    """Of each of the packets meant, a program printed a line with the packet's own values, `count` in all.

    `line` may name header fields, as `{ICMP.seq}`.
    """

    kind: ClassVar[str] = "agree"
    id: str
    claims: tuple[str, ...]
    program: str
    line: str
    packets: PacketFilter
    count: int


Check = PacketCheck | DeviceCheck | OutputCheck | AgreeCheck


def expects_absence(check: Check) -> bool:
    """Whether the check passes by something *not* happening, and so needs a positive one beside it."""
    return not isinstance(check, DeviceCheck) and check.count == 0
