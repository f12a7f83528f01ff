"""Makes what a topology says: namespaces, devices, links, addresses; and gives it all up again."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from tunlab.engine.node_building import NodeBuilding, missing_kind
from tunlab.kernel.namespaces import NetworkNamespace
from tunlab.kernel.open_files import allow_for
from tunlab.kernel.rtnetlink import IFLA_NET_NS_FD, NEWLINK, Requests, hardware, new_link, u32, veth_peer
from tunlab.model.topology import Endpoint, Link, Topology


class Built:
    """A topology while it stands: its namespaces by the names of its nodes, in the file's order."""

    def __init__(self, nodes: Mapping[str, NodeBuilding]) -> None:
        self.namespaces: Mapping[str, NetworkNamespace] = {name: node.namespace for name, node in nodes.items()}
        self._nodes = nodes

    def finish(self, at: Endpoint) -> None:
        """Configure a device that its program has made, now that it holds it, and make what lies on it.

        Its mac, mtu, addresses, master and state. Nothing to do for a device that was there from the beginning, so it
        may be called for the device of any program. Raises KernelError, TunlabError.
        """
        with self.namespaces[at.node].entered():
            self._nodes[at.node].finish(at.device)


@contextmanager
def built(topology: Topology, up: bool) -> Iterator[Built]:
    """Make a topology's nodes, with their settings, devices and links; all of it is gone at the block's end.

    `up`: devices of which the file says nothing are brought up. Programs and commands are left to the caller: after a
    program has started, `Built.finish(program.device)`. Raises KernelError with the command that a person would have
    typed, or TunlabError where the kernel lacks a kind of device; then nothing is left.
    """
    allow_for(len(topology.nodes))
    with ExitStack() as stack:
        nodes: dict[str, NodeBuilding] = {}
        try:
            for node in topology.nodes:
                namespace = stack.enter_context(NetworkNamespace(node.name))
                nodes[node.name] = NodeBuilding(node, namespace, up)
                with namespace.entered():
                    nodes[node.name].begin()
            _add_links(topology.links, nodes)
            for each in nodes.values():
                with each.namespace.entered():
                    each.complete()
            yield Built(nodes)
        finally:
            # All names first, and then the descriptors: as soon as nobody holds one namespace the kernel is busy with
            # freeing it, in our way, and it is quicker with many at once.
            for each in nodes.values():
                each.namespace.give_up_name()


def _add_links(links: tuple[Link, ...], nodes: Mapping[str, NodeBuilding]) -> None:
    """All veth pairs by one socket, from where we are: each end is made in its node at once."""
    with Requests() as requests:
        for link in links:
            (near, far), (here, there) = link.ends, link.interfaces
            one, other = nodes[near.node], nodes[far.node]
            index = one.add_end(near, here, link)
            peer = other.add_end(far, there, link)
            options = veth_peer(far.device, peer, other.namespace.fileno(), hardware(there.mac, there.mtu))
            more = u32(IFLA_NET_NS_FD, one.namespace.fileno()) + hardware(here.mac, here.mtu)
            command = f"link add {near.device} type veth peer name {far.device} netns {far.node}"
            body = new_link(near.device, index, "veth", options, more)
            requests.add(NEWLINK, body, missing_kind(near, "veth", command))
        requests.send()
