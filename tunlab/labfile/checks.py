"""The `check` of a step: what must be seen, each with an id and one kind of check."""

import re
from collections.abc import Callable, Mapping

from tunlab.labfile import known
from tunlab.labfile.cursor import Value, choices, if_there
from tunlab.labfile.problems import shown
from tunlab.labfile.values import (
    Scope,
    claim,
    endpoint,
    header_field,
    interface_address,
    node_name,
    program,
    slug,
    traced_place,
)
from tunlab.messages import why_en
from tunlab.model.checks import (
    AgreeCheck,
    Check,
    CounterCheck,
    CrossingsCheck,
    DeviceCheck,
    FieldCheck,
    LengthCheck,
    OutputCheck,
    PacketCheck,
    PacketFilter,
    PrintedCheck,
    RatioCheck,
    TracedCheck,
)
from tunlab.model.trace import BACK, STATES, THERE

LENGTH = "length"  # {check.length} in prose is the length of its packets

_DIRECTIONS = {"program": ("read", "written"), "capture": ("out", "in")}
_FILTER = ("at", "seen_by", "direction")
_FILTER_OPTIONAL = ("length", "what", "program", "data", "text")
_AMOUNT = ("count", "at_least")
_DEVICE = ("flags", "without", "state", "address", "addresses", "holder", "holders", "peer", "link", "mtu")
_GAP = "{value}"
_MOST = 100_000
_REASONS = tuple(key.removeprefix("why_") for key in why_en.SENTENCES)
_LONGEST = 65549  # bytes: an IP packet, with an Ethernet header in front

_Claims = tuple[str, ...]


def read_check(value: Value, scope: Scope, claims: _Claims) -> Check:
    """One check; `claims` are its step's, which it takes over unless it has its own."""
    fields = value.fields(("id",), ("claims", "kernel", *_KINDS))
    identifier = slug(fields["id"])
    if identifier == LENGTH:
        raise fields["id"].error("lab_check_length")
    kind = value.one_of(fields, *_KINDS)
    own = if_there(fields.get("claims"), lambda there: read_claims(there, scope))
    return _KINDS[kind](fields[kind], identifier, own or claims, scope)


def read_claims(value: Value, scope: Scope) -> _Claims:
    """A list of claims. Lint alone tells of one that the section does not know."""
    items = value.items()
    claims = tuple(claim(item) for item in items)
    for item, name in zip(items, claims, strict=True):
        if scope.claims is not None and name not in scope.claims:
            value.source.problems.advice.append(item.error("lab_claim_unknown", claim=name))
    return claims


def _packets(value: Value, identifier: str, claims: _Claims, scope: Scope) -> Check:
    fields = value.fields(_FILTER, (*_FILTER_OPTIONAL, *_AMOUNT, "each"))
    wanted = _filter(value, fields, scope)
    each = "each" in fields and fields["each"].choice(("true",)) == "true"
    if each and wanted.seen_by != "program":
        raise fields["each"].error("lab_told_by_program", name="each")
    return PacketCheck(identifier, claims, wanted, *_amount(value, fields), each=each)


def _length(value: Value, identifier: str, claims: _Claims, scope: Scope) -> Check:
    fields = value.fields((*_FILTER, "bytes"), _FILTER_OPTIONAL)
    return LengthCheck(identifier, claims, _filter(value, fields, scope), fields["bytes"].integer(1, _LONGEST))


def _device(value: Value, identifier: str, claims: _Claims, scope: Scope) -> Check:
    fields = value.fields(("at",), (*_DEVICE, "gone"))
    if "gone" in fields:
        fields["gone"].choice(("true",))
        if others := [name for name in _DEVICE if name in fields]:
            raise fields["gone"].error("lab_gone", name=others[0])
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
        holders=if_there(fields.get("holders"), lambda count: count.integer(0, _MOST)),
        peer=if_there(fields.get("peer"), lambda peer: endpoint(peer, scope.nodes)),
        link=if_there(fields.get("link"), lambda link: link.choice(known.LINK_LAYERS)),
        mtu=if_there(fields.get("mtu"), lambda mtu: mtu.integer(68, 65535)),
        gone="gone" in fields,
    )


def _counters(value: Value, identifier: str, claims: _Claims, scope: Scope) -> Check:
    fields = value.fields(("at", "counter"), _AMOUNT)
    at = endpoint(fields["at"], scope.nodes)
    return CounterCheck(identifier, claims, at, fields["counter"].choice(known.COUNTERS), *_amount(value, fields))


def _output(value: Value, identifier: str, claims: _Claims, scope: Scope) -> Check:
    fields = value.fields(("line",), ("program", *_AMOUNT))
    return OutputCheck(identifier, claims, _name(fields, scope), fields["line"].text(), *_amount(value, fields))


def _printed(value: Value, identifier: str, claims: _Claims, scope: Scope) -> Check:
    fields = value.fields(("line", "value"), ("program",))
    line = fields["line"].text()
    if line.count(_GAP) != 1:
        raise fields["line"].error("lab_gap", value=shown(line))
    return PrintedCheck(identifier, claims, line, fields["value"].text(), _name(fields, scope))


def _agree(value: Value, identifier: str, claims: _Claims, scope: Scope) -> Check:
    fields = value.fields(("program", "line", "packets"), _AMOUNT)
    packets = fields["packets"]
    return AgreeCheck(
        identifier,
        claims,
        program(fields["program"], scope).name,
        fields["line"].text(),
        _filter(packets, packets.fields(_FILTER, _FILTER_OPTIONAL), scope),
        *_amount(value, fields),
    )


def _traced(value: Value, identifier: str, claims: _Claims, scope: Scope) -> Check:
    fields = value.fields((), ("state", "last", "why"))
    state = if_there(fields.get("state"), lambda state: state.choice(STATES))
    if "why" in fields and state == "answered":
        raise fields["why"].error("lab_traced_why")
    return TracedCheck(
        identifier,
        claims,
        state,
        if_there(fields.get("last"), lambda last: traced_place(last, scope.nodes)),
        if_there(fields.get("why"), lambda why: why.choice(_REASONS)),
    )


def _field(value: Value, identifier: str, claims: _Claims, scope: Scope) -> Check:
    fields = value.fields((*_FILTER, "field", "value"), _FILTER_OPTIONAL)
    wanted = _filter(value, fields, scope)
    return FieldCheck(identifier, claims, wanted, header_field(fields["field"]), fields["value"].text())


def _crossings(value: Value, identifier: str, claims: _Claims, scope: Scope) -> Check:
    fields = value.fields(("node", "way", "count"))
    node = node_name(fields["node"], scope.nodes)
    return CrossingsCheck(
        identifier, claims, node, fields["way"].choice((THERE, BACK)), fields["count"].integer(0, _MOST)
    )


def _ratio(value: Value, identifier: str, claims: _Claims, scope: Scope) -> Check:
    fields = value.fields(("of", "more", "less", "at_least"))
    return RatioCheck(
        identifier,
        claims,
        fields["of"].choice(("throughput", "round_trip")),
        slug(fields["more"]),
        slug(fields["less"]),
        fields["at_least"].integer(1, _MOST),
    )


def _filter(value: Value, fields: Mapping[str, Value], scope: Scope) -> PacketFilter:
    seen_by = fields["seen_by"].choice(_DIRECTIONS)
    if "program" in fields and seen_by != "program":
        raise fields["program"].error("lab_told_by_program", name="program")
    return PacketFilter(
        endpoint(fields["at"], scope.nodes),
        seen_by,
        fields["direction"].choice(_DIRECTIONS[seen_by]),
        length=if_there(fields.get("length"), lambda length: length.integer(1, _LONGEST)),
        what=if_there(fields.get("what"), Value.text),
        program=_name(fields, scope),
        data=if_there(fields.get("data"), _hexadecimal),
        text=if_there(fields.get("text"), Value.text),
    )


def _amount(value: Value, fields: Mapping[str, Value]) -> tuple[int, bool]:
    """How many, and whether more will do: at least none would be no demand."""
    name = value.one_of(fields, *_AMOUNT)
    at_least = name == "at_least"
    return fields[name].integer(int(at_least), _MOST), at_least


def _name(fields: Mapping[str, Value], scope: Scope) -> str | None:
    return if_there(fields.get("program"), lambda name: program(name, scope).name)


def _hexadecimal(value: Value) -> str:
    text = value.text().lower()
    if not re.fullmatch("([0-9a-f]{2})+", text):
        raise value.error("lab_hexadecimal", value=shown(text))
    return text


_KINDS: Mapping[str, Callable[[Value, str, _Claims, Scope], Check]] = {
    "packets": _packets,
    "length": _length,
    "device": _device,
    "counters": _counters,
    "output": _output,
    "printed": _printed,
    "agree": _agree,
    "traced": _traced,
    "field": _field,
    "crossings": _crossings,
    "ratio": _ratio,
}
