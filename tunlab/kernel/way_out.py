"""How a packet would leave this namespace: from which address, and how long it may be (ip(7), ipv6(7))."""

import errno
import os
import socket
from dataclasses import dataclass

from tunlab.kernel.errno_names import attempting

# linux/in.h, linux/in6.h
_IP_MTU, _IPV6_MTU = 14, 24
_PORT = 9  # any: nothing is sent


@dataclass(frozen=True, slots=True)
class WayOut:
    """`mtu` in bytes, of the device or, where the kernel has learnt it, of the whole path."""

    source: str
    mtu: int


def way_out(destination: str) -> WayOut:
    """The kernel's choice for a numeric address, maybe with %device.

    Raises KernelError where there is no route, ENODEV where there is no such device, and EINVAL where a link-local
    address has none.
    """
    is_ipv6 = ":" in destination
    with (
        attempting(f"ip route get {destination}"),
        socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_DGRAM) as probe,
    ):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        address = _numeric(destination, probe)
        probe.connect(address)
        source = str(probe.getsockname()[0]).partition("%")[0]
        level, option = (socket.IPPROTO_IPV6, _IPV6_MTU) if is_ipv6 else (socket.IPPROTO_IP, _IP_MTU)
        return WayOut(source, probe.getsockopt(level, option))


def _numeric(destination: str, probe: socket.socket) -> tuple[object, ...]:
    try:
        (*_, address), *_ = socket.getaddrinfo(destination, _PORT, probe.family, probe.type, 0, socket.AI_NUMERICHOST)
    except socket.gaierror as error:  # an error of its own, without an errno
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV)) from error
    return tuple(address)
