"""A packet sent in nodes of a test's own, where it was last seen, and what the kernel is asked about that."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from inside import Node, nodes

from tunlab.engine.trace.counts import Counts, counted
from tunlab.engine.trace.last_seen import LastSeen
from tunlab.engine.trace.why import why
from tunlab.kernel import sysctl
from tunlab.kernel.packet_socket import Captured, PacketSocket
from tunlab.model.packet import LinkType
from tunlab.model.trace import PROTOCOLS, THERE, Probe, Reason
from tunlab.packet.probe import packet_of
from tunlab.packet.sighting import Known

# scapy, once, here, and not again in every process that is forked
for one in ("192.0.2.1", "2001:db8::1"):
    for protocol in PROTOCOLS:
        packet_of(Probe(protocol, one, one, 1, 1, bytes(8), 100))

PATIENCE = 5  # seconds
TAG = b"\x8f\x02whytag"
Told = tuple[str, str, str, dict[str, str]]


@dataclass
class Lost:
    """`place` is the last one, `h1:eth0 out`, or empty; `reason` what `why` makes of it."""

    place: str
    reason: Reason

    def told(self) -> Told:
        """All that a test may compare, of types that can be pickled."""
        return self.place, self.reason.key, self.reason.expected, dict(self.reason.values)


class Network:
    """`h1` (10.0.1.2) - eth1 `r1` eth2 - `h2` (10.0.2.2), over IPv6 fd01::2 and fd02::2, with routes."""

    def __init__(self, h1: Node, r1: Node, h2: Node) -> None:
        self.h1, self.r1, self.h2 = h1, r1, h2
        self.nodes = {"h1": h1, "r1": r1, "h2": h2}
        self.fds = {name: node.namespace.fileno() for name, node in self.nodes.items()}

    def set(self, node: str, key: str, value: str) -> None:
        with self.nodes[node].namespace.entered():
            sysctl.write(key, value)

    def up(self) -> None:
        for name in self.nodes:
            self.set(name, "net.ipv6.conf.default.accept_dad", "0")  # or a second passes before a device speaks IPv6
        self.h1.netlink.add_veth("eth0", "eth1", self.r1.namespace)
        self.h2.netlink.add_veth("eth0", "eth2", self.r1.namespace)
        for node, device, number, host in (
            (self.h1, "eth0", 1, 2), (self.r1, "eth1", 1, 1), (self.r1, "eth2", 2, 1), (self.h2, "eth0", 2, 2),
        ):  # fmt: skip
            node.netlink.add_address(device, f"10.0.{number}.{host}/24")
            node.netlink.set_link(device, state="up")
            node.output("ip", "addr", "add", f"fd0{number}::{host}/64", "dev", device, "nodad")
        for node, gateway in ((self.h1, "10.0.1.1"), (self.h2, "10.0.2.1")):
            node.netlink.set_link("lo", state="up")
            node.netlink.add_route("default", gateway, None)
        self.h1.netlink.add_route("fd02::/16", "fd01::1", None)
        self.h2.netlink.add_route("fd01::/16", "fd02::1", None)
        self.r1.netlink.set_link("lo", state="up")
        for key in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
            self.set("r1", key, "1")

    def know_gateway(self) -> None:
        """h1 need not ask for r1's MAC: r1 would not answer an ARP request from an address that it does not accept."""
        link = self.r1.netlink.link("eth1")
        assert link is not None
        self.h1.output("ip", "neigh", "replace", "10.0.1.1", "lladdr", link.address, "dev", "eth0")

    def lose(
        self, place: str, source: str = "10.0.1.2", to: str = "10.0.2.2", *, origin: str = "h1", protocol: str = "icmp",
        size: int = 84, ttl: int = 64, df: bool = False, port: int = 7,
        then: Callable[[], object] = lambda: None,
    ) -> Lost:  # fmt: skip
        """Send a packet that gets as far as `place`, do what comes `then`, and ask why no further."""
        probe = Probe(protocol, source, to, 4242, port, TAG, size, ttl, df)
        packet = packet_of(probe)
        before = counted(self.fds)
        with ExitStack() as stack:
            sockets = {}
            for name, node in self.nodes.items():
                with node.namespace.entered():
                    sockets[name] = stack.enter_context(PacketSocket())
            refused = self._send(origin, to, packet)
            seen = self._seen(sockets, Known(probe), place)
        then()
        if seen is None:
            last = LastSeen(origin, data=packet, refused=refused)
        else:
            name, captured = seen
            last = LastSeen(name, captured.device, _direction(captured), captured.data, _link(captured))
        return Lost(f"{last.place} {last.direction}" if last.device else "", self.asked(last, before))

    def asked(self, last: LastSeen, before: Counts | None) -> Reason:
        return why(last, self.fds, before)

    def _send(self, origin: str, to: str, packet: bytes) -> int | None:
        family = socket.AF_INET6 if ":" in to else socket.AF_INET
        with self.nodes[origin].namespace.entered(), socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            try:
                raw.sendto(packet, (to, 0))
            except OSError as error:
                return error.errno
        return None

    def _seen(self, sockets: dict[str, PacketSocket], known: Known, place: str) -> tuple[str, Captured] | None:
        """The last place where our packet was seen, once it is the one that is waited for."""
        seen: list[tuple[str, Captured]] = []
        deadline = time.monotonic() + PATIENCE
        while True:
            for name, each in sockets.items():
                while captured := each.receive():
                    sighting = known.sight(captured.data, _link(captured))
                    if sighting is not None and sighting.way == THERE:
                        seen.append((name, captured))
            seen.sort(key=lambda one: one[1].time_ns)
            last = seen[-1] if seen else None
            found = f"{last[0]}:{last[1].device} {_direction(last[1])}" if last else ""
            if found == place:
                return last
            assert time.monotonic() < deadline, f"the packet was last seen at {found!r}"


def _direction(captured: Captured) -> str:
    return "out" if captured.outgoing else "in"


def _link(captured: Captured) -> LinkType:
    return LinkType.ETHERNET if captured.link_header else LinkType.RAW


@contextmanager
def network() -> Iterator[Network]:
    """All of it, standing and working."""
    with nodes("h1", "r1", "h2") as (h1, r1, h2):
        found = Network(h1, r1, h2)
        found.up()
        yield found
