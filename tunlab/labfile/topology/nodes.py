"""The `nodes` of a topology, each with what its kind and the defaults say, merged as containerlab does.

What is nearer wins: a node's own before its kind's, that before the defaults. Mappings are merged by key; `exec` lists
are put one behind the other, the defaults' first.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tunlab.labfile.cursor import Value, is_empty
from tunlab.labfile.problems import shown
from tunlab.labfile.topology import keys
from tunlab.labfile.topology.devices import read_device
from tunlab.labfile.topology.draft import Draft
from tunlab.labfile.values import declared_name, is_sysctl
from tunlab.model.topology import KINDS, Node


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place of the file says of nodes; `devices` are read once more for each node that has them."""

    kind: str | None = None
    sysctls: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[tuple[str, ...], ...] = ()
    devices: Mapping[str, Value] = field(default_factory=dict)
    faulty: frozenset[str] = frozenset()


def read_nodes(value: Value, defaults: Value | None, kinds: Value | None) -> dict[str, Draft]:
    """The nodes by name. A faulty one keeps its name, so that links to it are not blamed too."""
    problems = value.source.problems
    common, of_kind = Layer(), {}
    if defaults:
        with problems.collect():
            common = _layer(defaults, keys.NODE)
    for name, entry in _kinds(kinds):
        with problems.collect():
            of_kind[name] = _layer(entry, keys.KIND)
    drafts: dict[str, Draft] = {}
    for name, entry in value.entries().items():
        drafts[name] = Draft(Node(name), entry)
        with problems.collect():
            declared_name(entry)
            own = _layer(entry, keys.NODE)
            kind = own.kind or common.kind or "host"
            drafts[name] = _merged(entry, kind, (common, of_kind.get(kind, Layer()), own))
    return drafts


def _kinds(value: Value | None) -> Iterator[tuple[str, Value]]:
    for name, entry in value.entries().items() if value else ():
        with entry.source.problems.collect():
            if name not in KINDS:
                raise entry.unknown("lab_unknown_value", name, KINDS, field="kinds")
            yield name, entry


def _layer(value: Value, known: tuple[str, ...]) -> Layer:
    fields = keys.fields(value, known)
    faulty: set[str] = set()
    devices: dict[str, Value] = {}
    for name, entry in _entries(fields, "devices").items():
        faulty.add(name)
        with entry.source.problems.collect():
            read_device(entry, "")
            devices[name] = entry
            faulty.remove(name)
    return Layer(
        fields["kind"].choice(KINDS) if "kind" in fields else None,
        {key: _sysctl(key, entry) for key, entry in _entries(fields, "sysctl").items()},
        {key: _variable(key, entry) for key, entry in _entries(fields, "env").items()},
        tuple(_command(item) for item in fields["exec"].items()) if "exec" in fields else (),
        devices,
        frozenset(faulty),
    )


def _merged(value: Value, kind: str, layers: tuple[Layer, ...]) -> Draft:
    node = Node(
        value.name,
        tuple({key: text for layer in layers for key, text in layer.sysctls.items()}.items()),
        kind,
        commands=tuple(command for layer in layers for command in layer.commands),
        environment=tuple({key: text for layer in layers for key, text in layer.environment.items()}.items()),
    )
    draft = Draft(node, value, faulty=set().union(*(layer.faulty for layer in layers)))
    for entry in {name: entry for layer in layers for name, entry in layer.devices.items()}.values():
        draft.add_device(read_device(entry, value.name), entry)
    draft.complete_bridge()
    return draft


def _entries(fields: Mapping[str, Value], key: str) -> dict[str, Value]:
    return {} if key not in fields or is_empty(fields[key]) else fields[key].entries()


def _sysctl(key: str, value: Value) -> str:
    if not is_sysctl(key):
        raise value.error("lab_bad_sysctl", value=shown(key))
    return value.text()


def _variable(key: str, value: Value) -> str:
    if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", key):
        raise value.error("topology_bad_variable", name=shown(key))
    return value.text()


def _command(value: Value) -> tuple[str, ...]:
    """A line split into words as a shell does it, without a shell to run it."""
    try:
        words = tuple(shlex.split(value.text()))
    except ValueError:
        words = ()
    if not words:
        raise value.error("topology_bad_command", value=shown(value.text()))
    return words
