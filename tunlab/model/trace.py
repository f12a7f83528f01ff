"""One packet's path: what was sent, every place that it passed, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import ClassVar

PROTOCOLS = ("icmp", "udp", "tcp")
STATES = ("answered", "refused", "lost")
THERE, BACK, ERROR = "there", "back", "error"  # the packet itself, its answer, an ICMP error about it


@dataclass(frozen=True, slots=True)
class Probe:
    """A packet to be traced, by which it is known wherever it is met.

    `size` is in bytes, IP header included. `tag` stands at the start of what an ICMP echo or a UDP datagram carries, or
    is the sequence number (the first 4 bytes) and the time stamp (TSval, the other 4) of a TCP SYN: 8 random bytes.
    `source_port` is the identifier of an ICMP echo, whose sequence number is `destination_port`. `df`: do not fragment
    (IPv4; over IPv6 no router does).
    """

    protocol: str
    source: str
    destination: str
    source_port: int
    destination_port: int
    tag: bytes
    size: int
    ttl: int = 64
    df: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What is not as it was at the place before.

    `what` is `ttl`, `mac` (both, `source > destination`), `source` or `destination` (an address, with its port where
    there is one: NAT), `wrapped` (`after` names the new outer headers with their bytes, such as `UDP 8, IPv4 20`),
    `unwrapped` (`before` names those that are gone), `fragmented` (`after`: their lengths, `1500+548`), `reassembled`,
    `type` (of an answer: `before` and `after` are summed up, such as `echo request` and `echo reply`). `outer`: it is a
    header around the packet that has changed, a tunnel's, not the packet's own.
    """

    what: str
    before: str
    after: str
    outer: bool = False


@dataclass(frozen=True, slots=True)
class Hop:
    """A place that the packet passed; the event `hop`.

    `packet` is its number in this trace and `number` that of the hop, both from 1. `way` is `there`, `back`, or
    `error`. At a device `direction` is `out` (from the stack to the device) or `in`, and `where` is `eth0 out`; at a
    program it is `through` (it read `bytes` and sent `bytes_out` on), `read` (and nothing came of it) or `written`
    (nobody knows of what), `device` the one whose far end it is, and `where` its name with its pid, `tunnel pid 12`.
    `port_of` is the bridge that the device is a port of. A program may also have `received` the packet's payload, of
    `bytes`, from a `socket`, written `UDP :5000`; then there is no `device`.
    `us` are the microseconds since the first hop, as the kernel stamped the packet, or the program reported. `bytes`
    are those of the frame, or of the packet on a device without a link layer; of fragments, their sum, with the
    `fragments` one by one. `inferred`: told by time and size alone. `data` is in hexadecimal, beginning with what
    `link` names (LinkType).
    """

    event: ClassVar[str] = "hop"
    step: str
    packet: int
    number: int
    node: str
    where: str
    way: str
    device: str
    direction: str
    us: float
    bytes: int
    summary: str
    changes: tuple[Change, ...] = ()
    bytes_out: int | None = None
    fragments: tuple[int, ...] = ()
    program: str | None = None
    pid: int | None = None
    inferred: bool = False
    data: str = ""
    link: str = "RAW"
    port_of: str = ""
    socket: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a packet went no further.

    `key` is that of a message, such as `why_no_route`, with `values` for its gaps; `expected` is the next place at
    which it should have been seen (`r1:eth1 in`, or `h1:tun0 read` for the program there), or empty where there is
    none. `way` is `back` where the packet has arrived and it is its answer that was not sent.
    """

    key: str
    expected: str = ""
    values: tuple[tuple[str, str], ...] = ()
    way: str = THERE


@dataclass(frozen=True, slots=True)
class Traced:
    """The end of one packet's trace; the event `traced`.

    `state` is `answered`, `refused` (an ICMP error or a TCP RST came back), or `lost`, the answer included: `way` says
    on which way. `last` is the last place, `h1:eth0 out`; where it was not seen at all, empty. `why` is None where it
    was answered. `us` are the microseconds from the first hop there to the last one back, None where nothing came back.
    """

    event: ClassVar[str] = "traced"
    step: str
    packet: int
    state: str
    way: str
    last: str
    why: Reason | None
    us: float | None
    node: str
    to: str
    protocol: str
    size: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check asks of the end of a packet's trace, in no language yet; the rest is None. As in Traced."""

    state: str | None = None
    last: str | None = None
    why: Reason | None = None


def last_path(hops: Sequence[Hop]) -> Sequence[Hop]:
    """The hops of the packet that was traced last; they are logged together, in their order."""
    begins = [number for number, hop in enumerate(hops) if hop.number == 1]
    return hops[begins[-1] :] if begins else ()


def crossings(hops: Sequence[Hop], node: str, way: str) -> int:
    """How often a packet crosses a node's protocol stack on one way; `hops` are one packet's, in their order.

    It leaves the stack where it goes out, and ends there where it came in and goes nowhere else. What a bridge passes
    on from port to port does not come into the stack.
    """
    passed = [hop for hop in hops if hop.node == node and hop.way == way and not hop.port_of]
    outward = sum(hop.direction == "out" for hop in passed)
    ends = sum(
        hop.direction == "in" and (after is None or after.direction != "out")
        for hop, after in zip_longest(passed, passed[1:])
    )
    return int(outward + ends)
