"""What a step claims, as data: each check names what must be seen, and is judged on packets or kernel state.

`id` names the check in prose: what it saw is written `{step.check}` there. `claims` are the sentences of
the textbook that it confirms or refutes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from tunlab.model.topology import Endpoint


@dataclass(frozen=True, slots=True)
class PacketFilter:
    """Which packets are meant: where, by whom, in what direction, how long, and what their summary contains.

    `program` is the one that told of them (None: any), `data` the bytes, in hexadecimal, that they begin with, and
    `text` what can be read somewhere in their bytes.
    """

    at: Endpoint
    seen_by: str  # program or capture
    direction: str  # read or written by a program; out or in for a capture
    length: int | None = None
    what: str | None = None
    program: str | None = None
    data: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class PacketCheck:
    """Exactly `count` such packets since the step began, or with `at_least` that many or more.

    `each`: told by each of the programs that hold the device; the one that told of the fewest counts.
    """

    kind: ClassVar[str] = "packets"
    id: str
    claims: tuple[str, ...]
    packets: PacketFilter
    count: int
    at_least: bool = False
    each: bool = False


@dataclass(frozen=True, slots=True)
class LengthCheck:
    """The last of such packets since the step began has so many bytes."""

    kind: ClassVar[str] = "length"
    id: str
    claims: tuple[str, ...]
    packets: PacketFilter
    bytes: int


@dataclass(frozen=True, slots=True)
class DeviceCheck:
    """A device as the kernel describes it now; what is None or empty does not matter.

    `addresses` counts the IPv4 and IPv6 addresses; `holder` is the program at a tun's far end, `holders` how many
    descriptors hold it; `peer` is the other end of a veth pair; `link` is `ether` or `none`; `mtu` in
    bytes. `gone`: it was there in this run, and is not now.
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
    holders: int | None = None
    peer: Endpoint | None = None
    link: str | None = None
    mtu: int | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class CounterCheck:
    """A device's counter has grown by exactly `count`, or with `at_least` by that much or more.

    It counts from the step's beginning, or from the device's, where that came later.
    """

    kind: ClassVar[str] = "counters"
    id: str
    claims: tuple[str, ...]
    at: Endpoint
    counter: str
    count: int
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class OutputCheck:
    """Exactly `count` lines that contain `line` printed since the step began, or with `at_least` that many or more.

    By a program, or where `program` is None by anything that the step ran.
    """

    kind: ClassVar[str] = "output"
    id: str
    claims: tuple[str, ...]
    program: str | None
    line: str
    count: int
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class PrintedCheck:
    """The last line printed since the step began that is like `line` has `value` where `{value}` stands in it.

    By a program, or where `program` is None by anything that the step ran.
    """

    kind: ClassVar[str] = "printed"
    id: str
    claims: tuple[str, ...]
    line: str
    value: str
    program: str | None = None


@dataclass(frozen=True, slots=True)
class AgreeCheck:
    """Of each of the packets meant, a program printed a line with the packet's own values, `count` in all.

    `line` may name header fields, as `{ICMP.seq}`. With `at_least`, `count` or more.
    """

    kind: ClassVar[str] = "agree"
    id: str
    claims: tuple[str, ...]
    program: str
    line: str
    packets: PacketFilter
    count: int
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class TracedCheck:
    """The last packet that was traced since the step began came to that end; what is None does not matter, but not all.

    `last` is the last place where it was seen, `h1:eth0 out`, and `why` the reason, such as `no_route`.
    """

    kind: ClassVar[str] = "traced"
    id: str
    claims: tuple[str, ...]
    state: str | None = None  # answered, refused or lost
    last: str | None = None
    why: str | None = None

    def demands(self) -> tuple[str, ...]:
        """What it demands, in this order."""
        return tuple(each for each in (self.state, self.last, self.why) if each is not None)


@dataclass(frozen=True, slots=True)
class FieldCheck:
    """The last of such packets since the step began has `value` in a header's field, named as `IP.ttl`."""

    kind: ClassVar[str] = "field"
    id: str
    claims: tuple[str, ...]
    packets: PacketFilter
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class CrossingsCheck:
    """The last packet that was traced since the step began has crossed a node's protocol stack so often on one way."""

    kind: ClassVar[str] = "crossings"
    id: str
    claims: tuple[str, ...]
    node: str
    way: str  # there or back
    count: int
    at_least: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class RatioCheck:
    """What was measured of the way `more` is at least `count` times that of `less`; what counts is the whole number.

    `of` is `throughput` or `round_trip`, its median.
    """

    kind: ClassVar[str] = "ratio"
    id: str
    claims: tuple[str, ...]
    of: str
    more: str
    less: str
    count: int
    at_least: ClassVar[bool] = True


Counting = PacketCheck | CounterCheck | OutputCheck | AgreeCheck | CrossingsCheck | RatioCheck
Check = Counting | LengthCheck | DeviceCheck | PrintedCheck | TracedCheck | FieldCheck


def expects_absence(check: Check) -> bool:
    """Whether the check passes by something *not* happening, and so needs a positive one beside it."""
    return isinstance(check, Counting) and check.count == 0


def expected_value(check: Check) -> str | None:
    """The value that it demands, written as a run measures it; None where it demands several, or a range."""
    match check:
        case LengthCheck():
            return str(check.bytes)
        case PrintedCheck() | FieldCheck():
            return check.value
        case DeviceCheck():
            return only_demand(check)
        case TracedCheck():
            return check.demands()[0] if len(check.demands()) == 1 else None
    return None if check.at_least else str(check.count)


def only_demand(check: DeviceCheck) -> str | None:
    """What a check of a device demands, where that is a single value."""
    if check.flags or check.without:
        return None
    demands = (
        check.state,
        check.address,
        check.addresses,
        check.holder,
        check.holders,
        check.peer,
        check.link,
        check.mtu,
    )
    values = [str(each) for each in demands if each is not None] + ["gone"] * check.gone
    return values[0] if len(values) == 1 else None


def places_of(check: Check) -> tuple[Endpoint, ...]:
    """The devices that it names."""
    match check:
        case PacketCheck() | LengthCheck() | AgreeCheck() | FieldCheck():
            return (check.packets.at,)
        case DeviceCheck(at=at) | CounterCheck(at=at):
            return (at,)
    return ()


def fine(statuses: Iterable[str]) -> bool:
    """Whether nothing speaks against checks of these statuses: they pass, or this kernel cannot show it."""
    return {"pass", "skipped"}.issuperset(statuses)
