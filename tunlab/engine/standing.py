"""A topology from its first namespace to its end: built, its commands run, its programs started and heard."""

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from tunlab.engine.building import built
from tunlab.engine.crew import Crew, Heard
from tunlab.engine.environment import note_environment
from tunlab.engine.hosts import HostNames
from tunlab.engine.loop import Loop
from tunlab.kernel.process import reap
from tunlab.kernel.waking import Waking
from tunlab.model.topology import Topology

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
        HostNames(topology)
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
