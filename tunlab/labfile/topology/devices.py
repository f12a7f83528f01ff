"""The `devices` of a node: each a mapping with a `type`, and the keys that go with it."""

import ipaddress
from collections.abc import Callable, Mapping

from tunlab.labfile.cursor import Value, if_there
from tunlab.labfile.topology import keys
from tunlab.labfile.topology.interface import new_device_name, read_interface
from tunlab.labfile.topology.scalars import yes
from tunlab.labfile.topology.tuntap import read_tuntap
from tunlab.labfile.topology.wireguard import read_wireguard
from tunlab.labfile.values import address, device_name
from tunlab.model.interface import Interface
from tunlab.model.node_devices import BridgeDevice, Device, DummyDevice, IpTunnel, OnDevice, VxlanDevice

Fields = Mapping[str, Value]

_VNI_MOST = 2**24 - 1  # RFC 7348
_VXLAN_PORT = 4789  # the same; the kernel would take 8472, from before there was a number
_VLAN_MOST = 4094  # IEEE 802.1Q; 0 and 4095 mean something else
_KEY_MOST = 999_999_999
# The first is what a device is without `mode`.
MODES = {"macvlan": ("bridge", "private", "vepa", "passthru"), "ipvlan": ("l2", "l3", "l3s")}
_REQUIRED = {
    "vxlan": ("id",),
    "macvlan": ("link",),
    "ipvlan": ("link",),
    "vlan": ("link", "id"),
    "ipip": ("remote",),
    "gre": ("remote",),
}


def read_device(value: Value, node: str) -> Device:
    """One device; the key that it stands under is its name."""
    new_device_name(value, value.name)
    kind_of = value.entries().get("type")
    if kind_of is None:
        raise value.error("lab_missing_key", field=value.name, name="type")
    kind = kind_of.choice(keys.DEVICES)
    known = ("type", *keys.INTERFACE, *keys.DEVICES[kind])
    fields = keys.fields(value, known, "type", *_REQUIRED.get(kind, ()))
    return _READERS[kind](value, fields, read_interface(fields, kind), node)


def _bridge(value: Value, fields: Fields, interface: Interface, _node: str) -> Device:
    stp, filtering = (if_there(fields.get(key), yes) or False for key in keys.DEVICES["bridge"])
    return BridgeDevice(value.name, interface, stp, filtering)


def _vxlan(value: Value, fields: Fields, interface: Interface, _node: str) -> Device:
    remote, group, local = (if_there(fields.get(key), address) for key in ("remote", "group", "local"))
    if remote and group:
        raise fields["group"].error("topology_remote_and_group")
    if remote and ipaddress.ip_address(remote).is_multicast:
        raise fields["remote"].error("topology_remote_is_group", value=remote)
    if group and not ipaddress.ip_address(group).is_multicast:
        raise fields["group"].error("topology_group_is_remote", value=group)
    if group and "dev" not in fields:
        raise fields["group"].error("topology_group_needs_dev")
    _same_family(fields, remote or group, local)
    number = fields["id"].integer(0, _VNI_MOST)
    port = if_there(fields.get("port"), lambda port: port.integer(1, 65535)) or _VXLAN_PORT
    return VxlanDevice(value.name, number, interface, remote, group, local, port, _below(fields, "dev"))


def _on_device(value: Value, fields: Fields, interface: Interface, _node: str) -> Device:
    kind = fields["type"].text()
    mode = if_there(fields.get("mode"), lambda mode: mode.choice(MODES[kind])) or MODES.get(kind, (None,))[0]
    number = if_there(fields.get("id"), lambda number: number.integer(1, _VLAN_MOST))
    return OnDevice(value.name, kind, _below(fields, "link") or "", interface, mode, number)


def _dummy(value: Value, _fields: Fields, interface: Interface, _node: str) -> Device:
    return DummyDevice(value.name, interface)


def _ip_tunnel(value: Value, fields: Fields, interface: Interface, _node: str) -> Device:
    local = if_there(fields.get("local"), _ipv4)
    ttl = if_there(fields.get("ttl"), lambda ttl: ttl.integer(1, 255))
    key = if_there(fields.get("key"), lambda key: key.integer(0, _KEY_MOST))
    kind, remote = fields["type"].text(), _ipv4(fields["remote"])
    return IpTunnel(value.name, kind, remote, interface, local, ttl, key, _below(fields, "dev"))


def _ipv4(value: Value) -> str:
    text = address(value)
    if ":" in text:
        raise value.error("topology_outer_ipv4", field=value.name, value=text)
    return text


def _below(fields: Fields, key: str) -> str | None:
    return if_there(fields.get(key), lambda value: device_name(value, value.text()))


def _same_family(fields: Fields, far: str | None, near: str | None) -> None:
    if far and near and (":" in far) != (":" in near):
        raise fields["local"].error("lab_route_families", to=far, via=near)


_READERS: Mapping[str, Callable[[Value, Fields, Interface, str], Device]] = {
    "tun": read_tuntap,
    "tap": read_tuntap,
    "bridge": _bridge,
    "vxlan": _vxlan,
    "macvlan": _on_device,
    "ipvlan": _on_device,
    "vlan": _on_device,
    "dummy": _dummy,
    "ipip": _ip_tunnel,
    "gre": _ip_tunnel,
    "wireguard": read_wireguard,
}
