"""All that can be told of one device: the record behind a page of `inspect`, and its event in `--json`.

None stands for what the kernel does not tell, or not us. Counters are events of their own.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class HeldBy:
    """A process that has a queue of a tun or tap device open.

    `pid` is the one that a program in the device's sandbox sees; `host_pid` the same process for the host, or None
    where there is no sandbox, or it is not known.
    """

    pid: int
    host_pid: int | None
    fd: int
    command: str


@dataclass(frozen=True, slots=True)
class TunEnd:
    """The far end of a tun or tap device (IFLA_TUN_ in linux/if_link.h).

    `disabled_queues` are open, and get no packets (IFF_DETACH_QUEUE). `owner_id` and `group_id` are who may attach
    without privileges. `holders_visible`: for every open queue there is a holder that we could see.
    """

    attached: bool
    queues: int | None
    disabled_queues: int | None
    packet_information: bool | None
    vnet_header: bool | None
    multi_queue: bool | None
    persistent: bool | None
    owner_id: int | None
    owner: str | None
    group_id: int | None
    group: str | None
    holders: tuple[HeldBy, ...]
    holders_visible: bool


@dataclass(frozen=True, slots=True)
class FarDevice:
    """Another device that this one stands on or leads to.

    `node` is None in a namespace that we cannot find, and empty for the host's own; `device` None where its name is not
    ours to see.
    """

    node: str | None
    device: str | None

    def __str__(self) -> str:
        """`h1:eth0`, and without the node where there is none."""
        return f"{self.node}:{self.device}" if self.node else str(self.device)


@dataclass(frozen=True, slots=True)
class FdbEntry:
    """Where frames to a MAC go: out of a bridge's `port`, or, of a VXLAN, to the host `remote`.

    `state` is learned, static or permanent; `age` the seconds since it was last confirmed, None of one that does not
    grow old.
    """

    mac: str
    port: str | None
    state: str
    age: float | None
    vlan: int | None = None
    remote: str | None = None


@dataclass(frozen=True, slots=True)
class BridgePort:
    """`state` as STP names it: disabled, listening, learning, forwarding or blocking."""

    device: str
    state: str


@dataclass(frozen=True, slots=True)
class Bridge:
    """`ageing`: seconds after which a learned entry is forgotten."""

    ports: tuple[BridgePort, ...]
    fdb: tuple[FdbEntry, ...]
    stp: bool
    vlan_filtering: bool
    ageing: float


@dataclass(frozen=True, slots=True)
class Vxlan:
    """`remote` is a host or a multicast group; `id` None where each packet brings its own (`external`)."""

    id: int | None
    local: str | None
    remote: str | None
    port: int
    lower: FarDevice | None
    learning: bool
    fdb: tuple[FdbEntry, ...]


@dataclass(frozen=True, slots=True)
class Macvlan:
    """A macvlan or macvtap: `mode` is private, vepa, bridge, passthru or source."""

    mode: str
    lower: FarDevice | None


@dataclass(frozen=True, slots=True)
class QdiscSeen:
    """A queueing discipline, as tc(8) names it; `parent` is `root`, or its class or parent qdisc, `8001:1`.

    Packets and bytes that it let through; `backlog` is what waits in it now.
    """

    kind: str
    handle: str
    parent: str
    packets: int = 0
    bytes: int = 0
    dropped: int = 0
    overlimits: int = 0
    backlog_packets: int = 0
    backlog_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Offload:
    """Work that the device can take over from the stack, by the name that ethtool(8) gives it."""

    name: str
    on: bool


@dataclass(frozen=True, slots=True)
class RouteSeen:
    """A route of the main table that leads through the device, in the words of ip-route(8); `family` is 4 or 6."""

    family: int
    to: str
    via: str | None
    source: str | None
    metric: int | None
    protocol: str
    scope: str | None
    kind: str

    def __str__(self) -> str:
        """What a person would type after `ip route add`, without the device."""
        parts = ["" if self.kind == "unicast" else self.kind, self.to]
        for word, value in (("via", self.via), ("src", self.source), ("metric", self.metric)):
            parts += [] if value is None else [word, str(value)]
        return " ".join(filter(None, parts))


@dataclass(frozen=True, slots=True)
class DeviceDetails:
    """A device with all that belongs to it. `node` is empty for the host's own namespace.

    `link_address` is its MAC, or empty. `master` is the bridge or bond that it is a port of. `peer` is the other end of
    a veth pair. `tun`, `bridge`, `vxlan` and `macvlan` are there for devices of these kinds.
    """

    event: ClassVar[str] = "device_details"
    node: str
    device: str
    index: int
    kind: str
    flags: tuple[str, ...]
    state: str
    mtu: int
    txqlen: int
    link_address: str
    addresses: tuple[str, ...]
    master: str | None = None
    qdiscs: tuple[QdiscSeen, ...] = ()
    offloads: tuple[Offload, ...] = ()
    routes: tuple[RouteSeen, ...] = ()
    tun: TunEnd | None = None
    peer: FarDevice | None = None
    bridge: Bridge | None = None
    vxlan: Vxlan | None = None
    macvlan: Macvlan | None = None

    @property
    def place(self) -> str:
        """`h1:tun0`, or `tun0` on the host."""
        return f"{self.node}:{self.device}" if self.node else self.device
