"""The `check` of a step: what must be seen, each with an id and one kind of check."""

from collections.abc import Callable, Mapping

from tunlab.labfile import known
from tunlab.labfile.cursor import Value, choices, if_there
from tunlab.labfile.values import Scope, claim, endpoint, interface_address, program, slug
from tunlab.model.checks import AgreeCheck, Check, DeviceCheck, OutputCheck, PacketCheck, PacketFilter

LENGTH = "length"  # {check.length} in prose is the length of its packets

_DIRECTIONS = {"program": ("read", "written"), "capture": ("out", "in")}
_FILTER = ("at", "seen_by", "direction")
_FILTER_OPTIONAL = ("length", "what")
_MOST = 100_000

_Claims = tuple[str, ...]


def read_check(value: Value, scope: Scope, claims: _Claims) -> Check:
    """One check; `claims` are its step's, which it takes over unless it has its own."""
    fields = value.fields(("id",), ("claims", *_KINDS))
    identifier = slug(fields["id"])
    if identifier == LENGTH:
        raise fields["id"].error("lab_check_length")
    kind = value.one_of(fields, *_KINDS)
    own = if_there(fields.get("claims"), read_claims)
    return _KINDS[kind](fields[kind], identifier, own or claims, scope)


def read_claims(value: Value) -> _Claims:
    """A list of claims."""
    return tuple(claim(item) for item in value.items())


def _packets(value: Value, identifier: str, claims: _Claims, scope: Scope) -> Check:
    fields = value.fields((*_FILTER, "count"), _FILTER_OPTIONAL)
    return PacketCheck(identifier, claims, _filter(fields, scope), fields["count"].integer(0, _MOST))


def _device(value: Value, identifier: str, claims: _Claims, scope: Scope) -> Check:
    fields = value.fields(("at",), ("flags", "without", "state", "address", "addresses", "holder"))
    return DeviceCheck(
        identifier,
        claims,
        endpoint(fields["at"], scope.nodes),
        flags=if_there(fields.get("flags"), lambda flags: choices(flags, known.FLAGS)) or (),
        without=if_there(fields.get("without"), lambda flags: choices(flags, known.FLAGS)) or (),
        state=if_there(fields.get("state"), lambda state: state.choice(known.STATES)),
        address=if_there(fields.get("address"), interface_address),
        addresses=if_there(fields.get("addresses"), lambda count: count.integer(0, _MOST)),
        holder=if_there(fields.get("holder"), lambda holder: program(holder, scope).name),
    )


def _output(value: Value, identifier: str, claims: _Claims, scope: Scope) -> Check:
    fields = value.fields(("program", "line", "count"))
    name = program(fields["program"], scope).name
    return OutputCheck(identifier, claims, name, fields["line"].text(), fields["count"].integer(0, _MOST))


def _agree(value: Value, identifier: str, claims: _Claims, scope: Scope) -> Check:
    fields = value.fields(("program", "line", "packets", "count"))
    return AgreeCheck(
        identifier,
        claims,
        program(fields["program"], scope).name,
        fields["line"].text(),
        _filter(fields["packets"].fields(_FILTER, _FILTER_OPTIONAL), scope),
        fields["count"].integer(0, _MOST),
    )


def _filter(fields: Mapping[str, Value], scope: Scope) -> PacketFilter:
    seen_by = fields["seen_by"].choice(_DIRECTIONS)
    return PacketFilter(
        endpoint(fields["at"], scope.nodes),
        seen_by,
        fields["direction"].choice(_DIRECTIONS[seen_by]),
        length=if_there(fields.get("length"), lambda length: length.integer(1, 65549)),
        what=if_there(fields.get("what"), Value.text),
    )


_KINDS: Mapping[str, Callable[[Value, str, _Claims, Scope], Check]] = {
    "packets": _packets,
    "device": _device,
    "output": _output,
    "agree": _agree,
}
