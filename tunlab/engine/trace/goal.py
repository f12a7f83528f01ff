"""Where a packet is to go, before it is sent: one node's address, and for a link-local one its device."""

import socket
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from tunlab.errors import Status, TunlabError

_EVERYBODY = ip_address("255.255.255.255")


@dataclass(frozen=True, slots=True)
class Goal:
    """`address` as packets have it; `zone` is the index of the device that a link-local one needs, else 0."""

    address: str
    zone: int = 0


def goal(to: str, node: str) -> Goal:
    """Of an address, maybe with %DEVICE; this thread is in the node. Raises TunlabError where it cannot be one's."""
    found = ip_address(to)
    if found.is_multicast or found.is_unspecified or found == _EVERYBODY:
        raise TunlabError("trace_nobodys", Status.USAGE, address=to)
    if not isinstance(found, IPv6Address):
        return Goal(to)
    device = found.scope_id
    if device is None:
        if found.is_link_local:
            raise TunlabError("trace_link_local", Status.USAGE, address=to)
        return Goal(to)
    try:
        return Goal(to.partition("%")[0], socket.if_nametoindex(device))
    except OSError as error:
        raise TunlabError("trace_no_device", Status.USAGE, device=device, node=node) from error
