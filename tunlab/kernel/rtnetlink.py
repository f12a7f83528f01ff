"""rtnetlink with as few system calls as possible: many requests in one send, and one answer to all of them.

pyroute2 reads what the kernel says, and writes where time does not count; a topology of hundreds of nodes is made by
this. Layouts and numbers: netlink(7), rtnetlink(7), linux/netlink.h, linux/rtnetlink.h, linux/if_link.h, linux/veth.h.
"""

import os
import socket
import struct
from collections.abc import Callable
from ipaddress import ip_interface
from typing import Self

from tunlab.kernel.errno_names import attempting

NEWLINK, DELLINK, NEWADDR, NEWQDISC, SETLINK = 16, 17, 20, 36, 19
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINK, IFLA_MASTER, IFLA_LINKINFO, IFLA_NET_NS_FD = 1, 3, 4, 5, 10, 18, 28
IFLA_GSO_MAX_SIZE = 41

_REQUEST, _ACK, _EXCL, _CREATE = 0x1, 0x4, 0x200, 0x400
_ERROR = 2  # the type of an answer, an acknowledgement too: then its number is 0
_IFLA_INFO_KIND, _IFLA_INFO_DATA, _VETH_INFO_PEER = 1, 2, 1
_IFA_ADDRESS, _IFA_LOCAL, _IFA_F_NODAD = 1, 2, 0x02
_NESTED = 0x8000
_IFF_UP = 1
_SOL_NETLINK, _CAP_ACK, _EXT_ACK = 270, 10, 11
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence number, port
_ATTRIBUTE = struct.Struct("=HH")
_IFINFO = struct.Struct("=BxHiII")  # family, type, index, flags, which of them change
_IFADDR = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, index
_ANSWER = struct.Struct("=IHHIIi")  # a header, and the negative error number
_ANSWERED = _ANSWER.size + _HEADER.size  # and the header of the request; attributes follow
_ERROR_MESSAGE = 1  # NLMSGERR_ATTR_MSG
# An answer takes some 800 bytes of the socket's 200 kB of room: as many refusals as this find place in it.
_AT_ONCE = 100

UNKNOWN_KIND = "Unknown device type"  # what the kernel says beside EOPNOTSUPP (rtnl_newlink())

# What turns the kernel's refusal of a request into an exception; its strerror is the kernel's own words, if any.
Refused = Callable[[OSError], Exception]


def attribute(kind: int, value: bytes) -> bytes:
    """An attribute (struct rtattr), padded to four bytes."""
    size = 4 + len(value)
    return _ATTRIBUTE.pack(size, kind) + value + bytes(-size % 4)


def nested(kind: int, *inner: bytes) -> bytes:
    return attribute(kind | _NESTED, b"".join(inner))


def u8(kind: int, value: int) -> bytes:
    return attribute(kind, bytes((value,)))


def u16(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("=H", value))


def u32(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("=I", value))


def text(kind: int, value: str) -> bytes:
    return attribute(kind, value.encode() + b"\0")


def hardware(mac: str | None, mtu: int | None) -> bytes:
    """The attributes of a device that any kind takes when it is made; what is None is left out."""
    return (attribute(IFLA_ADDRESS, bytes.fromhex(mac.replace(":", ""))) if mac else b"") + (
        u32(IFLA_MTU, mtu) if mtu else b""
    )


def new_link(name: str, index: int, kind: str, options: bytes = b"", more: bytes = b"") -> bytes:
    """The body of NEWLINK: `options` are the kind's own, `more` those of any device."""
    information = nested(
        IFLA_LINKINFO, text(_IFLA_INFO_KIND, kind), nested(_IFLA_INFO_DATA, options) if options else b""
    )
    return _IFINFO.pack(0, 0, index, 0, 0) + text(IFLA_IFNAME, name) + more + information


def veth_peer(name: str, index: int, namespace: int, more: bytes = b"") -> bytes:
    """The options of a veth: its other end, at once in the namespace of that descriptor.

    The kernel takes the peer's index only where the request has one for the near end too.
    """
    return nested(
        _VETH_INFO_PEER,
        _IFINFO.pack(0, 0, index, 0, 0),
        text(IFLA_IFNAME, name),
        u32(IFLA_NET_NS_FD, namespace),
        more,
    )


def set_link(index: int, up: bool | None = None, more: bytes = b"") -> bytes:
    """The body of SETLINK; up or down where `up` is not None."""
    return _IFINFO.pack(0, 0, index, _IFF_UP if up else 0, 0 if up is None else _IFF_UP) + more


def new_address(index: int, address: str) -> bytes:
    """The body of NEWADDR. An IPv6 address is there at once: nobody is asked whether he has it too (RFC 4862, 5.4)."""
    interface = ip_interface(address)
    family, flags = (socket.AF_INET, 0) if interface.version == 4 else (socket.AF_INET6, _IFA_F_NODAD)
    packed = interface.ip.packed
    header = _IFADDR.pack(family, interface.network.prefixlen, flags, 0, index)
    return header + attribute(_IFA_LOCAL, packed) + attribute(_IFA_ADDRESS, packed)


class Requests:
    """A NETLINK_ROUTE socket in the namespace in which this thread is, and what waits to be sent. A context manager.

    The kernel answers to what it refuses, and to the last request of a send; it carries them out in order, and goes on
    after a refusal.
    """

    def __init__(self) -> None:
        with attempting("socket AF_NETLINK"):
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
        self._socket.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)  # an answer does not repeat the request
        self._socket.setsockopt(_SOL_NETLINK, _EXT_ACK, 1)  # but says more than a number
        self._waiting: list[tuple[int, bytes, Refused]] = []
        self._sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def add(self, kind: int, body: bytes, refused: Refused) -> None:
        """Have a request wait; `refused` makes the exception that is raised if the kernel refuses it."""
        self._waiting.append((kind, body, refused))

    def send(self) -> None:
        """Send what waits. Raises what the first refused request has for that."""
        waiting, self._waiting = self._waiting, []
        for begin in range(0, len(waiting), _AT_ONCE):
            self._send(waiting[begin : begin + _AT_ONCE])

    def _send(self, requests: list[tuple[int, bytes, Refused]]) -> None:
        first, last = self._sent, self._sent + len(requests) - 1
        self._sent = last + 1
        parts: list[bytes] = []
        for number, (kind, body, _) in enumerate(requests, first):
            flags = _REQUEST | (_ACK if number == last else 0) | (0 if kind == SETLINK else _CREATE | _EXCL)
            parts += (_HEADER.pack(16 + len(body), kind, flags, number, 0), body)  # every body is a multiple of four
        with attempting("send AF_NETLINK"):
            self._socket.send(b"".join(parts))
        answered, refusal = -1, None
        while answered != last:
            with attempting("recv AF_NETLINK"):
                answer = self._socket.recv(4096)
            _, kind, _, answered, _, code = _ANSWER.unpack_from(answer)
            if kind == _ERROR and code and refusal is None:
                refusal = (requests[answered - first][2], OSError(-code, _message(answer) or os.strerror(-code)))
        if refusal is not None:
            made, error = refusal
            raise made(error) from error


def _message(answer: bytes) -> str | None:
    """The kernel's own words on a refusal, where it has any."""
    at = _ANSWERED
    while at + _ATTRIBUTE.size <= len(answer):
        size, kind = _ATTRIBUTE.unpack_from(answer, at)
        if kind == _ERROR_MESSAGE:
            return answer[at + _ATTRIBUTE.size : at + size].rstrip(b"\0").decode(errors="replace")
        at += max(4, size + -size % 4)
    return None
