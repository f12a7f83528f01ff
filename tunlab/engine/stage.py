"""A running lab: its nodes, captures, programs and devices, around one loop in this process."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from tunlab.engine.building import Built, built
from tunlab.engine.devices import DeviceWatch
from tunlab.engine.environment import note_environment
from tunlab.engine.evidence import Evidence
from tunlab.engine.hosts import HostNames
from tunlab.engine.loop import Loop, Selectable
from tunlab.engine.node import RunningNode
from tunlab.engine.packets import PacketLog
from tunlab.engine.programs import Programs
from tunlab.engine.shell import Shells
from tunlab.engine.step_times import note_step
from tunlab.kernel.process import reap
from tunlab.model.events import Action
from tunlab.model.lab import Lab
from tunlab.model.topology import Endpoint
from tunlab.model.verbs import Execute, SetSysctl, StartProgram
from tunlab.session.log import EventLog

EXEC_PATIENCE = 30.0  # seconds for a command


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
            standing = stack.enter_context(built(self._lab.topology, up=False))
            self.nodes = {
                name: stack.enter_context(RunningNode(name, namespace))
                for name, namespace in standing.namespaces.items()
            }
            self.hosts = HostNames(self._lab.topology)
            self.packets = PacketLog(self.log, list(self.nodes.values()))
            self.programs = stack.enter_context(
                Programs(self._lab.folder, self.nodes, self.loop, self.log, self.packets)
            )
            self.shells = stack.enter_context(Shells(self.nodes, self.loop, self.log))
            self.devices = DeviceWatch(self.nodes, self.log, self.programs.of)
            for node in self.nodes.values():
                self.loop.serve(node.capture, partial(self.packets.drain, node))
            self.loop.at_each_turn(lambda: self.programs.ended(reap()))
            self._populate(standing)
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
    def unheard(self) -> Iterator[None]:
        """Neither the captures nor our programs' reports tell of packets meanwhile: it costs more than they do."""
        self.packets.drain_all()
        for node in self.nodes.values():
            node.capture.refuse()
        try:
            with self.programs.unheard():
                yield
        finally:
            for node in self.nodes.values():
                node.capture.accept()

    def look_into(self, node: str) -> None:
        """Look once at all devices of a node."""
        for link in self.nodes[node].netlink.links():
            self.devices.look(Endpoint(node, link.name))

    @contextmanager
    def without_keyboard(self) -> Iterator[None]:
        """Somebody else reads it."""
        if self._keyboard is not None:
            self.loop.ignore(self._keyboard)
        try:
            yield
        finally:
            self._listen()

    def _populate(self, standing: Built) -> None:
        """Start what the topology has at the far ends of devices, and run its commands; the log has what it says.

        That a host does not forward, and the like, goes without saying.
        """
        for node in self._lab.topology.nodes:
            note_environment(node.name, node.environment)
            for key, value in node.sysctls:
                self._note(SetSysctl(node.name, key, value))
        for node in self._lab.topology.nodes:
            for program in node.programs():
                self.programs.start(program)
                self._note(StartProgram(program))
                if program.device is not None:
                    standing.finish(program.device)
        for node in self._lab.topology.nodes:
            for command in node.commands:
                self.programs.run(node.name, command, EXEC_PATIENCE)
                self._note(Execute(node.name, command))

    def _note(self, verb: SetSysctl | StartProgram | Execute) -> None:
        """It belongs to no step."""
        for command in verb.commands():
            self.log.add(Action("", verb.verb, verb.node, shlex.join(command)))

    def _listen(self) -> None:
        if self._keyboard is not None:
            self.loop.serve(self._keyboard, lambda: None)

    def _drops(self) -> int:
        return sum(node.capture.drops() for node in self.nodes.values())

    def _look(self) -> None:
        for at in self._watched:
            self.devices.look(at)
