"""What every RTM_GETLINK message says of a device, in our words (rtnetlink(7))."""

import os
from dataclasses import dataclass
from typing import Any

from tunlab.model.events import Counters

# linux/if.h, in the order in which ip-link(8) prints them
FLAG_NAMES = {
    0x10: "POINTOPOINT",
    0x8: "LOOPBACK",
    0x2: "BROADCAST",
    0x1000: "MULTICAST",
    0x80: "NOARP",
    0x100: "PROMISC",
    0x200: "ALLMULTI",
    0x400: "MASTER",
    0x800: "SLAVE",
    0x1: "UP",
    0x10000: "LOWER_UP",
    0x20000: "DORMANT",
}
_UP, _RUNNING = 0x1, 0x40
_LINK_LAYERS = {1: "ether", 772: "loopback", 0xFFFE: "none"}  # ARPHRD_ of linux/if_arp.h


@dataclass(frozen=True, slots=True)
class LinkState:
    """A device as RTM_GETLINK describes it; counters in packets and bytes.

    `link_layer` is as ip-link(8) has it behind `link/`, `master` the index of a bridge that it is a port of;
    `address` is its MAC, or empty. Of a veth, `peer` is the index of its other end, and `peer_namespace` the number
    by which this node knows the namespace that this is in; None: its own.
    """

    index: int
    name: str
    kind: str
    flags: tuple[str, ...]
    state: str
    mtu: int
    qdisc: str
    txqlen: int
    rx_packets: int
    rx_bytes: int
    rx_dropped: int
    tx_packets: int
    tx_bytes: int
    tx_dropped: int
    link_layer: str = ""
    address: str = ""
    master: int | None = None
    peer: int | None = None
    peer_namespace: int | None = None

    def counters(self, node: str) -> Counters:
        """What it has counted, as a device of that node."""
        return Counters(
            node, self.name,
            self.rx_packets, self.rx_bytes, self.rx_dropped, self.tx_packets, self.tx_bytes, self.tx_dropped,
        )  # fmt: skip


def link_state(message: Any) -> LinkState:
    """A message of pyroute2 as our record."""
    flags = int(message["flags"])
    names = [name for bit, name in FLAG_NAMES.items() if flags & bit]
    if flags & _UP and not flags & _RUNNING:
        names.insert(0, "NO-CARRIER")  # ip-link(8) says it so
    statistics = message.get("stats64") or {}
    kind = kind_of(message)
    peer = message.get("link") if kind == "veth" else None
    namespace = message.get("link_netnsid")
    return LinkState(
        index=int(message["index"]),
        name=os.fsdecode(message.get("ifname")),  # pyroute2 leaves bytes that are no UTF-8
        kind=kind,
        flags=tuple(names),
        state=str(message.get("operstate", "UNKNOWN")),
        mtu=int(message.get("mtu")),
        qdisc=str(message.get("qdisc")),
        txqlen=int(message.get("txqlen") or 0),
        link_layer=_LINK_LAYERS.get(int(message["ifi_type"]), ""),
        address=str(message.get("address") or ""),
        master=int(message.get("master") or 0) or None,
        peer=int(peer) if peer else None,
        peer_namespace=None if namespace is None else int(namespace),
        **{
            f"{way}_{what}": int(statistics.get(f"{way}_{what}", 0))
            for way in ("rx", "tx")
            for what in ("packets", "bytes", "dropped")
        },
    )


def kind_of(message: Any) -> str:
    """`tun` and `tap` apart; `loopback`; `device` where no driver names itself, as for most hardware."""
    info = message.get("linkinfo")
    kind = str(info.get("kind")) if info else ""
    if kind == "tun":
        data = info.get("data")
        return "tap" if data is not None and data.get("tun_type") == 2 else "tun"
    return kind or ("loopback" if int(message["flags"]) & 0x8 else "device")
