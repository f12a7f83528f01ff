"""Round trips measured by echo requests of our own, one after the other (RFC 792, RFC 4443)."""

import os
import select
import socket
import struct
import time

from tunlab.kernel.errno_names import attempting

_ECHO = struct.Struct("!BBHHH")
_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}
_DATA = bytes(56)  # as much as ping(8) sends
_PATIENCE = 1.0  # seconds for one


def round_trips(address: str, count: int) -> list[float]:
    """Microseconds of `count` echoes from this thread's namespace; a lost one ends it, so that a dead way costs little.

    Raises KernelError where no raw socket may be opened, or there is no way there.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    protocol = socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
    identifier = int.from_bytes(os.urandom(2))
    found: list[float] = []
    with attempting(f"ping {address}"), socket.socket(family, socket.SOCK_RAW, protocol) as raw:
        raw.connect((address, 0))
        for sequence in range(count):
            began = time.perf_counter_ns()
            raw.send(_request(family, identifier, sequence))
            if not _answered(raw, family, identifier, sequence):
                break
            found.append((time.perf_counter_ns() - began) / 1000)
    return found


def _answered(raw: socket.socket, family: socket.AddressFamily, identifier: int, sequence: int) -> bool:
    end = time.monotonic() + _PATIENCE
    while select.select([raw], [], [], max(0.0, end - time.monotonic()))[0]:
        message = raw.recv(2048)
        if family == socket.AF_INET:  # the IP header comes with it (raw(7))
            message = message[4 * (message[0] & 0x0F) :]
        if len(message) >= _ECHO.size:
            kind, _, _, its, number = _ECHO.unpack_from(message)
            if (kind, its, number) == (_REPLY[family], identifier, sequence):
                return True
    return False


def _request(family: socket.AddressFamily, identifier: int, sequence: int) -> bytes:
    kind = _REQUEST[family]
    message = _ECHO.pack(kind, 0, 0, identifier, sequence) + _DATA
    total = sum(struct.unpack(f"!{len(message) // 2}H", message))
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF  # the kernel makes ICMPv6's itself
    return _ECHO.pack(kind, 0, checksum, identifier, sequence) + _DATA
