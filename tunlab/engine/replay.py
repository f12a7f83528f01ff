"""What it takes to come back to where a step begins: of all that was done before, what is still there.

A tun device that came with a program goes with it, and with the device its address: neither is made again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_interface

from tunlab.model.topology import Endpoint
from tunlab.model.verbs import (
    AddAddress,
    AddDevice,
    AddRoute,
    DeleteDevice,
    Execute,
    SetLink,
    SetSysctl,
    StartProgram,
    StopProgram,
    Verb,
)

_OF_DEVICE = re.compile(r"net\.ipv[46]\.(?:conf|neigh)\.([^.]+)\.")


@dataclass
class _Life:
    """A device, or a program without one, from when it comes into being; `verbs` are those that concern it."""

    began: bool = False
    persistent: bool = False
    holders: set[str] = field(default_factory=set)
    verbs: list[int] = field(default_factory=list)

    def live(self, verb: Verb) -> bool:
        """Take a verb in; whether the device is still there."""
        match verb:
            case StartProgram(program):
                self.began = True
                self.holders.add(program.name)
            case StopProgram(program):
                self.holders.discard(program.name)
            case AddDevice():
                self.began = self.persistent = True
            case DeleteDevice():
                self.persistent = False
        return bool(self.holders or self.persistent or not self.began)


def lasting(done: Sequence[Verb]) -> list[Verb]:
    """The verbs, in their order, whose effect is still there once all of them have been carried out.

    Acts of the moment, such as a ping, leave nothing.
    """
    verbs = [verb for verb in done if verb.changes_state or _lasts(verb)]
    lives: dict[Endpoint, _Life] = {}
    over: set[int] = set()
    for number, verb in enumerate(verbs):
        if isinstance(verb, AddDevice) and verb.peer:
            lives[verb.at] = lives[verb.peer] = _Life()  # one end does not outlive the other
        for place in dict.fromkeys((*_places(verb), *_reached(verb, verbs[:number]))):
            life = lives.setdefault(place, _Life())
            life.verbs.append(number)
            if not life.live(verb):
                over.update(life.verbs)
                lives = {at: each for at, each in lives.items() if each is not life}
    return [verb for number, verb in enumerate(verbs) if number not in over]


def _lasts(verb: Verb) -> bool:
    return isinstance(verb, StartProgram | StopProgram) or (isinstance(verb, Execute) and verb.lasting)


def places(done: Sequence[Verb]) -> set[Endpoint]:
    """The devices that these verbs concern."""
    return {place for verb in done for place in _places(verb)}


def _reached(verb: Verb, before: Sequence[Verb]) -> tuple[Endpoint, ...]:
    """The device by which a route's gateway is reached, where the verbs before it gave that one its address."""
    match verb:
        case AddRoute(node, via=str(via), device=None):
            for each in reversed(before):
                if isinstance(each, AddAddress) and each.at.node == node and _covers(each.address, via):
                    return (each.at,)
    return ()


def _covers(address: str, other: str) -> bool:
    return ip_address(other) in ip_interface(address).network


def _places(verb: Verb) -> tuple[Endpoint, ...]:
    """The devices that a verb concerns; a program without one stands for itself."""
    match verb:
        case StartProgram(program) | StopProgram(program):
            return (program.device or Endpoint(program.node, f"program {program.name}"),)
        case SetLink(at, master=str(master)):
            return at, Endpoint(at.node, master)
        case AddDevice(at) | DeleteDevice(at) | SetLink(at) | AddAddress(at):
            return (at,)
        case AddRoute(node, device=str(device)):
            return (Endpoint(node, device),)
        case SetSysctl(node, key) if (found := _OF_DEVICE.match(key)) and found[1] not in ("all", "default"):
            return (Endpoint(node, found[1]),)
    return ()
