"""A device's state and counters become events whenever they change."""

from collections.abc import Callable, Mapping

from tunlab.engine.node import RunningNode
from tunlab.errors import KernelError
from tunlab.kernel.netlink import LinkState
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
        if self._seen.get(at) != seen:
            self._seen[at] = seen
            self._log.add(seen)
        counted = Counters(
            at.node, at.device,
            link.rx_packets, link.rx_bytes, link.rx_dropped, link.tx_packets, link.tx_bytes, link.tx_dropped,
        )  # fmt: skip
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
        )

    def _holders(self, at: Endpoint) -> tuple[Holder, ...]:
        namespace = self._nodes[at.node].namespace.inode()
        return tuple(
            Holder(found.pid, found.fd, found.command, self._program_of(found.pid))
            for found in tun_holders(at.device, namespace)
        )


def _gone(at: Endpoint) -> DeviceSeen:
    return DeviceSeen(at.node, at.device, "", (), "", 0, "", 0, (), (), gone=True)
