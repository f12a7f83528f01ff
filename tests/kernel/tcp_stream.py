"""TCP from one node to another, by sockets of this process: what arrives, as a hash."""

import hashlib
import select
import socket
from collections.abc import Callable, Sequence

from inside import Node
from underlay import INNER, PATIENCE, Underlay, entered_socket


def transferred(
    sending: socket.socket, receiving: socket.socket, data: bytes, interludes: Sequence[Callable[[], None]] = ()
) -> str:
    """The hash of what arrives. The interludes come in equal parts of it."""
    sending.setblocking(False)
    receiving.setblocking(False)
    found, arrived, sent, view = hashlib.sha256(), 0, 0, memoryview(data)
    left = list(interludes)
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
            arrived += len(part)
            while left and arrived * (len(interludes) + 1) >= len(data) * (len(interludes) + 1 - len(left)):
                left.pop(0)()
            is_over = not part
    return found.hexdigest()


def stream(net: Underlay, inner: int, data: bytes) -> str:
    """TCP from A to B through the tunnel: the hash of what arrives."""
    return carried(net.a, net.b, INNER[inner][1], data)


def carried(one: Node, other: Node, to: str, data: bytes, options: Sequence[tuple[int, int, bytes | int]] = ()) -> str:
    """TCP from one node to another, to that address, with these options of the socket that sends."""
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    listening, sending = (entered_socket(node, family, socket.SOCK_STREAM) for node in (other, one))
    with listening, sending:
        for option in options:
            sending.setsockopt(*option)
        listening.bind((to, 80))
        listening.listen()
        sending.settimeout(PATIENCE)
        sending.connect((to, 80))
        receiving, _ = listening.accept()
        with receiving:
            return transferred(sending, receiving, data)
