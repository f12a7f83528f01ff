"""Which device another one leads to: the kernel tells an index, and the number of a namespace."""

from collections.abc import Iterable
from contextlib import suppress

from tunlab.errors import KernelError
from tunlab.kernel.netlink import Netlink
from tunlab.model.device import FarDevice


def far_device(
    netlink: Netlink, here: str, index: int, namespace: int | None, nodes: Iterable[tuple[str, int]]
) -> FarDevice:
    """The device with that index in the namespace that node `here` knows by that number; None: in the same one.

    `nodes` are names and descriptors of the namespaces that we know.
    """
    node = here if namespace is None else _node(netlink, namespace, nodes)
    return FarDevice(node, netlink.name_of(index, namespace))


def _node(netlink: Netlink, namespace: int, nodes: Iterable[tuple[str, int]]) -> str | None:
    for name, descriptor in nodes:
        with suppress(KernelError):  # something else lies under that name
            if netlink.number_of(descriptor) == namespace:
                return name
    return None
