"""The sandbox's /etc/hosts: each node by the first address that it got."""

from tunlab import paths
from tunlab.model.topology import Topology


class HostNames:
    """Keeps the file that is bound over /etc/hosts in step with the addresses given."""

    def __init__(self, topology: Topology) -> None:
        self._addresses: dict[str, str | None] = dict.fromkeys(node.name for node in topology.nodes)
        self._addresses |= {node: _bare(address) for node, address in topology.first_addresses().items()}
        self._write()

    def learn(self, node: str, address: str) -> None:
        """A node got an address, written with its prefix length; only the first one names it."""
        if self._addresses[node] is None:
            self._addresses[node] = _bare(address)
            self._write()

    def _write(self) -> None:
        lines = ["127.0.0.1 localhost", "::1 localhost"]
        lines += [f"{address} {node}" for node, address in self._addresses.items() if address]
        paths.HOSTS.write_text("\n".join(lines) + "\n")


def _bare(address: str) -> str:
    return address.partition("/")[0]
