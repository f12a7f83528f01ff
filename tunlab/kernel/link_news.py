"""Told by the kernel that something about devices has changed (rtnetlink(7), its multicast groups)."""

import errno
import socket
import struct
from typing import Self

from tunlab.kernel.errno_names import attempting

# RTNLGRP_ in linux/rtnetlink.h: LINK, NEIGH (the fdb too), TC, IPV4_IFADDR, IPV4_ROUTE, IPV6_IFADDR, IPV6_ROUTE
_GROUPS = sum(1 << (number - 1) for number in (1, 3, 4, 5, 7, 9, 11))
_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence number, port
_NEIGHBOUR = (28, 29)  # RTM_NEWNEIGH, RTM_DELNEIGH
_SIZE = 1 << 16  # bytes; the kernel's messages are smaller


class LinkNews:
    """News of links, addresses, routes, fdb entries and qdiscs of one network namespace. A context manager.

    It belongs to the namespace in which it is opened, and needs no privilege.
    """

    def __enter__(self) -> Self:
        with attempting("socket AF_NETLINK"):
            self._socket = socket.socket(
                socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE
            )
            self._socket.bind((0, _GROUPS))
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def fileno(self) -> int:
        """Readable when there is something to heed."""
        return self._socket.fileno()

    def heed(self) -> bool:
        """Read all that has been told; whether any of it is news. ARP's and ND's neighbours are not."""
        news = False
        while True:
            try:
                data = self._socket.recv(_SIZE)
            except BlockingIOError:
                return news
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                news = True  # it was more than the socket holds: we do not know what
            else:
                news = news or _is_news(data)


def _is_news(data: bytes) -> bool:
    offset = 0
    while offset + _HEADER.size < len(data):
        length, kind, *_ = _HEADER.unpack_from(data, offset)
        # the family is the first byte of every message; of the neighbours only a bridge's matter
        if kind not in _NEIGHBOUR or data[offset + _HEADER.size] == socket.AF_BRIDGE:
            return True
        offset += max(_HEADER.size, (length + 3) & ~3)
    return False
