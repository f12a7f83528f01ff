"""For functions that run inside a sandbox, or in a process of their own: nodes, and commands."""

import json
import os
import pickle
import signal
import subprocess
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pyroute2  # noqa: F401  once, here, and not again in every process that is forked
import pytest

from tunlab import paths
from tunlab.kernel.namespaces import NetworkNamespace
from tunlab.kernel.netlink import Netlink

Sandboxed = Callable[[Callable[[Any], Any]], Any]
PATIENCE = 60  # seconds for a function in its own process


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
    environment = os.environ | {"PATH": paths.search_path()}
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, env=environment)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
    return done.stdout


def forked(function: Callable[[], Any]) -> Any:
    """The pickled result of function(), called in a process of its own that it may spoil."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(told)
        signal.alarm(PATIENCE)
        try:
            answer = (function(), "")
        except BaseException:
            answer = (None, traceback.format_exc())
        try:
            os.write(tell, pickle.dumps(answer))
        finally:
            os._exit(0)
    os.close(tell)
    with os.fdopen(told, "rb") as answers:
        said = answers.read()
    os.waitpid(pid, 0)
    assert said, "the process ended without an answer"
    result, problem = pickle.loads(said)
    if problem:
        pytest.fail(problem, pytrace=False)
    return result
