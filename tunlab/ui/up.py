"""What `tunlab up` says of a topology that is up: the commands that look into it, with its own names."""

import os
import shlex

from tunlab import paths
from tunlab.i18n import Words
from tunlab.kernel.user import real_uid
from tunlab.model.topology import Topology


def hints(topology: Topology, words: Words, alone: bool, foreground: bool = False) -> list[str]:
    """A line about it, and one for each command. Unless it runs `alone`, each command names the session."""
    nodes, links = len(topology.nodes), len(topology.links)
    commands = [
        [each[0], *([] if alone or each == ["ps"] else ["--session", topology.name]), *each[1:]]
        for each in _commands(topology, not foreground)
    ]
    if not foreground:
        commands.append(["down", topology.name])
    program = "sudo tunlab" if real_uid() != os.geteuid() else "tunlab"
    first = words("up_foreground" if foreground else "up_done", name=topology.name, nodes=nodes, links=links)
    return [first, *(f"  {program} {shlex.join(each)}" for each in commands)]


def _commands(topology: Topology, output: bool) -> list[list[str]]:
    """What can be looked at: only what this topology has."""
    commands = [["ps"]]
    hosts = [node.name for node in topology.nodes if node.kind == "host"] or [node.name for node in topology.nodes]
    if hosts:
        commands.append(["shell", hosts[0]])
    seen = [at for at, _ in topology.interfaces()]
    if at := next((at for at in seen if at.node == hosts[0]), next(iter(seen), None)):
        commands.append(["inspect", f"{at.node}:{at.device}"])
    addresses = topology.first_addresses()
    far = [name for name in hosts[1:] if name in addresses]
    if hosts and hosts[0] in addresses and far:
        there = addresses[far[-1]].partition("/")[0]
        commands += [["ping", hosts[0], there], ["trace", hosts[0], there]]
    commands.append(["graph"])
    if output and any(node.programs() for node in topology.nodes):
        commands.append(["exec", hosts[0], "--", "cat", str(paths.OUTPUT)])
    return commands
