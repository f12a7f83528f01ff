"""Whether a node is just looking for a neighbour's MAC: quick to ask (rtnetlink(7))."""

import struct
from contextlib import suppress
from socket import NETLINK_ROUTE

from tunlab.kernel.netlink_dump import dump

_RTM_GETNEIGH = 30
_NDMSG = struct.Struct("=BxxxiHBB")  # struct ndmsg: family, device, state, flags, type
_NUD_INCOMPLETE = 0x01


def is_resolving() -> bool:
    """Whether this thread's namespace has asked for a MAC and still waits for the answer."""
    with suppress(OSError):
        told = dump(NETLINK_ROUTE, _RTM_GETNEIGH, bytes(_NDMSG.size))
        return any(_NDMSG.unpack_from(each)[2] & _NUD_INCOMPLETE for each in told)
    return False
