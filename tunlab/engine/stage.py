"""A running lab: its nodes, programs and captures, served from one loop in this process."""

import selectors
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Protocol

from tunlab.engine.devices import DeviceWatch
from tunlab.engine.evidence import Evidence
from tunlab.engine.hosts import HostNames
from tunlab.engine.node import RunningNode
from tunlab.engine.packets import PacketLog
from tunlab.engine.programs import Programs
from tunlab.kernel.process import reap
from tunlab.model.lab import Lab
from tunlab.model.topology import Endpoint
from tunlab.session.log import EventLog

TICK = 0.1  # seconds between two looks at a device's counters


class Selectable(Protocol):
    """Anything with a descriptor that wakes the loop."""

    def fileno(self) -> int: ...


class Stage:
    """Makes a lab's nodes and links, and serves them: `pump` is one turn of the loop. A context manager.

    `tick` is called after every turn: the screen redraws there.
    """

    def __init__(self, lab: Lab, log: EventLog, tick: Callable[[], None] = lambda: None) -> None:
        self.lab = lab
        self.log = log
        self.step = ""
        self.evidence = Evidence()
        log.follow(self.evidence.read)
        self._tick = tick
        self._watched: list[Endpoint] = []
        self._stack = ExitStack()

    def __enter__(self) -> "Stage":
        with ExitStack() as stack:
            self._selector = stack.enter_context(selectors.DefaultSelector())
            self.nodes = {node.name: stack.enter_context(RunningNode(node.name)) for node in self.lab.topology.nodes}
            for link in self.lab.topology.links:
                near, far = link.ends
                self.nodes[near.node].netlink.add_veth(near.device, far.device, self.nodes[far.node].namespace)
            self.hosts = HostNames(list(self.nodes))
            self.packets = PacketLog(self.log)
            self.programs = stack.enter_context(Programs(self))
            self.devices = DeviceWatch(self)
            for node in self.nodes.values():
                self.serve(node.capture, partial(self._drain, node))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def serve(self, source: Selectable, serve: Callable[[], object]) -> None:
        """Call `serve` in the loop whenever `source` is readable."""
        self._selector.register(source, selectors.EVENT_READ, serve)

    def ignore(self, source: Selectable) -> None:
        """Serve `source` no longer."""
        with suppress(KeyError):
            self._selector.unregister(source)

    def pump(self, timeout: float = TICK) -> None:
        """Wait up to `timeout` seconds for something to happen, and see to all that did."""
        for key, _ in self._selector.select(timeout):
            key.data()
        self.programs.ended(reap())
        for at in self._watched:
            self.devices.look(at)
        self._tick()

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Serve until a state is reached; False when the deadline came first."""
        deadline = time.monotonic() + seconds
        while not until():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.pump(min(left, TICK))
        return True

    @contextmanager
    def watching(self, *devices: Endpoint) -> Iterator[None]:
        """Look at these devices' state and counters at every turn of the loop."""
        self._watched = list(devices)
        try:
            yield
        finally:
            self._watched = []

    def drain(self) -> None:
        """Take in every packet that the captures already hold."""
        for node in self.nodes.values():
            self._drain(node)

    def _drain(self, node: RunningNode) -> None:
        self.packets.drain(node, self.step)
