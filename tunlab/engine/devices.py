"""A device's state and counters become events whenever they change."""

from typing import TYPE_CHECKING

from tunlab.kernel.netlink import LinkState
from tunlab.kernel.procfs import tun_holders
from tunlab.model.events import Counters, DeviceSeen, Holder
from tunlab.model.program import Program
from tunlab.model.topology import Endpoint

if TYPE_CHECKING:
    from tunlab.engine.stage import Stage


class DeviceWatch:
    """Looks at devices and logs what changed since the last look."""

    def __init__(self, stage: "Stage") -> None:
        self._stage = stage
        self._seen: dict[Endpoint, DeviceSeen] = {}
        self._counted: dict[Endpoint, Counters] = {}

    def look(self, at: Endpoint) -> None:
        """Look at a device now: kernel's description, counters, and who holds its far end."""
        node = self._stage.nodes[at.node]
        link = node.netlink.link(at.device)
        if link is None:
            if at in self._seen:
                del self._seen[at]
                self._counted.pop(at, None)
                self._stage.log.add(_gone(at))
            return
        seen = self._describe(at, link)
        if self._seen.get(at) != seen:
            self._seen[at] = seen
            self._stage.log.add(seen)
        counted = Counters(
            at.node, at.device,
            link.rx_packets, link.rx_bytes, link.rx_dropped, link.tx_packets, link.tx_bytes, link.tx_dropped,
        )  # fmt: skip
        if self._counted.get(at) != counted:
            self._counted[at] = counted
            self._stage.log.add(counted)

    def holder(self, program: Program) -> Holder | None:
        """The hold of a program on its device, or None while it has none."""
        assert program.device is not None
        held = self._holders(program.device)
        return next((holder for holder in held if holder.program == program.name), None)

    def _describe(self, at: Endpoint, link: LinkState) -> DeviceSeen:
        netlink = self._stage.nodes[at.node].netlink
        return DeviceSeen(
            node=at.node,
            device=at.device,
            kind=link.kind,
            flags=link.flags,
            state=link.state,
            mtu=link.mtu,
            qdisc=link.qdisc,
            txqlen=link.txqlen,
            addresses=netlink.addresses(link.index),
            holders=self._holders(at) if link.kind in ("tun", "tap") else (),
        )

    def _holders(self, at: Endpoint) -> tuple[Holder, ...]:
        namespace = self._stage.nodes[at.node].namespace.inode()
        return tuple(
            Holder(found.pid, found.fd, found.command, self._stage.programs.of(found.pid))
            for found in tun_holders(at.device, namespace)
        )


def _gone(at: Endpoint) -> DeviceSeen:
    return DeviceSeen(at.node, at.device, "", (), "", 0, "", 0, (), (), gone=True)
