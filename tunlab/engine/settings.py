"""Sets a sysctl of a node, as a verb does."""

from tunlab.engine.node import RunningNode
from tunlab.kernel import probe, sysctl
from tunlab.model.verbs import SetSysctl


def write_sysctl(node: RunningNode, verb: SetSysctl) -> None:
    """Set it. A kernel without IPv6 has nothing to set under net.ipv6. Raises KernelError."""
    if verb.key.startswith("net.ipv6.") and probe.missing("ipv6"):
        return
    with node.namespace.entered():
        sysctl.write(verb.key, verb.value)
