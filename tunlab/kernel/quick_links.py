"""The devices of the namespace that this process is in, in two questions: enough to draw them, for hundreds of nodes.

pyroute2 needs some ten milliseconds a namespace, and a whole sandbox is asked within two seconds; so the messages are
taken apart here (rtnetlink(7)).
"""

import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Self

from tunlab.errors import KernelError
from tunlab.kernel.errno_names import attempting

_GETLINK, _GETADDR = 18, 22  # linux/rtnetlink.h
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_REQUEST, _DUMP = 0x1, 0x300
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_LINK, _IFLA_MASTER = 1, 3, 5, 10  # linux/if_link.h
_IFLA_LINKINFO, _IFLA_EXT_MASK, _IFLA_LINK_NETNSID, _IFLA_IF_NETNSID = 18, 29, 37, 46
_IFLA_GSO_MAX_SIZE = 41
_SKIP_STATISTICS = 1 << 3  # RTEXT_FILTER_SKIP_STATS
_INFO_KIND, _INFO_DATA = 1, 2
_TUN_TYPE = 3
_VXLAN_ID, _VXLAN_GROUP, _VXLAN_LINK, _VXLAN_LOCAL, _VXLAN_PORT, _VXLAN_GROUP6, _VXLAN_LOCAL6 = 1, 2, 3, 4, 15, 16, 17
_GRE_KEY, _GRE_LOCAL, _GRE_REMOTE = 5, 6, 7  # IFLA_GRE_ in linux/if_tunnel.h; its flags say whether the key counts
_GRE_FLAGS, _HAS_KEY = 3, 0x2000
_IPIP_LOCAL, _IPIP_REMOTE = 2, 3
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_UP, _LOOPBACK, _RUNNING = 0x1, 0x8, 0x40
_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBI")
_ATTRIBUTE = struct.Struct("=HH")


@dataclass(frozen=True, slots=True)
class Described:
    """A device. `state`: UP, DOWN, or NO-CARRIER. `peer` is a veth's other end, `lower` what others lie on: indices.

    `namespace` is the number by which this namespace knows that of the peer; None: its own. `number`, `local`, `remote`
    and `port` are a tunnel's.
    """

    index: int
    name: str
    kind: str
    state: str
    mac: str
    master: int | None = None
    peer: int | None = None
    lower: int | None = None
    namespace: int | None = None
    number: int | None = None
    local: str | None = None
    remote: str | None = None
    port: int | None = None
    addresses: tuple[str, ...] = ()


class Links:
    """A context manager. What it raises is a KernelError."""

    def __enter__(self) -> Self:
        with attempting("socket AF_NETLINK"):
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
            self._socket.bind((0, 0))
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def all(self) -> list[Described]:
        """In the kernel's order, with their addresses, IPv4 first."""
        mask = _attribute(_IFLA_EXT_MASK, struct.pack("=I", _SKIP_STATISTICS))
        with attempting("ip link show"):
            found = [_described(body) for body in self._ask(_GETLINK, _DUMP, _LINK.pack(0, 0, 0, 0, 0) + mask)]
        addresses: dict[int, list[tuple[int, str]]] = {}
        with attempting("ip addr show"):
            for body in self._ask(_GETADDR, _DUMP, _ADDRESS.pack(0, 0, 0, 0, 0)):
                family, length, _, _, index = _ADDRESS.unpack_from(body)
                parts = dict(_attributes(body[_ADDRESS.size :]))
                raw = parts.get(_IFA_LOCAL) or parts.get(_IFA_ADDRESS)
                if raw:
                    addresses.setdefault(index, []).append((family, f"{_ip(raw)}/{length}"))
        return [
            replace(
                each, addresses=tuple(text for _, text in sorted(addresses.get(each.index, ()), key=lambda a: a[0]))
            )
            for each in found
        ]

    def far_mac(self, device: Described) -> str | None:
        """The MAC of a veth's other end, or None where that is not ours to know."""
        if device.peer is None:
            return None
        wanted = _LINK.pack(0, 0, device.peer, 0, 0)
        if device.namespace is not None:
            wanted += _attribute(_IFLA_IF_NETNSID, struct.pack("=i", device.namespace))
        with suppress(OSError, KernelError):
            for body in self._ask(_GETLINK, 0, wanted):
                return _mac(dict(_attributes(body[_LINK.size :])).get(_IFLA_ADDRESS, b""))
        return None

    def largest_at_once(self, index: int) -> int | None:
        """What the stack hands a device at once at most, in bytes (gso_max_size)."""
        with attempting("ip -d link show"):
            for body in self._ask(_GETLINK, 0, _LINK.pack(0, 0, index, 0, 0)):
                found = dict(_attributes(body[_LINK.size :])).get(_IFLA_GSO_MAX_SIZE)
                return int.from_bytes(found, sys.byteorder) if found else None
        return None

    def _ask(self, kind: int, flags: int, body: bytes) -> Iterator[bytes]:
        """The bodies of the answers. Raises OSError."""
        self._socket.send(_HEADER.pack(_HEADER.size + len(body), kind, _REQUEST | flags, 1, 0) + body)
        while True:
            data = self._socket.recv(1 << 17)
            while len(data) >= _HEADER.size:
                length, answer, _, _, _ = _HEADER.unpack_from(data)
                if answer == _NLMSG_DONE:
                    return
                if answer == _NLMSG_ERROR:
                    (error,) = struct.unpack_from("=i", data, _HEADER.size)
                    raise OSError(-error, os.strerror(-error))
                yield data[_HEADER.size : length]
                if not flags:
                    return
                data = data[(length + 3) & ~3 :]


def _described(body: bytes) -> Described:
    _, _, index, flags, _ = _LINK.unpack_from(body)
    parts = dict(_attributes(body[_LINK.size :]))
    info = dict(_attributes(parts.get(_IFLA_LINKINFO, b"")))
    data = dict(_attributes(info.get(_INFO_DATA, b"")))
    kind = info.get(_INFO_KIND, b"").rstrip(b"\0").decode(errors="replace")
    if kind == "tun" and data.get(_TUN_TYPE) == b"\x02":
        kind = "tap"
    lower = _number(parts.get(_IFLA_LINK))
    namespace = parts.get(_IFLA_LINK_NETNSID)
    state = "DOWN" if not flags & _UP else "UP" if flags & _RUNNING else "NO-CARRIER"
    found = Described(
        index=index,
        name=os.fsdecode(parts.get(_IFLA_IFNAME, b"").rstrip(b"\0")),
        kind=kind or ("loopback" if flags & _LOOPBACK else "device"),
        state=state,
        mac=_mac(parts.get(_IFLA_ADDRESS, b"")),
        master=_number(parts.get(_IFLA_MASTER)),
        namespace=None if namespace is None else struct.unpack("=i", namespace)[0],
    )
    if kind == "veth":
        return replace(found, peer=lower)
    if kind == "vxlan":
        local, remote = _either(data, _VXLAN_LOCAL, _VXLAN_LOCAL6), _either(data, _VXLAN_GROUP, _VXLAN_GROUP6)
        port = data.get(_VXLAN_PORT)
        return replace(
            found,
            lower=_number(data.get(_VXLAN_LINK)),
            number=_number(data.get(_VXLAN_ID)) or 0,
            local=local,
            remote=remote,
            port=int.from_bytes(port, "big") if port else None,
        )
    if kind == "gre":
        keyed = int.from_bytes(data.get(_GRE_FLAGS, b""), "big") & _HAS_KEY
        key = int.from_bytes(data.get(_GRE_KEY, b""), "big") if keyed else None
        return replace(found, number=key, local=_either(data, _GRE_LOCAL), remote=_either(data, _GRE_REMOTE))
    if kind == "ipip":
        return replace(found, local=_either(data, _IPIP_LOCAL), remote=_either(data, _IPIP_REMOTE))
    return replace(found, lower=lower if found.namespace is None else None)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        if length < _ATTRIBUTE.size:
            return
        yield kind & 0x3FFF, data[at + _ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3


def _attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value


def _number(value: bytes | None) -> int | None:
    return struct.unpack("=I", value)[0] or None if value else None


def _mac(value: bytes) -> str:
    return value.hex(":")


def _ip(value: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET if len(value) == 4 else socket.AF_INET6, value)


def _either(data: dict[int, bytes], *kinds: int) -> str | None:
    """The first of these addresses that is set."""
    return next((_ip(data[kind]) for kind in kinds if any(data.get(kind, b""))), None)
