"""Which devices of a path are ports of a bridge: what passes between them does not come into the protocol stack."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from tunlab.engine.trace.place import Place
from tunlab.errors import KernelError
from tunlab.kernel import namespaces
from tunlab.kernel.quick_links import Links


def note_ports(places: Sequence[Place], nodes: Mapping[str, int]) -> None:
    """Write the bridge's name into the places at its ports."""
    for node in {place.node for place in places}:
        with suppress(KernelError, OSError), namespaces.inside(nodes[node]), Links() as links:
            devices = links.all()
            names = {device.index: device.name for device in devices}
            masters = {device.name: names.get(device.master or 0, "") for device in devices}
            for place in places:
                if place.node == node and place.at_device:
                    place.port_of = masters.get(place.device, "")
