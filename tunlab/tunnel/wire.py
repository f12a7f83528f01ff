"""The UDP socket on the underlay, which hears one peer only."""

import errno
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self

from tunlab.kernel import socket_filter
from tunlab.kernel.errno_names import attempting
from tunlab.tunnel.place import Place

RECEIVE_BUFFER = 4 << 20  # bytes: Linux's default overflows at TCP's bursts
HEADERS = {socket.AF_INET: 20 + 8, socket.AF_INET6: 40 + 8}  # bytes around a packet: IP and UDP

_SO_MEMINFO, _DROPS = 55, struct.Struct("=8I")  # linux/sock_diag.h: SK_MEMINFO_DROPS is the ninth number
_SO_RCVBUFFORCE = 33  # asm-generic/socket.h
# linux/in.h and linux/in6.h: the option that says what to do about the path's MTU, two of its values, and that MTU
_LEVEL = {socket.AF_INET: socket.IPPROTO_IP, socket.AF_INET6: socket.IPPROTO_IPV6}
_MTU_DISCOVER = {socket.AF_INET: 10, socket.AF_INET6: 23}
_MTU = {socket.AF_INET: 14, socket.AF_INET6: 24}
_DONT, _DO = 0, 2

_REMEDIES = {
    errno.EADDRNOTAVAIL: "remedy_no_address",
    errno.EADDRINUSE: "remedy_port_taken",
    errno.ENETUNREACH: "remedy_no_route",
    errno.EHOSTUNREACH: "remedy_no_route",
    errno.EAFNOSUPPORT: "missing_ipv6",
}


class Wire:
    """A context manager. `socket` is connected, so the kernel sorts out who else sends.

    A second socket at the same port gets that instead, and drops all of it: so it is counted, and costs us nothing.
    """

    def __init__(self, local: Place, peer: Place, receive_buffer: int = RECEIVE_BUFFER) -> None:
        self._local, self._peer = local, peer
        self.asked_buffer = receive_buffer
        self._family = local.family
        self._mtu = 1500

    def __enter__(self) -> Self:
        with attempting("socket SOCK_DGRAM", _REMEDIES):
            self.socket = socket.socket(self._family, socket.SOCK_DGRAM)
            self._others = socket.socket(self._family, socket.SOCK_DGRAM)
        try:
            self._open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self._others.close()

    def _open(self) -> None:
        if self._family == socket.AF_INET6:
            for each in (self.socket, self._others):
                each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.socket.setsockopt(_LEVEL[self._family], _MTU_DISCOVER[self._family], _DO)
        self._ask_for_room()
        for each in (self.socket, self._others):
            socket_filter.attach(each, socket_filter.REFUSE)  # what comes before it is connected may be anybody's
        with attempting(f"bind {self._local.text}", _REMEDIES):
            self.socket.bind(self._local.sockaddr)
        # Once nobody else can be at the port, the two share it; after that nobody else can come.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._others.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with attempting(f"connect {self._peer.text}", _REMEDIES):
            self.socket.connect(self._peer.sockaddr)
        self._others.bind(self._local.sockaddr)
        for each in (self.socket, self._others):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        self._before = self._dropped(self.socket)
        socket_filter.attach(self.socket, b"")

    def _ask_for_room(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.asked_buffer)
        with suppress(PermissionError):  # beyond net.core.rmem_max, which only the host's own root may
            self.socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, self.asked_buffer)

    def receive_buffer(self) -> int:
        """Bytes that were granted, without as many again that the kernel adds for itself (socket(7))."""
        return self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2

    def room(self) -> int:
        """The largest payload of a datagram that reaches the peer in one piece, in bytes, as the kernel knows it."""
        with suppress(OSError):  # ENOTCONN: there is no route at the moment
            self._mtu = self.socket.getsockopt(_LEVEL[self._family], _MTU[self._family])
        return self._mtu - HEADERS[self._family]

    @contextmanager
    def fragmenting(self) -> Iterator[None]:
        """In the block, what is too large for the path is sent in fragments; IPv4 routers may fragment it as well."""
        level, option = _LEVEL[self._family], _MTU_DISCOVER[self._family]
        self.socket.setsockopt(level, option, _DONT)
        try:
            yield
        finally:
            self.socket.setsockopt(level, option, _DO)

    def overflowed(self) -> int:
        """Datagrams of the peer that found the receive buffer full."""
        return self._dropped(self.socket) - self._before

    def foreign(self) -> int:
        """Datagrams of others than the peer."""
        return self._dropped(self._others)

    @staticmethod
    def _dropped(of: socket.socket) -> int:
        return int(struct.unpack_from("=I", of.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 36), 32)[0])
