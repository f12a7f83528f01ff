"""Questions to the kernel about one node, while this thread is in its namespace."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Self

from tunlab.engine.far_device import far_device
from tunlab.engine.trace.counts import Counts
from tunlab.kernel import namespaces
from tunlab.kernel.drop_counts import DropCounts, QdiscCount, drop_counts
from tunlab.kernel.link_state import LinkState
from tunlab.kernel.route_lookup import RouteNetlink
from tunlab.model.device import FarDevice


class Asking:
    """A context manager. `nodes` are the descriptors of all namespaces that we know, by name."""

    def __init__(self, node: str, nodes: Mapping[str, int], before: Counts | None) -> None:
        self.node = node
        self.nodes = nodes
        self.counts = before
        self.before = (before or {}).get(node)

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            opened.enter_context(namespaces.inside(self.nodes[self.node]))
            self.netlink = opened.enter_context(RouteNetlink())
            self.namespace = namespaces.own_inode()
            self.now: DropCounts = drop_counts()
            self._stack = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def place(self, device: str, direction: str) -> str:
        """`r1:eth1 in`."""
        return f"{self.node}:{device} {direction}"

    def peer(self, link: LinkState) -> FarDevice | None:
        """The other end of a veth."""
        if link.peer is None:
            return None
        return far_device(self.netlink, self.node, link.peer, link.peer_namespace, self.nodes.items())

    def mtu(self, device: FarDevice) -> int | None:
        """That of a device in another of our nodes; None where it has gone since."""
        if not device.node or device.device is None:
            return None
        with namespaces.inside(self.nodes[device.node]), RouteNetlink() as netlink:
            link = netlink.link(device.device)
        return None if link is None else link.mtu

    def grown(self, counter: str) -> bool:
        """Whether a counter of the stack has grown since the packet was sent; False where nobody looked before."""
        return self.before is not None and self.now.stack.get(counter, 0) > self.before.stack.get(counter, 0)

    def dropping_qdisc(self, link: LinkState) -> QdiscCount | None:
        """The device's queueing discipline that has dropped since then (or ever, where nobody looked before)."""
        earlier = {} if self.before is None else {(q.device, q.handle): q.dropped for q in self.before.qdiscs}
        return next(
            (q for q in self.now.qdiscs if q.device == link.index and q.dropped > earlier.get((q.device, q.handle), 0)),
            None,
        )

    def holding_qdisc(self, link: LinkState) -> QdiscCount | None:
        """The device's queueing discipline in which packets wait."""
        return next((q for q in self.now.qdiscs if q.device == link.index and q.waiting), None)
