"""A TCP stream between two sockets of this process, which checks what arrives."""

import hashlib
import select
import socket
from collections.abc import Callable

from underlay import PATIENCE


def transferred(
    sending: socket.socket, receiving: socket.socket, data: bytes, at_half: Callable[[], None] = lambda: None
) -> str:
    """The hash of what arrives."""
    sending.setblocking(False)
    receiving.setblocking(False)
    found, arrived, sent, view = hashlib.sha256(), 0, 0, memoryview(data)
    is_over = False
    while not is_over:
        writing = [sending] if sent < len(data) else []
        readable, writable, _ = select.select([receiving], writing, [], 3 * PATIENCE)
        assert readable or writable, f"it stands still after {arrived} of {len(data)} bytes"
        if writable:
            sent += sending.send(view[sent : sent + (1 << 16)])
            if sent == len(data):
                sending.shutdown(socket.SHUT_WR)
        if readable:
            part = receiving.recv(1 << 20)
            found.update(part)
            if arrived < len(data) // 2 <= arrived + len(part):
                at_half()
            arrived += len(part)
            is_over = not part
    return found.hexdigest()
