"""What a namespace has dropped so far, as far as it counts: quick to ask, before a packet is sent and after."""

import struct
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import NETLINK_ROUTE

from tunlab.kernel import firewall
from tunlab.kernel.netlink_dump import attributes, dump, text

_RTM_GETQDISC = 38
_TCMSG = struct.Struct("=BxxxiIII")  # struct tcmsg: family, device, handle, parent, info
_TC_STATS = struct.Struct("=QIIIIIII")  # struct tc_stats: bytes, packets, drops, overlimits, bps, pps, qlen, backlog
_INGRESS = 0xFFFFFFF1  # TC_H_INGRESS


@dataclass(frozen=True, slots=True)
class QdiscCount:
    """A queueing discipline of the device with that index; `waiting` packets are in it now."""

    device: int
    kind: str
    handle: int
    dropped: int
    waiting: int


@dataclass(frozen=True, slots=True)
class DropCounts:
    """`stack`: the counters of /proc/net/snmp, snmp6 and netstat by name, such as `UdpRcvbufErrors`."""

    stack: dict[str, int] = field(default_factory=dict)
    qdiscs: tuple[QdiscCount, ...] = ()
    rules: tuple[firewall.Dropper, ...] = ()


def drop_counts() -> DropCounts:
    """Those of this thread's namespace. What the kernel refuses to tell is missing."""
    stack: dict[str, int] = {}
    for name in ("snmp", "netstat"):
        stack |= _pairs_of_lines(name)
    stack |= _pairs("snmp6")
    return DropCounts(stack, _qdiscs(), firewall.droppers())


def _lines(name: str) -> list[str]:
    with suppress(OSError):  # without IPv6 there is no snmp6
        return Path("/proc/thread-self/net", name).read_text().splitlines()
    return []


def _pairs_of_lines(name: str) -> dict[str, int]:
    lines = _lines(name)
    found: dict[str, int] = {}
    for names, numbers in zip(lines[::2], lines[1::2], strict=False):
        title, _, names = names.partition(":")
        numbers = numbers.partition(":")[2]
        found |= {title + each: int(number) for each, number in zip(names.split(), numbers.split(), strict=False)}
    return found


def _pairs(name: str) -> dict[str, int]:
    return {words[0]: int(words[1]) for line in _lines(name) if len(words := line.split()) == 2}


def _qdiscs() -> tuple[QdiscCount, ...]:
    found = []
    with suppress(OSError):
        for told in dump(NETLINK_ROUTE, _RTM_GETQDISC, _TCMSG.pack(0, 0, 0, 0, 0)):
            _, device, handle, parent, _ = _TCMSG.unpack_from(told)
            if parent == _INGRESS:
                continue
            named = dict(attributes(told[_TCMSG.size :]))  # TCA_KIND 1, TCA_STATS 3
            statistics = _TC_STATS.unpack_from(named[3]) if len(named.get(3, b"")) >= _TC_STATS.size else (0,) * 8
            found.append(QdiscCount(device, text(named[1]), handle, statistics[2], statistics[6]))
    return tuple(found)
