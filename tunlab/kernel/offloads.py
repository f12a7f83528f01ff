"""Which work a device takes over from the stack: SIOCETHTOOL's queries, which need no privilege (linux/ethtool.h)."""

import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Iterator

from tunlab.model.device import Offload

_SIOCETHTOOL = 0x8946  # linux/sockios.h
_IFREQ = struct.Struct("16sP16x")  # linux/if.h: the name, then a pointer to the query
_QUERY = struct.Struct("II")  # struct ethtool_value: the command, and room for its answer
_GET_FLAGS, _LARGE_RECEIVE = 0x25, 1 << 15
_COMMANDS = {
    "tx-checksumming": 0x16,
    "rx-checksumming": 0x14,
    "scatter-gather": 0x18,
    "tcp-segmentation-offload": 0x1E,
    "generic-segmentation-offload": 0x23,
    "generic-receive-offload": 0x2B,
}


def offloads(device: str) -> tuple[Offload, ...]:
    """Those of a device in the current network namespace; of a device without any, nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        return tuple(_asked(asking, device))


def _asked(asking: socket.socket, device: str) -> Iterator[Offload]:
    for name, command in _COMMANDS.items():
        answer = _answer(asking, device, command)
        if answer is not None:
            yield Offload(name, bool(answer))
    answer = _answer(asking, device, _GET_FLAGS)
    if answer is not None:
        yield Offload("large-receive-offload", bool(answer & _LARGE_RECEIVE))


def _answer(asking: socket.socket, device: str, command: int) -> int | None:
    query = ctypes.create_string_buffer(_QUERY.pack(command, 0), _QUERY.size)
    try:
        fcntl.ioctl(asking, _SIOCETHTOOL, _IFREQ.pack(os.fsencode(device), ctypes.addressof(query)))
    except OSError:  # it has none of it, or it has just gone
        return None
    return int(_QUERY.unpack(query.raw)[1])
