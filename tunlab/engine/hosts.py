"""The sandbox's /etc/hosts: each node by the first address that it got."""

from tunlab import paths


class HostNames:
    """Keeps the file that is bound over /etc/hosts in step with the addresses given."""

    def __init__(self, nodes: list[str]) -> None:
        self._addresses: dict[str, str | None] = dict.fromkeys(nodes)
        self._write()

    def learn(self, node: str, address: str) -> None:
        """A node got an address, written with its prefix length; only the first one names it."""
        if self._addresses[node] is None:
            self._addresses[node] = address.partition("/")[0]
            self._write()

    def _write(self) -> None:
        lines = ["127.0.0.1 localhost", "::1 localhost"]
        lines += [f"{address} {node}" for node, address in self._addresses.items() if address]
        paths.HOSTS.write_text("\n".join(lines) + "\n")
