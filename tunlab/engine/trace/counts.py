"""What each node has dropped before the packet was sent: what has grown since tells why the packet is gone."""

from collections.abc import Mapping
from contextlib import suppress

from tunlab.errors import KernelError
from tunlab.kernel import namespaces
from tunlab.kernel.drop_counts import DropCounts, drop_counts

Counts = Mapping[str, DropCounts]


def counted(nodes: Mapping[str, int]) -> Counts:
    """The counts of these nodes by name; `nodes` has descriptors of their namespaces. One that has gone is missing."""
    found = {}
    for name, descriptor in nodes.items():
        with suppress(KernelError), namespaces.inside(descriptor):
            found[name] = drop_counts()
    return found
