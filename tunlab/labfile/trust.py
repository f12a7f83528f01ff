"""The commands that a lab or a topology will run, for the question asked before a stranger's one runs."""

from collections.abc import Iterator

from tunlab.model.lab import Lab
from tunlab.model.topology import Topology
from tunlab.model.verbs import Command, Execute, StartProgram


def commands(lab: Lab) -> list[tuple[str, Command]]:
    """Each command once with its node, in the order of the steps; what compiles a program comes before it."""
    found = (
        (verb.node, command)
        for step in lab.steps
        for verb in step.verbs()
        if isinstance(verb, StartProgram | Execute)
        for command in verb.commands()
    )
    return list(dict.fromkeys((*topology_commands(lab.topology), *found)))


def topology_commands(topology: Topology) -> list[tuple[str, Command]]:
    """Each command once with its node: variables, which can make a program do anything, programs, then `exec`."""
    return list(dict.fromkeys(_found(topology)))


def _found(topology: Topology) -> Iterator[tuple[str, Command]]:
    for node in topology.nodes:
        yield from ((node.name, ("env", f"{name}={value}")) for name, value in node.environment)
        yield from ((node.name, program.command()) for program in node.programs())
        yield from ((node.name, command) for command in node.commands)
