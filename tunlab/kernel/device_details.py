"""What belongs to one device beside itself: its qdiscs, routes, ports and fdb. It only asks, and changes nothing."""

import socket
from collections.abc import Iterator
from typing import Any

import pyroute2  # noqa: F401  not later: a process that has joined a sandbox must not import its files

from tunlab.kernel import link_info
from tunlab.kernel.netlink import Netlink
from tunlab.kernel.netlink_errors import asking
from tunlab.model.device import BridgePort, FdbEntry, QdiscSeen, RouteSeen

_MAIN = 254  # RT_TABLE_MAIN in linux/rtnetlink.h, as the names below
_KINDS = {1: "unicast", 2: "local", 3: "broadcast", 4: "anycast", 5: "multicast", 6: "blackhole"}
_SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}
_PROTOCOLS = {1: "redirect", 2: "kernel", 3: "boot", 4: "static", 9: "ra", 16: "dhcp", 186: "bgp", 188: "ospf"}
_ROOT = 0xFFFFFFFF  # TC_H_ROOT in linux/pkt_sched.h
_INGRESS = 0xFFFFFFF1  # TC_H_INGRESS


class DeviceNetlink(Netlink):
    """The netlink of a page about one device."""

    def qdiscs(self, index: int) -> tuple[QdiscSeen, ...]:
        """`tc -s qdisc show`: the root first."""
        with asking("tc qdisc show"):
            return tuple(_qdisc(message) for message in self._route.get_qdiscs(index))

    def routes(self, index: int) -> tuple[RouteSeen, ...]:
        """`ip route` and `ip -6 route`: those of the main table that lead through the device."""
        with asking("ip route show"):
            found = [
                (family, message)
                for number, family in ((socket.AF_INET, 4), (socket.AF_INET6, 6))
                for message in self._route.get_routes(family=number)
            ]
        return tuple(
            _route(family, message, via)
            for family, message in found
            if (message.get("table") or message["table"]) == _MAIN
            for via in _ways(message, index)
        )

    def ports(self, index: int) -> tuple[BridgePort, ...]:
        """The ports of a bridge."""
        with asking("bridge link show"):
            return tuple(link_info.bridge_port(message) for message in self._route.get_links(master=index))

    def fdb(self, index: int) -> tuple[FdbEntry, ...]:
        """`bridge fdb show`: the entries of a bridge, or of a VXLAN; what was learned comes first."""
        names: dict[int, str | None] = {}

        def name_of(port: int) -> str | None:
            if port not in names:
                names[port] = self.name_of(port)
            return names[port]

        with asking("bridge fdb show"):
            found = [message for message in self._route.fdb("dump") if _concerns(message, index)]
        entries = (link_info.fdb_entry(message, name_of) for message in found)
        return tuple(sorted(entries, key=lambda entry: (entry.state != "learned", entry.port or "", entry.mac)))


def _concerns(message: Any, index: int) -> bool:
    if message.get("master") == index:
        return True
    return bool(message["ifindex"] == index and message.get("dst"))


def _qdisc(message: Any) -> QdiscSeen:
    statistics = message.get_attr("TCA_STATS2")
    basic = statistics.get_attr("TCA_STATS_BASIC") if statistics else {}
    queue = statistics.get_attr("TCA_STATS_QUEUE") if statistics else {}
    return QdiscSeen(
        kind=str(message.get_attr("TCA_KIND")),
        handle=_handle(int(message["handle"])),
        parent=_parent(int(message["parent"])),
        packets=int(basic.get("packets", 0)),
        bytes=int(basic.get("bytes", 0)),
        dropped=int(queue.get("drops", 0)),
        overlimits=int(queue.get("overlimits", 0)),
        backlog_packets=int(queue.get("qlen", 0)),
        backlog_bytes=int(queue.get("backlog", 0)),
    )


def _handle(number: int) -> str:
    return f"{number >> 16:x}:"


def _parent(number: int) -> str:
    if number in (_ROOT, _INGRESS):
        return "root" if number == _ROOT else "ingress"
    return f"{number >> 16:x}:{number & 0xFFFF:x}" if number >> 16 else f":{number:x}"


def _ways(message: Any, index: int) -> Iterator[str | None]:
    """The gateways of the route that are reached through the device; None where it has none."""
    for hop in message.get("multipath") or ():
        if hop["oif"] == index:
            yield _gateway(hop)
    if message.get("oif") == index:
        yield _gateway(message)


def _gateway(hop: Any) -> str | None:
    other = hop.get("via")  # of the other family
    found = hop.get("gateway") or (other and other["addr"])
    return str(found) if found else None


def _route(family: int, message: Any, via: str | None) -> RouteSeen:
    length, number = int(message["dst_len"]), int(message["proto"])
    to = message.get("dst")
    host = 32 if family == 4 else 128
    return RouteSeen(
        family=family,
        to="default" if to is None else str(to) if length == host else f"{to}/{length}",
        via=via,
        source=message.get("prefsrc"),
        metric=message.get("priority"),
        protocol=_PROTOCOLS.get(number, str(number)),
        scope=_SCOPES.get(int(message["scope"]), str(message["scope"])) if family == 4 else None,
        kind=_KINDS.get(int(message["type"]), "unreachable"),
    )
