"""Where the kernel's NAT sends a packet on to: the connections that a namespace tracks, over netlink."""

import struct
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

from tunlab.kernel.netlink_dump import attributes, dump

_NETLINK_NETFILTER = 12
_GET = 0x101  # NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET
_ASK_ALL = struct.pack("=BBH", 0, 0, 0)  # struct nfgenmsg: both families
_GENERAL = 4  # bytes of struct nfgenmsg

# linux/netfilter/nfnetlink_conntrack.h: of both directions, and within one
_ORIGINAL, _REPLY = 1, 2
_ADDRESSES, _PROTOCOL = 1, 2
_NAMES = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp"}


@dataclass(frozen=True, slots=True)
class Flow:
    """One direction of a connection. Of an ICMP echo both ports are its identifier. `protocol` is icmp, udp or tcp."""

    protocol: str
    source: str
    destination: str
    source_port: int
    destination_port: int


def translated(flow: Flow) -> tuple[str, int] | None:
    """The address and the port to which a packet of this flow goes in truth; None where the kernel knows no such flow.

    That is where the packets of the other direction come from. A packet that was dropped before it had passed
    the node has left no connection behind.
    """
    with suppress(OSError):  # this kernel tracks nothing
        for told in dump(_NETLINK_NETFILTER, _GET, _ASK_ALL):
            found = dict(attributes(told[_GENERAL:]))
            there, back = _flow(found.get(_ORIGINAL, b"")), _flow(found.get(_REPLY, b""))
            for one, other in ((there, back), (back, there)):
                if one == flow and other is not None:
                    return other.source, other.source_port
    return None


def _flow(direction: bytes) -> Flow | None:
    parts = dict(attributes(direction))
    addresses = dict(attributes(parts.get(_ADDRESSES, b"")))
    protocol = dict(attributes(parts.get(_PROTOCOL, b"")))
    source, destination = (addresses.get(old) or addresses.get(old + 2) for old in (1, 2))  # IPv4's, or IPv6's
    name = _NAMES.get(protocol.get(1, b"\0")[0])
    identifier = protocol.get(4) or protocol.get(7)  # of an ICMP echo, or an ICMPv6 one
    ports = [each for each in (protocol.get(2, identifier), protocol.get(3, identifier)) if each]
    if name is None or source is None or destination is None or len(ports) != 2:
        return None
    numbers = [int.from_bytes(each) for each in ports]
    return Flow(name, str(ip_address(source)), str(ip_address(destination)), *numbers)
