"""Sets a sysctl of a node, as a verb does and as the topology asks before there are devices."""

import shlex

from tunlab.engine.node import RunningNode
from tunlab.kernel import probe, sysctl
from tunlab.model.events import Action
from tunlab.model.verbs import SetSysctl
from tunlab.session.log import EventLog


def write_sysctl(node: RunningNode, verb: SetSysctl) -> None:
    """Set it. A kernel without IPv6 has nothing to set under net.ipv6. Raises KernelError."""
    if verb.key.startswith("net.ipv6.") and probe.missing("ipv6"):
        return
    with node.namespace.entered():
        sysctl.write(verb.key, verb.value)


def set_sysctl(node: RunningNode, verb: SetSysctl, log: EventLog) -> None:
    """Set it before any step, and log it so."""
    write_sysctl(node, verb)
    for command in verb.commands():
        log.add(Action("", verb.verb, verb.node, shlex.join(command)))
