"""What each kind of device is told when it is made: the IFLA_ attributes of a device of a topology (linux/if_link.h).

Of linux/if_tunnel.h: those of ipip and gre. The numbers stand beside the names that these headers give them.
"""

import struct
from collections.abc import Mapping
from ipaddress import ip_address

from tunlab.kernel.rtnetlink import IFLA_LINK, attribute, u8, u16, u32
from tunlab.model.node_devices import BridgeDevice, Device, IpTunnel, OnDevice, VxlanDevice

# What modprobe(8) loads for a kind, where that is not the kind's own name.
MODULES: Mapping[str, str] = {"vlan": "8021q", "gre": "ip_gre"}

_BR_STP_STATE, _BR_VLAN_FILTERING = 5, 7
_VXLAN_ID, _VXLAN_GROUP, _VXLAN_LINK, _VXLAN_LOCAL, _VXLAN_PORT, _VXLAN_GROUP6, _VXLAN_LOCAL6 = 1, 2, 3, 4, 15, 16, 17
_MACVLAN_MODE, _IPVLAN_MODE, _VLAN_ID = 1, 1, 1
_MACVLAN_MODES = {"private": 1, "vepa": 2, "bridge": 4, "passthru": 8}
_IPVLAN_MODES = {"l2": 0, "l3": 1, "l3s": 2}
_IPTUN_LINK, _IPTUN_LOCAL, _IPTUN_REMOTE, _IPTUN_TTL = 1, 2, 3, 4
_GRE_LINK, _GRE_IFLAGS, _GRE_OFLAGS, _GRE_IKEY, _GRE_OKEY, _GRE_LOCAL, _GRE_REMOTE, _GRE_TTL = 1, 2, 3, 4, 5, 6, 7, 8
_GRE_KEY = 0x2000


def options(device: Device, lower: int) -> tuple[bytes, bytes]:
    """(options of the kind, attributes of the device) for rtnetlink.new_link.

    `lower` is the index of the device that it lies on, 0 for none.
    """
    match device:
        case BridgeDevice():
            filtering = u8(_BR_VLAN_FILTERING, 1) if device.vlan_filtering else b""  # a kernel may be without it
            return u32(_BR_STP_STATE, device.stp) + filtering, b""
        case VxlanDevice():
            return _vxlan(device, lower), b""
        case OnDevice():
            return _on_device(device), u32(IFLA_LINK, lower)
        case IpTunnel(kind="gre"):
            return _gre(device, lower), b""
        case IpTunnel():
            return _ipip(device, lower), b""
    return b"", b""


def words(device: Device) -> str:
    """What stands behind the kind in the command of ip-link(8)."""
    said: dict[str, object] = {}
    match device:
        case BridgeDevice():
            said = {"stp_state": int(device.stp) or None, "vlan_filtering": int(device.vlan_filtering) or None}
        case VxlanDevice():
            said = {"id": device.id, "remote": device.remote, "group": device.group, "local": device.local}
            said |= {"dstport": device.port, "dev": device.device}
        case OnDevice():
            said = {"id": device.id, "mode": device.mode}
        case IpTunnel():
            said = {"remote": device.remote, "local": device.local, "ttl": device.ttl, "key": device.key}
            said["dev"] = device.device
    return "".join(f" {name} {value}" for name, value in said.items() if value is not None)


def _vxlan(device: VxlanDevice, lower: int) -> bytes:
    made = u32(_VXLAN_ID, device.id) + attribute(_VXLAN_PORT, struct.pack("!H", device.port))
    if lower:
        made += u32(_VXLAN_LINK, lower)
    if far := device.remote or device.group:
        made += attribute(_VXLAN_GROUP6 if ":" in far else _VXLAN_GROUP, ip_address(far).packed)
    if device.local:
        made += attribute(_VXLAN_LOCAL6 if ":" in device.local else _VXLAN_LOCAL, ip_address(device.local).packed)
    return made


def _on_device(device: OnDevice) -> bytes:
    if device.kind == "vlan":
        return u16(_VLAN_ID, device.id or 0)
    if device.kind == "ipvlan":
        return u16(_IPVLAN_MODE, _IPVLAN_MODES[device.mode or "l2"])
    return u32(_MACVLAN_MODE, _MACVLAN_MODES[device.mode or "bridge"])


def _ipip(device: IpTunnel, lower: int) -> bytes:
    made = attribute(_IPTUN_REMOTE, ip_address(device.remote).packed) + u8(_IPTUN_TTL, device.ttl or 0)
    if device.local:
        made += attribute(_IPTUN_LOCAL, ip_address(device.local).packed)
    return made + (u32(_IPTUN_LINK, lower) if lower else b"")


def _gre(device: IpTunnel, lower: int) -> bytes:
    made = attribute(_GRE_REMOTE, ip_address(device.remote).packed) + u8(_GRE_TTL, device.ttl or 0)
    if device.local:
        made += attribute(_GRE_LOCAL, ip_address(device.local).packed)
    if device.key is not None:
        key, flag = struct.pack("!I", device.key), struct.pack("!H", _GRE_KEY)
        made += attribute(_GRE_IFLAGS, flag) + attribute(_GRE_OFLAGS, flag)
        made += attribute(_GRE_IKEY, key) + attribute(_GRE_OKEY, key)
    return made + (u32(_GRE_LINK, lower) if lower else b"")
