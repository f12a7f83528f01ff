"""Two nodes with real endpoints of a tunnel between them, for functions that run inside a sandbox."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from inside import Node, nodes

from tunlab import paths
from tunlab.kernel import sysctl

PATIENCE = 20  # seconds
OUTER = {4: ("100.89.104.21", "100.89.104.22"), 6: ("fd00:8285::21", "fd00:8285::22")}
INNER = {4: ("192.168.1.2", "192.168.1.3"), 6: ("fd00:1::2", "fd00:1::3")}
LENGTH = {4: 24, 6: 64}


def place(address: str, port: int = 8285) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


@dataclass
class Endpoint:
    """A running `tunlab tunnel`; `told` are its events so far."""

    node: Node
    process: subprocess.Popen[str]
    told: list[dict[str, Any]] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return self.process.pid

    def next(self) -> dict[str, Any]:
        """What it tells next."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"it ended, status {self.process.wait()}: {self.errors()}"
        self.told.append(json.loads(line))
        return self.told[-1]

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def end(self, signum: int = signal.SIGTERM) -> tuple[int, dict[str, int], str]:
        """Its status, its last counters, and what it said beside them."""
        self.process.send_signal(signum)
        return self.ended()

    def ended(self) -> tuple[int, dict[str, int], str]:
        out, err = self.process.communicate(timeout=PATIENCE)
        self.told += [json.loads(line) for line in out.splitlines()]
        counters = self.told[-1]["counters"] if self.told else {}
        return self.process.returncode, counters, err


@dataclass
class Underlay:
    """Node A with eth0 100.89.104.21, node B with 100.89.104.22; both are fd00:8285:: too."""

    a: Node
    b: Node
    running: list[Endpoint] = field(default_factory=list)

    def start(self, node: Node, *words: str, **environment: str) -> Endpoint:
        """`tunlab tunnel` with these words, whatever comes of it."""
        variables = os.environ | {"PATH": paths.search_path()} | environment
        with node.namespace.entered():
            process = subprocess.Popen(
                ["tunlab", "tunnel", "--device", "tun0", "--json", *words],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables,
            )  # fmt: skip
        self.running.append(Endpoint(node, process))
        return self.running[-1]

    def endpoint(self, side: int, outer: int = 4, inner: int = 4, *words: str, **environment: str) -> Endpoint:
        """The endpoint of a side, 0 or 1, once it is open."""
        started = self._begin(side, outer, inner, *words, **environment)
        started.next()
        return started

    def both(
        self, outer: int = 4, inner: int = 4, *words: str, ways: tuple[str, str] = ("fast", "fast")
    ) -> tuple[Endpoint, Endpoint]:
        """Both of them, once they are open; `ways` are their paths."""
        one, other = (self._begin(side, outer, inner, "--path", ways[side], *words) for side in (0, 1))
        for each in (one, other):
            each.next()
        return one, other

    def _begin(self, side: int, outer: int, inner: int, *words: str, **environment: str) -> Endpoint:
        local, peer = (place(OUTER[outer][each]) for each in (side, 1 - side))
        address = f"{INNER[inner][side]}/{LENGTH[inner]}"
        node = (self.a, self.b)[side]
        return self.start(node, "--local", local, "--peer", peer, "--address", address, *words, **environment)

    def reported(self, node: Node) -> dict[str, str]:
        """What a lab gives its programs."""
        paths.LISTENERS.mkdir(exist_ok=True)
        return {"TUNLAB_REPORTS": str(paths.LISTENERS), "TUNLAB_NODE": node.namespace.name}

    def close(self) -> None:
        for each in self.running:
            each.process.kill()
            each.process.communicate()


def _has_carrier(node: Node) -> bool:
    """Whether the kernel has taken note of it, which it does a moment later."""
    link = node.netlink.link("eth0")
    return link is not None and link.state == "UP"


@contextmanager
def underlay(mtu: int = 1500) -> Iterator[Underlay]:
    """It stands, and nothing runs on it yet."""
    with nodes("A", "B") as (a, b):
        for each in (a, b):
            with each.namespace.entered():
                for key in ("accept_dad", "router_solicitations"):  # a second, and noise
                    sysctl.write(f"net.ipv6.conf.default.{key}", "0")
                sysctl.write("net.ipv6.conf.default.addr_gen_mode", "1")
        a.netlink.add_veth("eth0", "eth0", b.namespace)
        for side, each in enumerate((a, b)):
            each.netlink.set_link("lo", state="up")
            each.netlink.set_link("eth0", state="up", mtu=mtu)
            each.netlink.add_address("eth0", f"{OUTER[4][side]}/24")
        for side, each in enumerate((a, b)):
            assert wait_until(partial(_has_carrier, each))  # IPv6 has no route before
            each.output("ip", "addr", "add", f"{OUTER[6][side]}/64", "dev", "eth0", "nodad")
        made = Underlay(a, b)
        try:
            yield made
        finally:
            made.close()


def entered_socket(node: Node, *what: Any) -> socket.socket:
    """A socket of that node, which waits no longer than the tests' patience."""
    with node.namespace.entered():
        return socket.socket(*what)


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether it came true in time; asked again and again, a moment apart."""
    end = time.monotonic() + seconds
    pause = socket.socketpair()
    pause[0].settimeout(0.005)
    try:
        while not condition():
            if time.monotonic() > end:
                return False
            try:
                pause[0].recv(1)
            except TimeoutError:
                continue
        return True
    finally:
        for each in pause:
            each.close()
