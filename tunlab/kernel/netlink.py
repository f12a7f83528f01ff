"""rtnetlink of one node, over pyroute2's IPRoute opened inside its namespace (rtnetlink(7))."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tunlab.kernel.errno_names import attempting
from tunlab.kernel.namespaces import NetworkNamespace

# linux/if.h, in the order in which ip-link(8) prints them
_FLAG_NAMES = {
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
_NO_NUMBER = 0xFFFFFFFF  # NETNSA_NSID_NOT_ASSIGNED, without its sign
_REMEDIES = {errno.EEXIST: "remedy_exists", errno.ENODEV: "remedy_no_device", errno.EPERM: "remedy_not_permitted"}


@dataclass(frozen=True, slots=True)
class LinkState:
    """A device as RTM_GETLINK describes it; counters in packets and bytes.

    `address` is its MAC, or empty. Of a veth, `peer` is the index of its other end, and `peer_namespace` the number by
    which this node knows the namespace that this is in; None: its own.
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
    address: str = ""
    peer: int | None = None
    peer_namespace: int | None = None


class Netlink:
    """The devices, addresses and routes of a node. A context manager.

    Every change raises KernelError with the command that a person would have typed.
    """

    def __init__(self, namespace: NetworkNamespace) -> None:
        self._namespace = namespace

    def __enter__(self) -> "Netlink":
        from pyroute2 import IPRoute

        with _asking("socket AF_NETLINK"), self._namespace.entered():
            self._route: Any = IPRoute()
        return self

    def __exit__(self, *_: object) -> None:
        self._route.close()

    def add_device(self, name: str, kind: str) -> None:
        """`ip link add NAME type KIND`."""
        with _asking(f"ip link add {name} type {kind}", _REMEDIES | {errno.EOPNOTSUPP: "remedy_no_kind"}, kind=kind):
            self._route.link("add", ifname=name, kind=kind)

    def add_veth(self, name: str, peer: str, peer_namespace: NetworkNamespace) -> None:
        """`ip link add NAME type veth peer name PEER netns NODE`."""
        with _asking(f"ip link add {name} type veth peer name {peer}", _REMEDIES):
            self._route.link(
                "add", ifname=name, kind="veth", peer={"ifname": peer, "net_ns_fd": peer_namespace.fileno()}
            )

    def delete_device(self, name: str) -> None:
        """`ip link del dev NAME`."""
        with _asking(f"ip link del dev {name}", _REMEDIES):
            self._route.link("del", index=self._index(name))

    def set_link(self, name: str, state: str | None = None, mtu: int | None = None, master: str | None = None) -> None:
        """`ip link set dev NAME [mtu MTU] [master BRIDGE] [up|down]`, in one request."""
        wanted: dict[str, object] = {}
        attempt = f"ip link set dev {name}"
        if mtu is not None:
            wanted["mtu"] = mtu
            attempt += f" mtu {mtu}"
        if master is not None:
            attempt += f" master {master}"
        if state is not None:
            wanted["state"] = state
            attempt += f" {state}"
        with _asking(attempt, _REMEDIES):
            if master is not None:
                wanted["master"] = self._index(master)
            self._route.link("set", index=self._index(name), **wanted)

    def add_address(self, name: str, address: str) -> None:
        """`ip addr add ADDRESS/LENGTH dev NAME`."""
        plain, _, length = address.partition("/")
        with _asking(f"ip addr add {address} dev {name}", _REMEDIES):
            self._route.addr("add", index=self._index(name), address=plain, prefixlen=int(length))

    def add_route(self, to: str, via: str | None, device: str | None) -> None:
        """`ip route add TO [via GATEWAY] [dev NAME]`."""
        # As ip-route(8) fills it in: without a gateway an IPv4 route is for the link.
        wanted: dict[str, object] = {"family": socket.AF_INET, "proto": "boot"}
        attempt = f"ip route add {to}"
        if ":" in to + (via or ""):
            wanted["family"] = socket.AF_INET6
            attempt = f"ip -6 route add {to}"
        elif via is None:
            wanted["scope"] = "link"
        if via is not None:
            wanted["gateway"] = via
            attempt += f" via {via}"
        if device is not None:
            attempt += f" dev {device}"
        unreachable = dict.fromkeys((errno.ENETUNREACH, errno.EHOSTUNREACH), "remedy_no_gateway")
        with _asking(attempt, _REMEDIES | unreachable):
            if device is not None:
                wanted["oif"] = self._index(device)
            self._route.route("add", dst=to, **wanted)

    def source_for(self, destination: str) -> str:
        """The address from which the kernel would send to `destination` (`ip route get`)."""
        with _asking(f"ip route get {destination}", {errno.ENETUNREACH: "remedy_no_route"}):
            (answer,) = self._route.route("get", dst=destination)
            source = answer.get("prefsrc")
            if source is None:  # IPv6: the only address is still tentative
                raise OSError(errno.EADDRNOTAVAIL, "no source address")
            return str(source)

    def links(self) -> list[LinkState]:
        """All devices of the node."""
        with _asking("ip link show"):
            return [_link_state(message) for message in self._route.get_links()]

    def link(self, name: str) -> LinkState | None:
        """One device by name, or None where there is none."""
        from pyroute2.netlink.exceptions import NetlinkError

        with _asking(f"ip link show dev {name}"):
            try:
                return _link_state(self._route.link("get", ifname=name)[0])
            except NetlinkError as error:
                if error.code != errno.ENODEV:
                    raise
                return None

    def name_of(self, index: int) -> str | None:
        """The name of the device with that index, or None where there is none."""
        from pyroute2.netlink.exceptions import NetlinkError

        with _asking("ip link show"):
            try:
                return str(self._route.link("get", index=index)[0].get("ifname"))
            except NetlinkError as error:
                if error.code != errno.ENODEV:
                    raise
                return None

    def number_of(self, namespace: NetworkNamespace) -> int | None:
        """The number by which this node knows another namespace (`ip netns list-id`), or None."""
        with _asking("ip netns list-id"):
            number = self._route.get_netnsid(fd=namespace.fileno())["nsid"]
            return None if number in (-1, _NO_NUMBER) else int(number)

    def addresses(self, index: int) -> tuple[str, ...]:
        """The addresses of a device, each with its prefix length, IPv4 first."""
        with _asking("ip addr show"):
            found = self._route.get_addr(index=index)
        return tuple(
            f"{message.get('local') or message.get('address')}/{message['prefixlen']}"
            for message in sorted(found, key=lambda message: int(message["family"]))
        )

    def _index(self, name: str) -> int:
        found = self._route.link_lookup(ifname=name)
        if not found:
            raise OSError(errno.ENODEV, "no such device", name)
        return int(found[0])


@contextmanager
def _asking(attempt: str, remedies: dict[int, str] | None = None, **values: object) -> Iterator[None]:
    # pyroute2's NetlinkError carries the kernel's errno but is no OSError.
    from pyroute2.netlink.exceptions import NetlinkError

    with attempting(attempt, remedies, **values):
        try:
            yield
        except NetlinkError as error:
            raise OSError(error.code, os.strerror(error.code)) from error


def _link_state(message: Any) -> LinkState:
    flags = int(message["flags"])
    names = [name for bit, name in _FLAG_NAMES.items() if flags & bit]
    if flags & _UP and not flags & _RUNNING:
        names.insert(0, "NO-CARRIER")  # ip-link(8) says it so
    statistics = message.get("stats64") or {}
    kind = _kind(message)
    peer = message.get("link") if kind == "veth" else None
    namespace = message.get("link_netnsid")
    return LinkState(
        index=int(message["index"]),
        name=str(message.get("ifname")),
        kind=kind,
        flags=tuple(names),
        state=str(message.get("operstate", "UNKNOWN")),
        mtu=int(message.get("mtu")),
        qdisc=str(message.get("qdisc")),
        txqlen=int(message.get("txqlen") or 0),
        address=str(message.get("address") or ""),
        peer=int(peer) if peer else None,
        peer_namespace=None if namespace is None else int(namespace),
        **{
            f"{way}_{what}": int(statistics.get(f"{way}_{what}", 0))
            for way in ("rx", "tx")
            for what in ("packets", "bytes", "dropped")
        },
    )


def _kind(message: Any) -> str:
    info = message.get("linkinfo")
    kind = str(info.get("kind")) if info else ""
    if kind == "tun":
        data = info.get("data")
        return "tap" if data is not None and data.get("tun_type") == 2 else "tun"
    return kind or ("loopback" if int(message["flags"]) & 0x8 else "device")
