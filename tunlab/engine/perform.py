"""Carries a verb out on a stage, and logs it with the command that a person would type."""

import shlex

from tunlab.engine.ping import ping
from tunlab.engine.stage import Stage
from tunlab.errors import KernelError, TunlabError
from tunlab.kernel import probe, sysctl, tuntap
from tunlab.model.events import Action
from tunlab.model.verbs import (
    AddAddress,
    AddDevice,
    AddRoute,
    DeleteDevice,
    Execute,
    Ping,
    SetLink,
    SetSysctl,
    StartProgram,
    StopProgram,
    Verb,
)

EXEC_PATIENCE = 30.0  # seconds


def perform(stage: Stage, verb: Verb) -> None:
    """Carry a verb out. Raises TunlabError where it fails; the log has it either way."""
    error: str | None = None
    try:
        _perform(stage, verb)
    except TunlabError as refused:
        error = refused.errno_name if isinstance(refused, KernelError) else refused.key
        raise
    except BaseException:
        error = "interrupted"
        raise
    finally:
        for command in verb.commands():
            stage.log.add(Action(stage.log.step, verb.verb, verb.node, shlex.join(command), error))


def _perform(stage: Stage, verb: Verb) -> None:
    node = stage.nodes[verb.node]
    match verb:
        case AddDevice(at, kind, peer):
            if peer is not None:
                node.netlink.add_veth(at.device, peer.device, stage.nodes[peer.node].namespace)
            elif kind in ("tun", "tap"):
                with node.namespace.entered():
                    tuntap.add_persistent(at.device, kind)
            else:
                node.netlink.add_device(at.device, kind)
        case DeleteDevice(at):
            node.netlink.delete_device(at.device)
        case SetLink(at, state, mtu, master):
            node.netlink.set_link(at.device, state, mtu, master)
        case AddAddress(at, address):
            node.netlink.add_address(at.device, address)
            stage.hosts.learn(verb.node, address)
        case AddRoute(_, to, via, device):
            node.netlink.add_route(to, via, device)
        case SetSysctl(_, key, value):
            if key.startswith("net.ipv6.") and probe.missing("ipv6"):
                return  # a kernel without IPv6 has nothing to set
            with node.namespace.entered():
                sysctl.write(key, value)
        case StartProgram(program):
            stage.programs.start(program)
        case StopProgram(program):
            stage.programs.stop(program)
        case Ping():
            ping(stage, verb)
        case Execute(_, command):
            stage.programs.run(verb.node, command, EXEC_PATIENCE)
