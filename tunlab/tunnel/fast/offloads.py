"""What the kernel does for the fast path: asked for at device and socket, and what of it there is."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tunlab.errors import KernelError
from tunlab.kernel import quick_links, rtnetlink
from tunlab.kernel.tuntap import Offload, Tun

SOL_UDP, UDP_SEGMENT, UDP_GRO = 17, 103, 104  # linux/udp.h
_ALL = Offload.CSUM | Offload.TSO4 | Offload.TSO6 | Offload.USO4 | Offload.USO6
_BEFORE_6_2 = Offload.CSUM | Offload.TSO4 | Offload.TSO6
# What TCP sends to the device at once, in bytes: so that it goes in one datagram's worth of rows, whatever the MTU is
# from 1000 on. The kernel takes room for its own headers off this, and adds up to 72 for each row.
_AT_ONCE, _AT_ONCE_BY_DEFAULT = 62_000, 65_536


@contextmanager
def taken_over(tun: Tun, wire: socket.socket) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """In the block, the stack leaves its work to us. The names of what the kernel has for that, and has not."""
    granted = tun.offload(_ALL, _BEFORE_6_2)
    has = {each.name: bool(granted & each) for each in Offload if each.name}
    for name, option, value in (("UDP_SEGMENT", UDP_SEGMENT, 0), ("UDP_GRO", UDP_GRO, 1)):
        has[name] = _has(wire, option, value)
    before = _limit(tun.name, _AT_ONCE)
    try:
        yield tuple(name for name in has if has[name]), tuple(name for name in has if not has[name])
    finally:
        if before is not None:
            _limit(tun.name, before)
        with suppress(OSError):  # it has been deleted
            tun.offload(Offload.NONE)


def _has(wire: socket.socket, option: int, value: int) -> bool:
    try:
        wire.setsockopt(SOL_UDP, option, value)
    except OSError as error:
        if error.errno != errno.ENOPROTOOPT:
            raise
        return False
    return True


def _limit(device: str, size: int) -> int | None:
    """What it was before. None where it is not ours to change: then a packet may go in two calls."""
    try:
        index = socket.if_nametoindex(device)
        with quick_links.Links() as links:
            before = links.largest_at_once(index)
        with rtnetlink.Requests() as requests:
            limit = rtnetlink.u32(rtnetlink.IFLA_GSO_MAX_SIZE, size)
            requests.add(rtnetlink.SETLINK, rtnetlink.set_link(index, more=limit), lambda error: error)
            requests.send()
    except (KernelError, OSError):  # OSError: it has been deleted
        return None
    return before if before != _AT_ONCE else _AT_ONCE_BY_DEFAULT  # one of us that was killed has left it so
