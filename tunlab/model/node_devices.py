"""The devices that a topology makes in a node, beside the ends of its links: one record a kind.

`kind` is ip-link(8)'s word for it. `lower` is the device of the same node that it lies on, which must be there first.
"""

from dataclasses import dataclass

from tunlab.model.interface import PLAIN, Interface
from tunlab.model.program import Program

# Their packets begin with the IP header: no MAC address, and no place in a bridge (br_add_if() in the kernel).
WITHOUT_LINK_LAYER = frozenset(("tun", "ipip", "gre", "wireguard"))
# What br_add_if() refuses besides: a bridge in a bridge, and a device that takes its packets off another.
NO_PORTS = WITHOUT_LINK_LAYER | {"bridge", "macvlan"}


@dataclass(frozen=True, slots=True)
class TunTap:
    """A tun or tap device (`kind`), and the program at its far end.

    One that is `persistent` is made first and stays without a holder; else `program` makes it by opening it, and then
    `packet_information`, `multi_queue`, `vnet_header` and `owner` are the program's own affair. `owner` is the name or
    the number of the user who may open it without privileges.
    """

    name: str
    kind: str
    interface: Interface = PLAIN
    persistent: bool = True
    packet_information: bool = False
    multi_queue: bool = False
    vnet_header: bool = False
    owner: str | None = None
    program: Program | None = None

    @property
    def lower(self) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class BridgeDevice:
    """A switch; its ports are the devices that have it for a `master`."""

    name: str
    interface: Interface = PLAIN
    stp: bool = False
    vlan_filtering: bool = False

    @property
    def kind(self) -> str:
        return "bridge"

    @property
    def lower(self) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class VxlanDevice:
    """Ethernet in UDP (RFC 7348): `remote` is the far end's address, `group` a multicast one instead.

    With neither, the far ends stand in the forwarding table, put there by hand. `device` is what it sends through.
    """

    name: str
    id: int
    interface: Interface = PLAIN
    remote: str | None = None
    group: str | None = None
    local: str | None = None
    port: int = 4789  # of RFC 7348
    device: str | None = None

    @property
    def kind(self) -> str:
        return "vxlan"

    @property
    def lower(self) -> str | None:
        return self.device


@dataclass(frozen=True, slots=True)
class OnDevice:
    """A macvlan, ipvlan or vlan (`kind`) on another device, `link`.

    `mode` is that of a macvlan or ipvlan, `id` that of a vlan (IEEE 802.1Q).
    """

    name: str
    kind: str
    link: str
    interface: Interface = PLAIN
    mode: str | None = None
    id: int | None = None

    @property
    def lower(self) -> str | None:
        return self.link


@dataclass(frozen=True, slots=True)
class DummyDevice:
    """A device that drops what is sent through it; it holds addresses."""

    name: str
    interface: Interface = PLAIN

    @property
    def kind(self) -> str:
        return "dummy"

    @property
    def lower(self) -> str | None:
        return None


@dataclass(frozen=True, slots=True)
class IpTunnel:
    """IPv4 in IPv4 (`ipip`), or that and more in GRE (`gre`), to `remote`.

    Without a `ttl` the outer header takes over the inner one's. `key` tells several tunnels between two hosts apart.
    """

    name: str
    kind: str
    remote: str
    interface: Interface = PLAIN
    local: str | None = None
    ttl: int | None = None
    key: int | None = None
    device: str | None = None

    @property
    def lower(self) -> str | None:
        return self.device


@dataclass(frozen=True, slots=True)
class WireguardPeer:
    """Who may talk to a wireguard device, in the words of wg(8); `keepalive` is in seconds."""

    public_key: str
    allowed_ips: tuple[str, ...]
    endpoint: str | None = None
    keepalive: int | None = None


@dataclass(frozen=True, slots=True)
class WireguardDevice:
    """A wireguard device; without a `private_key` it sends nothing until it is given one."""

    name: str
    interface: Interface = PLAIN
    private_key: str | None = None
    port: int | None = None
    peers: tuple[WireguardPeer, ...] = ()

    @property
    def kind(self) -> str:
        return "wireguard"

    @property
    def lower(self) -> str | None:
        return None


Device = TunTap | BridgeDevice | VxlanDevice | OnDevice | DummyDevice | IpTunnel | WireguardDevice
