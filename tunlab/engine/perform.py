"""Carries a verb out on a stage, and logs it with the command that a person would type."""

import shlex

from tunlab.engine.measuring import measure
from tunlab.engine.ping import ping
from tunlab.engine.settings import write_sysctl
from tunlab.engine.stage import EXEC_PATIENCE, Stage
from tunlab.engine.tracing import trace
from tunlab.errors import KernelError, TunlabError
from tunlab.kernel import tuntap
from tunlab.model.events import Action
from tunlab.model.topology import Endpoint
from tunlab.model.verbs import (
    AddAddress,
    AddDevice,
    AddRoute,
    DeleteDevice,
    Execute,
    Measure,
    Ping,
    SetLink,
    SetSysctl,
    SignalProgram,
    StartProgram,
    StopProgram,
    Trace,
    Verb,
)

CARRIER_PATIENCE = 5.0  # seconds; linkwatch takes at most one


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
            if state == "up":
                stage.loop.wait(lambda: _settled(stage, at), CARRIER_PATIENCE)
        case AddAddress(at, address):
            node.netlink.add_address(at.device, address)
            stage.hosts.learn(verb.node, address)
        case AddRoute(_, to, via, device):
            node.netlink.add_route(to, via, device)
        case SetSysctl():
            write_sysctl(node, verb)
        case StartProgram(program):
            stage.programs.start(program)
        case StopProgram(program):
            stage.programs.stop(program)
        case SignalProgram(program, name):
            stage.programs.signal(program, name)
        case Ping():
            ping(stage, verb)
        case Trace():
            trace(stage, verb)
        case Measure():
            measure(stage, verb)
        case Execute(_, command, status):
            stage.programs.run(verb.node, command, EXEC_PATIENCE, status)


def _settled(stage: Stage, at: Endpoint) -> bool:
    """Whether the kernel has drawn its conclusions from a carrier (linkwatch does so a little later).

    Until then it drops what is sent, at the other end of a veth pair too.
    """
    devices = stage.devices
    devices.look(at)
    ends = [seen for end in (at, devices.peer_of(at)) if end and (seen := stage.evidence.device(end))]
    return not any("LOWER_UP" in seen.flags and seen.state == "DOWN" for seen in ends)
