"""One thing that a step does, as data: what runs over netlink, and the command a person would type.

Both faces come from the same record, so a screen cannot show one thing and do another. `node` is where
it happens; `commands()` is what a person would type there, each a tuple of words. `changes_state`: it
leaves the node in another state and later steps build on that; the others are acts of the moment.
"""

from dataclasses import dataclass
from typing import ClassVar

from tunlab.model.program import Program
from tunlab.model.topology import Endpoint

Command = tuple[str, ...]


class _OnDevice:
    """A verb about one device happens in that device's node."""

    __slots__ = ()
    at: Endpoint

    @property
    def node(self) -> str:
        return self.at.node


class _OfProgram:
    """A verb about one of the lab's programs happens in that program's node."""

    __slots__ = ()
    program: Program

    @property
    def node(self) -> str:
        return self.program.node


@dataclass(frozen=True, slots=True)
class AddDevice(_OnDevice):
    """Create a device of its own: `tun`, `tap`, `bridge`, or `veth` with its `peer`.

    A tun or tap made so is persistent (ip-tuntap(8)): it stays without a program at its far end.
    """

    verb: ClassVar[str] = "device"
    changes_state: ClassVar[bool] = True
    at: Endpoint
    kind: str
    peer: Endpoint | None = None

    def commands(self) -> tuple[Command, ...]:
        name = self.at.device
        if self.kind in ("tun", "tap"):
            return (("ip", "tuntap", "add", "dev", name, "mode", self.kind),)
        if self.peer is not None:
            far: Command = ("peer", "name", self.peer.device)
            if self.peer.node != self.at.node:
                far += ("netns", self.peer.node)
            return (("ip", "link", "add", name, "type", "veth", *far),)
        return (("ip", "link", "add", name, "type", self.kind),)


@dataclass(frozen=True, slots=True)
class DeleteDevice(_OnDevice):
    """Delete a device."""

    verb: ClassVar[str] = "device"
    changes_state: ClassVar[bool] = True
    at: Endpoint

    def commands(self) -> tuple[Command, ...]:
        return (("ip", "link", "del", "dev", self.at.device),)


@dataclass(frozen=True, slots=True)
class SetLink(_OnDevice):
    """Change a device: `state` up or down, `mtu` in bytes, `master` a bridge; what is None stays."""

    verb: ClassVar[str] = "link"
    changes_state: ClassVar[bool] = True
    at: Endpoint
    state: str | None = None
    mtu: int | None = None
    master: str | None = None

    def commands(self) -> tuple[Command, ...]:
        words: Command = ("ip", "link", "set", "dev", self.at.device)
        if self.mtu is not None:
            words += ("mtu", str(self.mtu))
        if self.master is not None:
            words += ("master", self.master)
        if self.state is not None:
            words += (self.state,)
        return (words,)


@dataclass(frozen=True, slots=True)
class AddAddress(_OnDevice):
    """Give a device an address, written with its prefix length: `192.0.2.1/24`."""

    verb: ClassVar[str] = "address"
    changes_state: ClassVar[bool] = True
    at: Endpoint
    address: str

    def commands(self) -> tuple[Command, ...]:
        return (("ip", "addr", "add", self.address, "dev", self.at.device),)


@dataclass(frozen=True, slots=True)
class AddRoute:
    """Add a route to `to` (a prefix, or `default`) by way of a gateway, a device, or both."""

    verb: ClassVar[str] = "route"
    changes_state: ClassVar[bool] = True
    node: str
    to: str
    via: str | None = None
    device: str | None = None

    def commands(self) -> tuple[Command, ...]:
        family: Command = ("-6",) if ":" in self.to + (self.via or "") else ()
        words: Command = ("ip", *family, "route", "add", self.to)
        if self.via is not None:
            words += ("via", self.via)
        if self.device is not None:
            words += ("dev", self.device)
        return (words,)


@dataclass(frozen=True, slots=True)
class SetSysctl:
    """Set a kernel setting under `net.` in a node (sysctl(8))."""

    verb: ClassVar[str] = "sysctl"
    changes_state: ClassVar[bool] = True
    node: str
    key: str
    value: str

    def commands(self) -> tuple[Command, ...]:
        return (("sysctl", "-w", f"{self.key}={self.value}"),)


@dataclass(frozen=True, slots=True)
class StartProgram(_OfProgram):
    """Start one of the lab's programs in its node, on a terminal of its own."""

    verb: ClassVar[str] = "start"
    changes_state: ClassVar[bool] = False
    program: Program

    def commands(self) -> tuple[Command, ...]:
        return (*self.program.preparation(), self.program.command())


@dataclass(frozen=True, slots=True)
class StopProgram(_OfProgram):
    """End one of the lab's programs, as Ctrl-C in its terminal would, and wait until it is gone."""

    verb: ClassVar[str] = "stop"
    changes_state: ClassVar[bool] = False
    program: Program

    def commands(self) -> tuple[Command, ...]:
        return (("pkill", "-INT", *self.program.process_pattern()),)


@dataclass(frozen=True, slots=True)
class SignalProgram(_OfProgram):
    """Send one of the lab's programs a signal, by its name without SIG, and wait until it has taken it."""

    verb: ClassVar[str] = "signal"
    changes_state: ClassVar[bool] = False
    program: Program
    signal: str

    def commands(self) -> tuple[Command, ...]:
        return (("pkill", f"-{self.signal}", *self.program.process_pattern()),)


@dataclass(frozen=True, slots=True)
class Ping:
    """Send `count` ICMP echo requests made by scapy, `interval` seconds apart, 56 bytes of data in each."""

    verb: ClassVar[str] = "ping"
    changes_state: ClassVar[bool] = False
    node: str
    to: str
    count: int = 4
    interval: float = 0.2

    def commands(self) -> tuple[Command, ...]:
        return (("ping", "-c", str(self.count), "-i", f"{self.interval:g}", self.to),)


@dataclass(frozen=True, slots=True)
class Trace:
    """Follow one packet of `size` bytes through all nodes: an echo request, a UDP datagram, or a SYN.

    `df`: nobody may break it into fragments.
    """

    verb: ClassVar[str] = "trace"
    changes_state: ClassVar[bool] = False
    node: str
    to: str
    protocol: str = "icmp"
    size: int = 84
    port: int | None = None
    df: bool = False

    def commands(self) -> tuple[Command, ...]:
        words: Command = ("tunlab", "trace", self.node, self.to)
        if self.protocol != "icmp":
            words += ("--protocol", self.protocol)
        if self.size != 84 and self.protocol != "tcp":
            words += ("--size", str(self.size))
        if self.port is not None:
            words += ("--port", str(self.port))
        if self.df:
            words += ("--df",)
        return (words,)


@dataclass(frozen=True, slots=True)
class Measure:
    """Measure round trip and throughput of TCP to the node `to`, by several ways: each has a name and an address there.

    In several turns, of `seconds` for each way: whole ones, as iperf3 has no others. Nobody looks at the packets
    meanwhile: that would cost more than what is measured.
    """

    verb: ClassVar[str] = "measure"
    changes_state: ClassVar[bool] = False
    node: str
    to: str
    ways: tuple[tuple[str, str], ...]
    seconds: int = 1

    def commands(self) -> tuple[Command, ...]:
        return tuple(
            words
            for _, address in self.ways
            for words in (
                ("ping", "-q", "-c", "200", "-i", "0", address),
                ("iperf3", "-c", address, "-t", str(self.seconds)),
            )
        )


@dataclass(frozen=True, slots=True)
class Execute:
    """Run a command in a node, in a locale of plain English, and wait for its end, with this exit status.

    `lasting`: later steps stand on it, so it is run again where they are begun at.
    """

    verb: ClassVar[str] = "exec"
    changes_state: ClassVar[bool] = False
    node: str
    command: Command
    status: int = 0
    lasting: bool = False

    def commands(self) -> tuple[Command, ...]:
        return (self.command,)


Verb = (
    AddDevice
    | DeleteDevice
    | SetLink
    | AddAddress
    | AddRoute
    | SetSysctl
    | StartProgram
    | StopProgram
    | SignalProgram
    | Ping
    | Trace
    | Measure
    | Execute
)
