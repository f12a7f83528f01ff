"""What a driver says of its device: IFLA_INFO_DATA of tun, vxlan, macvlan and bridge (linux/if_link.h)."""

import grp
import pwd
from collections.abc import Callable
from functools import cache
from typing import Any

from tunlab.model.device import Bridge, BridgePort, FarDevice, FdbEntry, HeldBy, Macvlan, TunEnd, Vxlan

_HUNDREDTHS = 100  # of a second: USER_HZ, in which the kernel tells times
_PORT_STATES = ("disabled", "listening", "learning", "forwarding", "blocking")  # BR_STATE_ in linux/if_bridge.h


def data_of(message: Any) -> Any:
    """What the driver says; an empty dictionary where it says nothing, as before Linux 4.17 of a tun."""
    info = message.get("linkinfo")
    return (info.get("data") if info else None) or {}


def lower_index(message: Any) -> int | None:
    """The index of the device that this one stands on, or of its peer."""
    index = data_of(message).get("vxlan_link") or message.get("link")
    return int(index) if index else None


def queues(message: Any) -> tuple[int, int] | None:
    """How many queues of a tun or tap are open, and how many more are disabled; None where the kernel is too old.

    It counts them where there may be several. Of a single one the carrier tells whether it is open.
    """
    data = data_of(message)
    if data.get("tun_multi_queue"):
        return int(data.get("tun_num_queues")), int(data.get("tun_num_disabled_queues"))
    return None if data.get("tun_multi_queue") is None else (int(bool(message.get("carrier"))), 0)


def tun_end(message: Any, holders: tuple[HeldBy, ...]) -> TunEnd:
    """The far end, held by these as far as we can see."""
    data = data_of(message)
    counted = queues(message)
    opened = sum(counted) if counted else int(bool(message.get("carrier")))
    owner, group = data.get("tun_owner"), data.get("tun_group")
    return TunEnd(
        attached=opened > 0 or bool(holders),
        queues=counted[0] if counted else None,
        disabled_queues=counted[1] if counted else None,
        packet_information=_flag(data, "tun_pi"),
        vnet_header=_flag(data, "tun_vnet_hdr"),
        multi_queue=_flag(data, "tun_multi_queue"),
        persistent=_flag(data, "tun_persist"),
        owner_id=owner,
        owner=None if owner is None else _user(owner),
        group_id=group,
        group=None if group is None else _group(group),
        holders=holders,
        holders_visible=len(holders) >= opened,
    )


def bridge(message: Any, ports: tuple[BridgePort, ...], fdb: tuple[FdbEntry, ...]) -> Bridge:
    """A bridge with these ports and entries."""
    data = data_of(message)
    return Bridge(
        ports,
        fdb,
        stp=bool(data.get("br_stp_state")),
        vlan_filtering=bool(data.get("br_vlan_filtering")),
        ageing=int(data.get("br_ageing_time") or 0) / _HUNDREDTHS,
    )


def bridge_port(message: Any) -> BridgePort:
    """A device that is a port of a bridge."""
    info = message.get("linkinfo")
    data = info.get_attr("IFLA_INFO_SLAVE_DATA") if info else None
    state = data.get_attr("IFLA_BRPORT_STATE") if data else None
    return BridgePort(str(message.get("ifname")), _PORT_STATES[int(state or 0)])


def vxlan(message: Any, lower: FarDevice | None, fdb: tuple[FdbEntry, ...]) -> Vxlan:
    """A VXLAN device on that lower one."""
    data = data_of(message)
    return Vxlan(
        id=None if data.get("vxlan_collect_metadata") else data.get("vxlan_id"),
        local=data.get("vxlan_local") or data.get("vxlan_local6"),
        remote=data.get("vxlan_group") or data.get("vxlan_group6"),
        port=int(data.get("vxlan_port") or 0),
        lower=lower,
        learning=bool(data.get("vxlan_learning")),
        fdb=fdb,
    )


def macvlan(message: Any, lower: FarDevice | None) -> Macvlan:
    """A macvlan or macvtap on that lower device."""
    data = data_of(message)
    return Macvlan(str(data.get("macvlan_mode") or data.get("macvtap_mode") or ""), lower)


def fdb_entry(message: Any, name_of: Callable[[int], str | None]) -> FdbEntry:
    """A line of `bridge fdb` (RTM_NEWNEIGH of the family AF_BRIDGE)."""
    state = int(message["state"])
    known = "permanent" if state & 0x80 else "static" if state & 0x40 else "learned"  # NUD_ in linux/neighbour.h
    times = message.get("cacheinfo")
    return FdbEntry(
        mac=str(message.get("lladdr")),
        port=name_of(int(message["ifindex"])),
        state=known,
        age=int(times["ndm_updated"]) / _HUNDREDTHS if times and known == "learned" else None,
        vlan=message.get("vlan"),
        remote=message.get("dst"),
    )


def _flag(data: Any, name: str) -> bool | None:
    return None if data.get(name) is None else bool(data.get(name))


@cache
def _user(number: int) -> str | None:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return None


@cache
def _group(number: int) -> str | None:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return None
