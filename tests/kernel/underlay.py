"""Two nodes with real endpoints of a tunnel between them, for functions that run inside a sandbox."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from inside import Node, nodes

from tunlab import paths
from tunlab.kernel import sysctl
from tunlab.tunnel.encrypted.key_files import generate

PATIENCE = 60  # seconds: two endpoints that start take a third of it in an emulated machine
OUTER = {4: ("100.89.104.21", "100.89.104.22"), 6: ("fd00:8285::21", "fd00:8285::22")}
INNER = {4: ("192.168.1.2", "192.168.1.3"), 6: ("fd00:1::2", "fd00:1::3")}
LENGTH = {4: 24, 6: 64}
Own = tuple[Sequence[str], Sequence[str]]


def place(address: str, port: int = 8285) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


@dataclass
class Endpoint:
    """A running `tunlab tunnel`; `told` are its events so far."""

    node: Node
    process: subprocess.Popen[str]
    told: list[dict[str, Any]] = field(default_factory=list)
    _heard: bytes = b""

    @property
    def pid(self) -> int:
        return self.process.pid

    def next(self) -> dict[str, Any]:
        """What it tells next."""
        assert self.process.stdout is not None
        while b"\n" not in self._heard:
            assert select.select([self.process.stdout], [], [], PATIENCE)[0], f"it says no more: {self.told[-1:]}"
            part = os.read(self.process.stdout.fileno(), 1 << 16)
            assert part, f"it ended, status {self.process.wait()}: {self.errors()}"
            self._heard += part
        line, self._heard = self._heard.split(b"\n", 1)
        self.told.append(json.loads(line))
        return self.told[-1]

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first of what it tells from now on that is so."""
        end = time.monotonic() + PATIENCE
        while not condition(told := self.next()):
            assert time.monotonic() < end, f"it does not come to that: {told}"
        return told

    def agrees(self) -> dict[str, Any]:
        """It tells that both ends have keys."""
        return self.until(lambda told: bool(told["state"] == "agreed"))

    def is_news(self) -> bool:
        """Whether `next` would come back at once."""
        assert self.process.stdout is not None
        return b"\n" in self._heard or bool(select.select([self.process.stdout], [], [], 0)[0])

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def end(self, signum: int = signal.SIGTERM) -> tuple[int, dict[str, int], str]:
        """Its status, its last counters, and what it said beside them."""
        self.process.send_signal(signum)
        return self.ended()

    def ended(self) -> tuple[int, dict[str, int], str]:
        out, err = self.process.communicate(timeout=PATIENCE)
        self.told += [json.loads(line) for line in (self._heard.decode() + out).splitlines()]
        counters = self.told[-1]["counters"] if self.told else {}
        return self.process.returncode, counters, err


@dataclass
class Underlay:
    """Node A with eth0 100.89.104.21, node B with 100.89.104.22; both are fd00:8285:: too."""

    a: Node
    b: Node
    keys: Path
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
        self, outer: int = 4, inner: int = 4, *words: str, ways: tuple[str, str] = ("fast", "fast"), own: Own = ((), ())
    ) -> tuple[Endpoint, Endpoint]:
        """Both, once they are open, and have keys if they are to; `ways` are their paths, `own` their further words."""
        one, other = (self._begin(side, outer, inner, "--path", ways[side], *words, *own[side]) for side in (0, 1))
        for each in (one, other):
            each.next()
        for each, those in zip((one, other), own, strict=True):
            if "encrypted" in those:
                each.agrees()
        return one, other

    def own(self, mode: str, client: int | None = None) -> Own:
        """Each side's words for a mode. If encrypted, with new keys, and it is the side `client` that begins."""
        if mode != "encrypted":
            words = ("--mode", mode)
            return words, words
        names = [f"{len(list(self.keys.iterdir()))}-{side}" for side in (0, 1)]
        public = [generate(self.keys / name) for name in names]
        if client is not None and public[client] > public[1 - client]:
            names.reverse()
            public.reverse()
        one, other = (
            ("--mode", mode, "--key-file", str(self.keys / names[side]), "--peer-key", public[1 - side])
            for side in (0, 1)
        )
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
    with nodes("A", "B") as (a, b), tempfile.TemporaryDirectory() as keys:
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
        made = Underlay(a, b, Path(keys))
        try:
            yield made
        finally:
            made.close()


def memory_of(end: Endpoint) -> int:
    """Bytes that its processes have of their own, all together."""
    names = ("pid_sending", "pid_receiving", "pid_keeping")
    found = [Path(f"/proc/{pid}/status").read_text() for name in names if (pid := end.told[0][name]) is not None]
    return sum(int(re.findall(r"RssAnon:\s+(\d+) kB", each)[0]) << 10 for each in found)


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
