"""The UDP socket on the underlay, which hears one peer only."""

import errno
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self

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

    A second socket at the same port, `others`, gets that instead. It drops all of it, so that it is counted and
    costs us nothing, unless somebody `hears_others`.
    """

    def __init__(
        self, local: Place, peer: Place, receive_buffer: int = RECEIVE_BUFFER, hears_others: bool = False
    ) -> None:
        self._local, self._peer = local, peer
        self._hears_others = hears_others
        self.asked_buffer = receive_buffer
        self._family = local.family
        self._mtu = 1500

    def __enter__(self) -> Self:
        with attempting("socket SOCK_DGRAM", _REMEDIES):
            self.socket = socket.socket(self._family, socket.SOCK_DGRAM)
            self.others = socket.socket(self._family, socket.SOCK_DGRAM)
        try:
            self._open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()
        self.others.close()

    def _open(self) -> None:
        if self._family == socket.AF_INET6:
            for each in (self.socket, self.others):
                each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.socket.setsockopt(_LEVEL[self._family], _MTU_DISCOVER[self._family], _DO)
        self._ask_for_room()
        for each in (self.socket, self.others):
            socket_filter.attach(each, socket_filter.REFUSE)  # what comes before it is connected may be anybody's
        with attempting(f"bind {self._local.text}", _REMEDIES):
            self.socket.bind(self._local.sockaddr)
        # Once nobody else can be at the port, the two share it; after that nobody else can come.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.others.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with attempting(f"connect {self._peer.text}", _REMEDIES):
            self.socket.connect(self._peer.sockaddr)
        self.others.bind(self._local.sockaddr)
        for each in (self.socket, self.others):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        self._before = self._dropped(self.socket)
        socket_filter.attach(self.socket, b"")
        if self._hears_others:
            socket_filter.attach(self.others, b"")

    def follow(self, address: tuple[Any, ...]) -> None:
        """The peer is there from now on, for all who share the socket."""
        self.socket.connect(address)

    def home(self) -> tuple[Any, ...] | None:
        """Where the peer was at first, if it has been followed to elsewhere."""
        return None if self.socket.getpeername() == self._peer.sockaddr else self._peer.sockaddr

    def peer(self) -> str:
        """Where it is now, as an option has it."""
        if self.home() is None:
            return self._peer.text
        host, port = self.socket.getpeername()[:2]
        return f"[{host}]:{port}" if self._family == socket.AF_INET6 else f"{host}:{port}"

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
        return self._dropped(self.others)

    @staticmethod
    def _dropped(of: socket.socket) -> int:
        return int(struct.unpack_from("=I", of.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 36), 32)[0])
