"""A node while the file is read: what is known of its devices, and where each was said."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tunlab.labfile.cursor import Value
from tunlab.labfile.topology.addresses import FAMILIES
from tunlab.model.interface import PLAIN, Interface
from tunlab.model.node_devices import BridgeDevice, Device
from tunlab.model.topology import Node

_BRIDGE = "br0"  # of a node of kind bridge that names none itself


@dataclass(frozen=True, slots=True)
class Placed:
    """A device, or the end of a link, of which only the interface is known. `fields` are what the file says of it."""

    value: Value
    interface: Interface
    fields: Mapping[str, Value]
    device: Device | None = None

    @property
    def kind(self) -> str:
        return self.device.kind if self.device else "veth"

    def lower(self) -> list[tuple[str, Value]]:
        """The devices of the node that it names, each with the place."""
        return [(self.fields[key].text(), self.fields[key]) for key in ("link", "dev", "master") if key in self.fields]

    def addresses(self) -> list[Value]:
        """The values that hold its addresses."""
        return [self.fields[family] for family in FAMILIES if family in self.fields]


@dataclass(slots=True)
class Draft:
    """`placed` are devices and ends of links by name; `faulty` names others, that are not to be blamed twice."""

    node: Node
    value: Value
    placed: dict[str, Placed] = field(default_factory=dict)
    faulty: set[str] = field(default_factory=set)

    def add_device(self, device: Device, value: Value) -> None:
        """Note a device of the file."""
        self.placed[device.name] = Placed(value, device.interface, value.entries(), device)

    def complete_bridge(self) -> None:
        """Give a node of kind bridge the bridge that it has even where the file names none."""
        if self.node.kind == "bridge" and not self.bridges() and _BRIDGE not in self.placed and not self.faulty:
            self.placed[_BRIDGE] = Placed(self.value, PLAIN, {}, BridgeDevice(_BRIDGE))

    def bridges(self) -> list[str]:
        """The names of its bridges."""
        return [name for name, each in self.placed.items() if each.kind == "bridge"]

    def names(self) -> list[str]:
        """All devices that a file may refer to."""
        return [*self.placed, *self.faulty]
