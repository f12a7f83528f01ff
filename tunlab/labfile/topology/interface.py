"""What the file says of a device whatever its kind: MTU, addresses, master, state."""

from collections.abc import Mapping

from tunlab.labfile.cursor import Value, if_there
from tunlab.labfile.topology.addresses import addresses
from tunlab.labfile.topology.scalars import hardware_address
from tunlab.labfile.values import device_name
from tunlab.model.interface import Interface
from tunlab.model.node_devices import NO_PORTS, WITHOUT_LINK_LAYER

_LEAST_MTU, _MOST_MTU = 68, 65535  # IPv4's, RFC 791, and ETH_MAX_MTU of the kernel
_LEAST_MTU_IPV6 = 1280  # RFC 8200
_MOST_MTU_TAP = 65521  # less by an Ethernet header: tun_net_initialize() in the kernel


def new_device_name(value: Value, name: str) -> str:
    """A name that the kernel takes for a device, and that no device has yet in a new node."""
    if name == "lo":
        raise value.error("topology_lo")
    return device_name(value, name)


def read_interface(fields: Mapping[str, Value], kind: str) -> Interface:
    """What a device of this kind is given."""
    if "mac" in fields and kind in WITHOUT_LINK_LAYER:
        raise fields["mac"].error("topology_no_mac", kind=kind)
    if "mac" in fields and kind == "ipvlan":
        raise fields["mac"].error("topology_mac_below")
    if "master" in fields and kind == "tun":
        raise fields["master"].error("topology_master_tun")
    if "master" in fields and kind in NO_PORTS:
        raise fields["master"].error("topology_master_kind", kind=kind)
    mtu = if_there(fields.get("mtu"), lambda value: read_mtu(value, kind))
    if mtu is not None:
        check_mtu(fields, mtu, fields["mtu"])
    ipv4, ipv6 = (if_there(fields.get(family), addresses) or () for family in ("ipv4", "ipv6"))
    return Interface(
        mtu,
        if_there(fields.get("mac"), hardware_address),
        (*ipv4, *ipv6),
        if_there(fields.get("master"), lambda value: device_name(value, value.text())),
        if_there(fields.get("state"), lambda value: value.choice(("up", "down"))),
    )


def read_mtu(value: Value, kind: str) -> int:
    """An MTU in bytes that a device of this kind takes."""
    return value.integer(_LEAST_MTU, _MOST_MTU_TAP if kind == "tap" else _MOST_MTU)


def check_mtu(fields: Mapping[str, Value], mtu: int, value: Value) -> None:
    """A device with IPv6 addresses has an MTU with which the kernel leaves it IPv6."""
    if mtu < _LEAST_MTU_IPV6 and "ipv6" in fields:
        raise value.error("topology_mtu_ipv6", value=mtu, least=_LEAST_MTU_IPV6)
