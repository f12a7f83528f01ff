"""What the other nodes have: whose an address is, in which network it lies, and which router leads there."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface

from tunlab.engine.trace.asking import Asking
from tunlab.errors import KernelError
from tunlab.kernel import namespaces
from tunlab.kernel.node_settings import setting
from tunlab.kernel.quick_links import Links
from tunlab.kernel.route_lookup import RouteNetlink

_EVERYWHERE = {4: "default", 6: "::/0"}


@dataclass(frozen=True, slots=True)
class Owned:
    """A device of some node, with all that it `has`, and the `addresses` among them that routers know of.

    `forwards`: its node is a router.
    """

    node: str
    device: str
    has: tuple[IPv4Interface | IPv6Interface, ...]
    addresses: tuple[IPv4Interface | IPv6Interface, ...]
    up: bool
    forwards: bool


class Neighbourhood:
    """All devices of all nodes that we know. It asks each of them once, so only after a packet was lost."""

    def __init__(self, ask: Asking, version: int) -> None:
        self._ask = ask
        self._version = version
        self._devices = list(self._all())

    def down(self, address: str) -> Owned | None:
        """The device that has it, if that is down: then nobody answers for it, or takes its frames."""
        wanted = ip_address(address)
        return next((each for each in self._devices if not each.up and any(its.ip == wanted for its in each.has)), None)

    def owned(self, address: str) -> bool:
        """Whether some node has it."""
        wanted = ip_address(address)
        return any(its.ip == wanted for each in self._devices for its in each.addresses)

    def speaks(self) -> bool:
        """Whether the node itself has an address that could be a packet's source."""
        return any(each.addresses for each in self._devices if each.node == self._ask.node)

    def network(self, address: str) -> str:
        """What to write as the destination of a route there: on a host, or of a strange address, everything."""
        wanted = ip_address(address)
        found = {its.network for each in self._devices for its in each.addresses if wanted in its.network}
        if not self._forwards() or not found:
            return _EVERYWHERE[self._version]
        network = max(found, key=lambda each: each.prefixlen)
        return str(network) if network.num_addresses > 1 else address

    def gateway(self, address: str, through: str = "") -> str:
        """The address of the one router, on a network of this node's, that leads to `address`; empty where in doubt.

        `through`: only routers behind that device. A host takes the only router that there is, wherever it leads.
        """
        own = [
            its.network for each in self._devices if each.node == self._ask.node and each.up
            and through in ("", each.device) for its in each.addresses
        ]  # fmt: skip
        near = [
            (each, str(its.ip)) for each in self._devices if each.node != self._ask.node and each.forwards
            for its in each.addresses if its.network in own
        ]  # fmt: skip
        leading = [address_there for each, address_there in near if self._leads(each, address)]
        if not leading and not self._forwards():
            leading = [address_there for _, address_there in near]
        return leading[0] if len(leading) == 1 else ""

    def _forwards(self) -> bool:
        return any(each.forwards for each in self._devices if each.node == self._ask.node)

    def _leads(self, router: Owned, address: str) -> bool:
        """Whether that router would send a packet on, and not back to where it came from."""
        with suppress(KernelError), namespaces.inside(self._ask.nodes[router.node]), RouteNetlink() as netlink:
            route = netlink.route_to(address)
            return not route.refused and route.device != router.device
        return False

    def _all(self) -> Iterator[Owned]:
        for node, descriptor in self._ask.nodes.items():
            with suppress(KernelError, OSError), namespaces.inside(descriptor), Links() as links:
                forwards = bool(
                    setting("ipv4", "ip_forward")
                    if self._version == 4
                    else setting("ipv6", "conf", "all", "forwarding")
                )
                for device in links.all():
                    has = tuple(map(ip_interface, device.addresses))
                    addresses = tuple(filter(self._counts, has))
                    yield Owned(node, device.name, has, addresses, device.state != "DOWN", forwards)

    def _counts(self, its: IPv4Interface | IPv6Interface) -> bool:
        return its.version == self._version and not its.ip.is_loopback and not its.ip.is_link_local
