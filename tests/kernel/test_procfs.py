"""Who holds a tun device, where the same name is in two nodes."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from inside import Node, Sandboxed, nodes

from tunlab.kernel import procfs
from tunlab.kernel.tuntap import Flags, Tun, add_persistent, namespace_of

pytestmark = pytest.mark.needs("sandbox", "tun")


class Holding:
    """A process in a node that holds a tun device until the end of the block."""

    def __init__(self, node: Node, name: str, flags: Flags = Flags.TUN | Flags.NO_PI) -> None:
        self._node, self._name, self._flags = node, name, flags

    def __enter__(self) -> "Holding":
        ready, tell = os.pipe()
        wait, self._go = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._go)
            with self._node.namespace.entered(), Tun(self._name, self._flags) as tun:
                os.write(tell, bytes([tun.fd]))
                os.read(wait, 1)
            os._exit(0)
        os.close(tell)
        os.close(wait)
        self.fd = os.read(ready, 1)[0]
        os.close(ready)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._go)
        os.waitpid(self.pid, 0)


def held(node: Node, name: str) -> list[tuple[int, int]]:
    return [(found.pid, found.fd) for found in procfs.tun_holders(name, node.namespace.inode())]


def test_same_name_in_two_nodes(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> bool:
        with nodes("h1", "h2") as (h1, h2), Holding(h1, "tun0") as one, Holding(h2, "tun0") as two:
            assert namespace_of(one.pid, one.fd) == h1.namespace.inode()
            assert held(h1, "tun0") == [(one.pid, one.fd)]
            assert held(h2, "tun0") == [(two.pid, two.fd)]
            return held(h1, "tun1") == []

    assert sandboxed(inside)


def test_both_queues_have_a_holder(sandboxed: Sandboxed) -> None:
    flags = Flags.TUN | Flags.NO_PI | Flags.MULTI_QUEUE

    def inside(_: Any) -> bool:
        with nodes("h1") as (h1,), Holding(h1, "tun0", flags) as one, Holding(h1, "tun0", flags) as two:
            return set(held(h1, "tun0")) == {(one.pid, one.fd), (two.pid, two.fd)}

    assert sandboxed(inside)


def test_device_is_seen_wherever_its_holder_has_gone(sandboxed: Sandboxed) -> None:
    """The device stays in the namespace in which it was made, the process need not."""

    def inside(_: Any) -> bool:
        with nodes("h1", "h2") as (h1, h2), h1.namespace.entered(), Tun("tun0") as tun, h2.namespace.entered():
            return held(h1, "tun0") == [(os.getpid(), tun.fd)] and held(h2, "tun0") == []

    assert sandboxed(inside)


def test_nobody_holds_an_idle_device(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> list[tuple[int, int]]:
        with nodes("h1") as (h1,):
            with h1.namespace.entered():
                add_persistent("tun0", "tun")
            return held(h1, "tun0")

    assert sandboxed(inside) == []


def test_holder_by_its_command_line(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> str:
        with nodes("h1") as (h1,), h1.namespace.entered(), Tun("tun0"):
            (found,) = procfs.tun_holders("tun0", h1.namespace.inode())
            return found.command

    assert Path(sys.executable).name.startswith("python") and "pytest" in sandboxed(inside)


def test_descriptor_that_is_no_tun(sandboxed: Sandboxed) -> None:
    assert sandboxed(lambda front: (namespace_of(1, 0), namespace_of(4711, 0))) == (None, None)


def test_zombies_do_not_live(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> tuple[list[int], list[int]]:
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with_zombie = list(procfs.living())
        os.waitpid(pid, 0)
        return with_zombie, list(procfs.living())

    assert sandboxed(inside) == ([1], [1])
