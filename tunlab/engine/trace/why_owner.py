"""Whether the device that has an address, in whatever node, is down: nobody answers for it then."""

from collections.abc import Mapping
from contextlib import suppress

from tunlab.errors import KernelError
from tunlab.kernel import namespaces
from tunlab.kernel.quick_links import Links
from tunlab.model.trace import Reason


def down_there(nodes: Mapping[str, int], address: str) -> Reason | None:
    """`nodes` are descriptors of the namespaces by name."""
    for node, descriptor in nodes.items():
        with suppress(KernelError, OSError), namespaces.inside(descriptor), Links() as links:
            for device in links.all():
                if device.state == "DOWN" and any(each.partition("/")[0] == address for each in device.addresses):
                    return Reason("why_device_down", values=(("node", node), ("device", device.name)))
    return None
