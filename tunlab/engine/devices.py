"""A device's state and counters become events whenever they change."""

from collections.abc import Callable, Mapping

from tunlab.engine.far_device import far_device
from tunlab.engine.node import RunningNode
from tunlab.errors import KernelError
from tunlab.kernel.link_state import LinkState
from tunlab.kernel.procfs import tun_holders
from tunlab.model.events import Counters, DeviceSeen, Holder
from tunlab.model.topology import Endpoint
from tunlab.session.log import EventLog


class DeviceWatch:
    """Looks at devices and logs what changed since the last look. `program_of` names a process of the lab."""

    def __init__(
        self, nodes: Mapping[str, RunningNode], log: EventLog, program_of: Callable[[int], str | None]
    ) -> None:
        self._nodes = nodes
        self._log = log
        self._program_of = program_of
        self._seen: dict[Endpoint, DeviceSeen] = {}
        self._counted: dict[Endpoint, Counters] = {}
        self._before: dict[Endpoint, LinkState] = {}
        self._known: set[Endpoint] = set()

    def begin_step(self) -> None:
        """What the counters say now is what they are compared with in this step."""
        self._before = {
            Endpoint(name, link.name): link for name, node in self._nodes.items() for link in node.netlink.links()
        }
        self._known.update(self._before)
        for at, link in self._before.items():
            if at in self._seen:  # it may not have been looked at in the step before
                self._count(at, link)

    def growth(self, at: Endpoint, counter: str) -> int | None:
        """How much a counter of a device has grown since the step began, or the device; None where it is not there."""
        self.look(at)
        link = self._nodes[at.node].netlink.link(at.device)
        if link is None:
            return None
        before = self._before.get(at)
        known = before is not None and before.index == link.index
        return int(getattr(link, counter)) - (int(getattr(before, counter)) if known else 0)

    def peer_of(self, at: Endpoint) -> Endpoint | None:
        """The other end of a veth pair, looked at now; None of any other device."""
        seen = self._seen.get(at)
        if seen is None or seen.peer is None:
            return None
        node, _, device = seen.peer.partition(":")
        peer = Endpoint(node, device)
        self.look(peer)
        return peer

    def remember(self, at: Endpoint) -> None:
        """The device has been there, before this stage was made anew."""
        self._known.add(at)

    def was_there(self, at: Endpoint) -> bool:
        """Whether the device has been there at any time of the run that we know of."""
        return at in self._known

    def look(self, at: Endpoint) -> None:
        """Look at a device now: the kernel's description, counters, and who holds its far end."""
        try:
            link = self._nodes[at.node].netlink.link(at.device)
            seen = self._describe(at, link) if link else None
        except KernelError as error:
            if error.errno_name != "ENODEV":
                raise
            link = seen = None  # it vanished while we looked
        if link is None or seen is None:
            if at in self._seen:
                del self._seen[at]
                self._counted.pop(at, None)
                self._log.add(_gone(at))
            return
        self._known.add(at)
        if self._seen.get(at) != seen:
            self._seen[at] = seen
            self._log.add(seen)
        self._count(at, link)

    def _count(self, at: Endpoint, link: LinkState) -> None:
        counted = link.counters(at.node)
        if self._counted.get(at) != counted:
            self._counted[at] = counted
            self._log.add(counted)

    def _describe(self, at: Endpoint, link: LinkState) -> DeviceSeen:
        return DeviceSeen(
            node=at.node,
            device=at.device,
            kind=link.kind,
            flags=link.flags,
            state=link.state,
            mtu=link.mtu,
            qdisc=link.qdisc,
            txqlen=link.txqlen,
            addresses=self._nodes[at.node].netlink.addresses(link.index),
            holders=self._holders(at) if link.kind in ("tun", "tap") else (),
            index=link.index,
            link_address=link.address,
            link_layer=link.link_layer,
            master=self._nodes[at.node].netlink.name_of(link.master) if link.master else None,
            peer=self._peer(at, link),
        )

    def _peer(self, at: Endpoint, link: LinkState) -> str | None:
        """The other end of a veth pair, in a node of the lab."""
        if link.peer is None:
            return None
        nodes = ((name, node.namespace.fileno()) for name, node in self._nodes.items())
        far = far_device(self._nodes[at.node].netlink, at.node, link.peer, link.peer_namespace, nodes)
        return str(Endpoint(far.node, far.device)) if far.node and far.device else None

    def _holders(self, at: Endpoint) -> tuple[Holder, ...]:
        namespace = self._nodes[at.node].namespace.inode()
        return tuple(
            Holder(found.pid, found.fd, found.command, self._program_of(found.pid))
            for found in tun_holders(at.device, namespace)
        )


def _gone(at: Endpoint) -> DeviceSeen:
    return DeviceSeen(at.node, at.device, "", (), "", 0, "", 0, (), (), gone=True)
