"""A topology from its first namespace to its end: built, its commands run, its programs started and heard."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from tunlab.engine.building import built
from tunlab.engine.crew import Crew, Heard
from tunlab.engine.environment import note_environment
from tunlab.engine.hosts import HostNames
from tunlab.engine.loop import Loop
from tunlab.kernel.process import reap
from tunlab.kernel.waking import Waking
from tunlab.model.interface import Interface
from tunlab.model.topology import Endpoint, Topology

_IDLE = 3600.0  # seconds: nothing happens by itself


def stand(
    topology: Topology, directory: Path, check: Callable[[], None], heard: Heard, ready: Callable[[], None]
) -> NoReturn:
    """Make it, say that it is `ready`, and stay until `check`, called whenever something happens, raises.

    Commands and programs run in `directory`. Raises TunlabError where something of it cannot be made.
    """
    with Loop() as loop, Waking() as waking, built(topology, up=True) as standing:
        loop.serve(waking, waking.drain)
        crew = Crew(topology, standing.namespaces, directory, loop, heard)
        loop.at_each_turn(lambda: crew.ended(reap()))
        loop.at_each_turn(check)
        check()
        hosts = HostNames([node.name for node in topology.nodes])
        for name, address in first_addresses(topology).items():
            hosts.learn(name, address)
        for node in topology.nodes:
            if node.environment:
                note_environment(node.name, node.environment)
        programs = [program for node in topology.nodes for program in node.programs()]
        crew.start(programs)
        for program in programs:
            if program.device:
                standing.finish(program.device)
        for node in topology.nodes:
            for command in node.commands:
                crew.run(node.name, command)
        ready()
        while True:
            loop.turn(_IDLE)


def interfaces(topology: Topology) -> Iterator[tuple[Endpoint, Interface]]:
    """Every device with what it is given: the ends of the links first, then what is in each node."""
    for link in topology.links:
        yield from zip(link.ends, link.interfaces, strict=True)
    for node in topology.nodes:
        yield from ((Endpoint(node.name, device.name), device.interface) for device in node.devices)


def first_addresses(topology: Topology) -> dict[str, str]:
    """By node, with the prefix length; a node without any is left out."""
    found: dict[str, str] = {}
    for at, interface in interfaces(topology):
        if interface.addresses:
            found.setdefault(at.node, interface.addresses[0])
    return found
