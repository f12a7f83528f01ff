"""One dump over a netlink socket of our own, by struct: for what is asked of many nodes in a hurry (netlink(7))."""

import os
import socket
import struct
from collections.abc import Iterator

_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, port
_ATTRIBUTE = struct.Struct("=HH")  # struct nlattr: length, type
_NLM_F_REQUEST_DUMP = 0x301
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_TYPE = 0x3FFF  # NLA_TYPE_MASK: without NLA_F_NESTED and NLA_F_NET_BYTEORDER
_ENOUGH = 1 << 16  # bytes; the kernel fills at most 32 KiB at a time
_PATIENCE = 2  # seconds; the kernel answers at once


def dump(protocol: int, kind: int, body: bytes) -> Iterator[bytes]:
    """What the kernel answers in this namespace, each message without its header. Raises OSError where it refuses."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as asking:
        asking.settimeout(_PATIENCE)
        asking.send(_HEADER.pack(_HEADER.size + len(body), kind, _NLM_F_REQUEST_DUMP, 1, 0) + body)
        while True:
            answer = asking.recv(_ENOUGH)
            at = 0
            while at < len(answer):
                length, what, *_ = _HEADER.unpack_from(answer, at)
                told = answer[at + _HEADER.size : at + length]
                if what in (_NLMSG_DONE, _NLMSG_ERROR):
                    code = -struct.unpack_from("=i", told)[0]
                    if code > 0:
                        raise OSError(code, os.strerror(code))
                    return
                yield told
                at += _aligned(length)


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes in `data`, each with its type."""
    at = 0
    while at + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if length < _ATTRIBUTE.size:
            return
        yield kind & _TYPE, data[at + _ATTRIBUTE.size : at + length]
        at += _aligned(length)


def text(data: bytes) -> str:
    """An attribute that is a name."""
    return data.rstrip(b"\0").decode(errors="replace")


def _aligned(length: int) -> int:
    return length + 3 & ~3
