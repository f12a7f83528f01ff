"""The `links` of a topology: endpoints in containerlab's brief form or the extended one, rate and netem."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import yaml

from tunlab.labfile.cursor import Value, if_there
from tunlab.labfile.problems import shown
from tunlab.labfile.topology import keys
from tunlab.labfile.topology.addresses import address_of
from tunlab.labfile.topology.draft import Draft, Placed
from tunlab.labfile.topology.interface import check_mtu, new_device_name, read_interface, read_mtu
from tunlab.labfile.topology.netem import read_netem
from tunlab.labfile.topology.scalars import bits_per_second
from tunlab.labfile.values import node_name, split_endpoint
from tunlab.model.endpoint import Endpoint
from tunlab.model.interface import Interface
from tunlab.model.topology import Link

# Where containerlab's links lead that do not lead to a node.
_OUTSIDE = ("host", "mgmt-net", "macvlan", "vxlan", "vxlan-stitch", "veth-stitch", "dummy")


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a link as it is written, with what the link says for both ends."""

    value: Value
    at: Endpoint
    fields: Mapping[str, Value]


def read_link(value: Value, drafts: Mapping[str, Draft], used: dict[Endpoint, int]) -> Link:
    """A veth pair; `used` holds the line of each end that there is."""
    _refuse_outside(value)
    fields = keys.fields(value, keys.LINK, "endpoints")
    items = fields["endpoints"].items()
    if len(items) != 2:
        raise fields["endpoints"].error("lab_two_endpoints", count=len(items))
    ends = [_end(item, drafts) for item in items]
    for end in ends:
        drafts[end.at.node].faulty.add(end.at.device)  # until it is read
        _use(end, drafts[end.at.node], used)
    mtu = if_there(fields.get("mtu"), lambda each: read_mtu(each, "veth"))
    rate = if_there(fields.get("rate"), bits_per_second)
    netem = if_there(fields.get("netem"), read_netem)
    near, far = (_interface(end, place, fields, mtu, drafts[end.at.node]) for place, end in enumerate(ends))
    return Link((ends[0].at, ends[1].at), (near, far), rate, netem)


def _refuse_outside(value: Value) -> None:
    kind = value.entries().get("type")
    if kind is not None and kind.text() in _OUTSIDE:
        raise kind.error("topology_outside", name=shown(kind.text()))
    if kind is not None:
        kind.choice(("veth",))


def _end(value: Value, drafts: Mapping[str, Draft]) -> _End:
    if isinstance(value.node, yaml.ScalarNode):
        node, device = split_endpoint(value)
        at = Endpoint(_node(value, node, drafts), new_device_name(value, device))
        return _End(value, at, {})
    fields = keys.fields(value, keys.ENDPOINT, "node", "interface")
    node = _node(fields["node"], fields["node"].text(), drafts)
    at = Endpoint(node, new_device_name(fields["interface"], fields["interface"].text()))
    return _End(value, at, fields)


def _node(value: Value, name: str, drafts: Mapping[str, Draft]) -> str:
    if name in _OUTSIDE and name not in drafts:
        raise value.error("topology_outside", name=name)
    return node_name(value, drafts, name)


def _use(end: _End, draft: Draft, used: dict[Endpoint, int]) -> None:
    if end.at in used:
        raise end.value.error("lab_endpoint_twice", endpoint=end.at, first=used[end.at])
    if end.at.device in draft.placed:
        raise end.value.error("topology_is_device", endpoint=end.at, first=draft.placed[end.at.device].value.line)
    used[end.at] = end.value.line


def _interface(end: _End, place: int, link: Mapping[str, Value], mtu: int | None, draft: Draft) -> Interface:
    """What an end is given: what the link says for it, and what it says itself."""
    interface = read_interface(end.fields, "veth")
    fields = dict(end.fields)
    given: list[Value] = []
    for family in ("ipv4", "ipv6"):
        items = link[family].items() if family in link else []
        if len(items) > 2:
            raise link[family].error("topology_two_addresses", field=family, count=len(items))
        if family in end.fields and items:
            raise link[family].error("topology_addresses_here_and_there", field=family)
        if place < len(items):
            fields[family] = items[place]
            given.append(items[place])
    if interface.mtu or mtu:
        check_mtu(fields, interface.mtu or mtu or 0, end.fields.get("mtu") or link["mtu"])
    texts = tuple(address_of(item, item.name) for item in given)
    interface = replace(interface, mtu=interface.mtu or mtu, addresses=(*interface.addresses, *texts))
    if draft.node.kind == "bridge" and interface.master is None:
        interface = replace(interface, master=_bridge(end, draft))
    draft.placed[end.at.device] = Placed(end.value, interface, fields)
    draft.faulty.discard(end.at.device)
    return interface


def _bridge(end: _End, draft: Draft) -> str | None:
    bridges = draft.bridges()
    if len(bridges) > 1:
        raise end.value.error("topology_which_bridge", node=draft.node.name, known=", ".join(bridges))
    return bridges[0] if bridges else None
