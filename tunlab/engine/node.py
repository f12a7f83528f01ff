"""A node while its lab runs: its namespace with everything that is open in it."""

from contextlib import ExitStack

from tunlab.kernel.namespaces import NetworkNamespace
from tunlab.kernel.netlink import Netlink
from tunlab.kernel.packet_socket import PacketSocket


class RunningNode:
    """A namespace that is there already, its netlink, and a capture on all its devices. A context manager."""

    def __init__(self, name: str, namespace: NetworkNamespace) -> None:
        self.name = name
        self.namespace = namespace
        self._stack = ExitStack()

    def __enter__(self) -> "RunningNode":
        with ExitStack() as stack:
            self.netlink = stack.enter_context(Netlink(self.namespace))
            with self.namespace.entered():
                self.capture = stack.enter_context(PacketSocket())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
