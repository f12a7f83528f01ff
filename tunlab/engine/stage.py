"""A running lab: its nodes, captures, programs and devices, around one loop in this process."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from tunlab.engine.devices import DeviceWatch
from tunlab.engine.evidence import Evidence
from tunlab.engine.hosts import HostNames
from tunlab.engine.loop import Loop, Selectable
from tunlab.engine.node import RunningNode
from tunlab.engine.packets import PacketLog
from tunlab.engine.programs import Programs
from tunlab.engine.settings import set_sysctl
from tunlab.engine.shell import Shells
from tunlab.engine.step_times import note_step
from tunlab.kernel.process import reap
from tunlab.model.lab import Lab
from tunlab.model.topology import Endpoint
from tunlab.model.verbs import SetSysctl
from tunlab.session.log import EventLog


class Stage:
    """Makes a lab's nodes and links, and holds what runs in them. A context manager.

    `tick` is called after every turn of the loop, which the keyboard wakes: the screen reads it, and redraws there.
    """

    def __init__(
        self,
        lab: Lab,
        log: EventLog,
        tick: Callable[[], None] = lambda: None,
        keyboard: Selectable | None = None,
    ) -> None:
        self.log = log
        self.evidence = Evidence()
        self._lab = lab
        self._tick = tick
        self._keyboard = keyboard
        self._watched: list[Endpoint] = []
        self._dropped_before = 0
        self._stack = ExitStack()

    def __enter__(self) -> "Stage":
        with ExitStack() as stack:
            self.log.follow(self.evidence.read)
            stack.callback(self.log.leave, self.evidence.read)
            self.loop = stack.enter_context(Loop())
            self.nodes = {node.name: stack.enter_context(RunningNode(node.name)) for node in self._lab.topology.nodes}
            for each in self._lab.topology.nodes:
                for key, value in each.sysctls:
                    set_sysctl(self.nodes[each.name], SetSysctl(each.name, key, value), self.log)
            for link in self._lab.topology.links:
                near, far = link.ends
                self.nodes[near.node].netlink.add_veth(near.device, far.device, self.nodes[far.node].namespace)
            self.hosts = HostNames(list(self.nodes))
            self.packets = PacketLog(self.log, list(self.nodes.values()))
            self.programs = stack.enter_context(
                Programs(self._lab.folder, self.nodes, self.loop, self.log, self.packets)
            )
            self.shells = stack.enter_context(Shells(self.nodes, self.loop, self.log))
            self.devices = DeviceWatch(self.nodes, self.log, self.programs.of)
            for node in self.nodes.values():
                self.loop.serve(node.capture, partial(self.packets.drain, node))
            self.loop.at_each_turn(lambda: self.programs.ended(reap()))
            self.loop.at_each_turn(self._look)
            self.loop.at_each_turn(self._tick)
            self._listen()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def begin_step(self, step: str) -> None:
        """What happens from here on belongs to this step; what the captures still hold, to the one before."""
        self.programs.begin_step()
        self.packets.begin_step()
        self.log.step = step
        note_step(self.log.lab, step)
        self._dropped_before = self._drops()
        self.devices.begin_step()

    def dropped(self) -> int:
        """Packets that the captures lost in this step, or that were too many to be looked at."""
        return self._drops() - self._dropped_before + self.packets.left_out

    @contextmanager
    def watching(self, *devices: Endpoint) -> Iterator[None]:
        """Look at these devices' state and counters at every turn of the loop."""
        self._watched = list(devices)
        try:
            yield
        finally:
            self._watched = []

    @contextmanager
    def without_keyboard(self) -> Iterator[None]:
        """Somebody else reads it."""
        if self._keyboard is not None:
            self.loop.ignore(self._keyboard)
        try:
            yield
        finally:
            self._listen()

    def _listen(self) -> None:
        if self._keyboard is not None:
            self.loop.serve(self._keyboard, lambda: None)

    def _drops(self) -> int:
        return sum(node.capture.drops() for node in self.nodes.values())

    def _look(self) -> None:
        for at in self._watched:
            self.devices.look(at)
