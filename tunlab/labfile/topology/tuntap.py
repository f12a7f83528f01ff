"""A tun or tap device, and the program at its far end."""

import re
from collections.abc import Mapping

import yaml

from tunlab.labfile import known
from tunlab.labfile.cursor import Value, if_there, texts
from tunlab.labfile.problems import shown
from tunlab.labfile.topology import keys
from tunlab.labfile.topology.scalars import yes
from tunlab.model.endpoint import Endpoint
from tunlab.model.interface import Interface
from tunlab.model.node_devices import TunTap
from tunlab.model.program import Program, command_name

_ITS_OWN_AFFAIR = ("packet_information", "multi_queue", "vnet_header", "owner")


def read_tuntap(value: Value, fields: Mapping[str, Value], interface: Interface, node: str) -> TunTap:
    """The device. Without a program it stays by itself; a program of its own makes it, unless the file says other."""
    kind = fields["type"].text()
    program = if_there(fields.get("program"), lambda each: _program(each, Endpoint(node, value.name), kind))
    persistent = yes(fields["persistent"]) if "persistent" in fields else program is None
    if program is None and not persistent:
        raise fields["persistent"].error("topology_held_by_nobody")
    for key in _ITS_OWN_AFFAIR:
        if key in fields and not persistent:
            raise fields[key].error("topology_program_decides", field=key)
    information, queues, header = (if_there(fields.get(key), yes) or False for key in _ITS_OWN_AFFAIR[:3])
    owner = if_there(fields.get("owner"), _user)
    return TunTap(value.name, kind, interface, persistent, information, queues, header, owner, program)


def _program(value: Value, at: Endpoint, kind: str) -> Program:
    """`program: echo` is one of ours; a mapping has its arguments too, or a command of the system."""
    if isinstance(value.node, yaml.ScalarNode):
        module = _module(value, kind)
        return Program(module, at.node, module=module, arguments=_arguments(at), device=at)
    fields = value.fields((), keys.PROGRAM)
    way = value.one_of(fields, "module", "words")
    if "arguments" in fields and way == "words":
        raise fields["arguments"].error("topology_arguments_of_words")
    ready = if_there(fields.get("ready"), Value.text)
    if way == "words":
        words = texts(fields["words"])
        return Program(command_name(words), at.node, words=words, device=at, ready=ready)
    more = if_there(fields.get("arguments"), texts) or ()
    module = _module(fields["module"], kind)
    return Program(module, at.node, module=module, arguments=(*_arguments(at), *more), device=at, ready=ready)


def _module(value: Value, kind: str) -> str:
    name = value.text()
    other = "tap" if kind == "tun" else "tun"
    if name in known.far_ends(other):
        raise value.error("topology_program_of_tap" if other == "tap" else "topology_program_of_tun", name=name)
    return value.choice(known.far_ends(kind))


def _arguments(at: Endpoint) -> tuple[str, ...]:
    return ("--device", at.device)


def _user(value: Value) -> str:
    text = value.text()
    if not re.fullmatch(r"[0-9]{1,9}|[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?", text):
        raise value.error("topology_bad_user", value=shown(text))
    return text
