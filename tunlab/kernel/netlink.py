"""rtnetlink of one node, over pyroute2's IPRoute opened inside its namespace (rtnetlink(7))."""

import errno
import socket
from contextlib import nullcontext
from typing import Any, Self

from tunlab.kernel.link_state import LinkState, link_state
from tunlab.kernel.namespaces import NetworkNamespace
from tunlab.kernel.netlink_errors import asking

_NO_NUMBER = 0xFFFFFFFF  # NETNSA_NSID_NOT_ASSIGNED, without its sign
_NOT_TO_BE_SEEN = (errno.ENODEV, errno.EPERM, errno.EACCES, errno.EINVAL)  # in another namespace
_REMEDIES = {errno.EEXIST: "remedy_exists", errno.ENODEV: "remedy_no_device", errno.EPERM: "remedy_not_permitted"}


class Netlink:
    """The devices, addresses and routes of a node. A context manager.

    Every change raises KernelError with the command that a person would have typed. Without a node, the namespace is
    that in which this process is.
    """

    def __init__(self, namespace: NetworkNamespace | None = None) -> None:
        self._namespace = namespace

    def __enter__(self) -> Self:
        from pyroute2 import IPRoute

        with asking("socket AF_NETLINK"), self._namespace.entered() if self._namespace else nullcontext():
            self._route: Any = IPRoute()
        return self

    def __exit__(self, *_: object) -> None:
        self._route.close()

    def add_device(self, name: str, kind: str) -> None:
        """`ip link add NAME type KIND`."""
        with asking(f"ip link add {name} type {kind}", _REMEDIES | {errno.EOPNOTSUPP: "remedy_no_kind"}, kind=kind):
            self._route.link("add", ifname=name, kind=kind)

    def add_veth(self, name: str, peer: str, peer_namespace: NetworkNamespace) -> None:
        """`ip link add NAME type veth peer name PEER netns NODE`."""
        with asking(f"ip link add {name} type veth peer name {peer}", _REMEDIES):
            self._route.link(
                "add", ifname=name, kind="veth", peer={"ifname": peer, "net_ns_fd": peer_namespace.fileno()}
            )

    def delete_device(self, name: str) -> None:
        """`ip link del dev NAME`."""
        with asking(f"ip link del dev {name}", _REMEDIES):
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
        with asking(attempt, _REMEDIES):
            if master is not None:
                wanted["master"] = self._index(master)
            self._route.link("set", index=self._index(name), **wanted)

    def add_address(self, name: str, address: str) -> None:
        """`ip addr add ADDRESS/LENGTH dev NAME`."""
        plain, _, length = address.partition("/")
        with asking(f"ip addr add {address} dev {name}", _REMEDIES):
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
        with asking(attempt, _REMEDIES | unreachable):
            if device is not None:
                wanted["oif"] = self._index(device)
            self._route.route("add", dst=to, **wanted)

    def source_for(self, destination: str) -> str:
        """The address from which the kernel would send to `destination` (`ip route get`)."""
        with asking(f"ip route get {destination}", {errno.ENETUNREACH: "remedy_no_route"}):
            (answer,) = self._route.route("get", dst=destination)
            source = answer.get("prefsrc")
            if source is None:  # IPv6: the only address is still tentative
                raise OSError(errno.EADDRNOTAVAIL, "no source address")
            return str(source)

    def links(self) -> list[LinkState]:
        """All devices of the node."""
        with asking("ip link show"):
            return [link_state(message) for message in self._route.get_links()]

    def link(self, name: str) -> LinkState | None:
        """One device by name, or None where there is none."""
        message = self.message(name)
        return None if message is None else link_state(message)

    def message(self, name: str) -> Any | None:
        """All that the kernel says of a device (RTM_NEWLINK), or None where there is none."""
        return self._found(f"ip link show dev {name}", (errno.ENODEV, errno.ERANGE), ifname=name)  # or a longer name

    def name_of(self, index: int, namespace: int | None = None) -> str | None:
        """The name of the device with that index, or None where there is none, or where we may not know.

        `namespace`: the number by which this node knows the one that the device is in; None: its own.
        """
        if namespace is None:
            message = self._found("ip link show", (errno.ENODEV,), index=index)
        else:
            message = self._found("ip link show", _NOT_TO_BE_SEEN, index=index, IFLA_IF_NETNSID=namespace)
        return None if message is None else str(message.get("ifname"))

    def number_of(self, namespace: int) -> int | None:
        """The number by which this node knows the namespace of that descriptor (`ip netns list-id`), or None."""
        with asking("ip netns list-id"):
            number = self._route.get_netnsid(fd=namespace)["nsid"]
            return None if number in (-1, _NO_NUMBER) else int(number)

    def addresses(self, index: int) -> tuple[str, ...]:
        """The addresses of a device, each with its prefix length, IPv4 first."""
        with asking("ip addr show"):
            found = self._route.get_addr(index=index)
        return tuple(
            f"{message.get('local') or message.get('address')}/{message['prefixlen']}"
            for message in sorted(found, key=lambda message: int(message["family"]))
        )

    def _found(self, attempt: str, absent: tuple[int, ...], **which: object) -> Any | None:
        from pyroute2.netlink.exceptions import NetlinkError

        with asking(attempt):
            try:
                return self._route.link("get", **which)[0]
            except NetlinkError as error:
                if error.code not in absent:
                    raise
                return None

    def _index(self, name: str) -> int:
        found = self._route.link_lookup(ifname=name)
        if not found:
            raise OSError(errno.ENODEV, "no such device", name)
        return int(found[0])
