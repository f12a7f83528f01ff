"""For functions that run inside a sandbox: nodes, and commands."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tunlab.kernel.namespaces import NetworkNamespace
from tunlab.kernel.netlink import Netlink

Sandboxed = Callable[[Callable[[Any], Any]], Any]
Forked = Callable[[Callable[[], Any]], Any]


class Node:
    """A namespace with its netlink."""

    def __init__(self, namespace: NetworkNamespace, netlink: Netlink) -> None:
        self.namespace = namespace
        self.netlink = netlink

    def output(self, *words: str) -> str:
        """What a command prints in this node."""
        with self.namespace.entered():
            return output(*words)

    def ip(self, *words: str) -> Any:
        """What ip(8) tells about this node, as data; nothing at all is an empty list."""
        return json.loads(self.output("ip", "-j", *words) or "[]")


@contextmanager
def nodes(*names: str) -> Iterator[list[Node]]:
    """Nodes with these names, for the length of the block."""
    with ExitStack() as stack:
        namespaces = [stack.enter_context(NetworkNamespace(name)) for name in names]
        yield [Node(each, stack.enter_context(Netlink(each))) for each in namespaces]


def output(*words: str) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
    return done.stdout
