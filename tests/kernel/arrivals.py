"""Packets through a tunnel's two ends: put into one tun device, awaited at the other."""

import select
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from inner_packets import FOUR, SIX
from inside import Node, Sandboxed
from underlay import PATIENCE, Underlay, entered_socket, underlay

ETHERTYPE = {4: 0x0800, 6: 0x86DD}
AT_ONCE = 50  # packets on their way: a tun device's queue has room for 500


def run(sandboxed: Sandboxed, case: Callable[[Underlay], Any], mtu: int = 1500) -> Any:
    def main(_: Any) -> Any:
        with underlay(mtu) as made:
            return case(made)

    return sandboxed(main)


class Arrivals:
    """What comes out of a node's tun0 for the stack, as far as it is from our nobody."""

    def __init__(self, node: Node) -> None:
        self._socket = entered_socket(node, socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind(("tun0", 3))
        self._socket.setblocking(False)
        self.packets: list[bytes] = []

    def __enter__(self) -> "Arrivals":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def take(self, patience: float = 0.0) -> None:
        """All that is there, or has come within that time."""
        if not select.select([self._socket], [], [], patience)[0]:
            return
        while True:
            try:
                data, (_, _, kind, *_) = self._socket.recvfrom(65535)
            except BlockingIOError:
                return
            if kind != socket.PACKET_OUTGOING:
                self.packets.append(data)

    def has(self, send: Callable[[], bytes]) -> bool:
        """Whether what is sent comes, in time; sent again where it gets lost. So whoever floods does not run away."""
        deadline, sent, start = time.monotonic() + PATIENCE, [send()], len(self.packets)
        while time.monotonic() < deadline:
            self.take(0.1)
            if any(each in sent for each in self.packets[start:]):
                return True
            sent.append(send())
        return False


def ours(data: bytes) -> bool:
    return data[12:16] == FOUR[0] or data[8:24] == SIX[0]


def settled(arrivals: Arrivals) -> bool:
    """Whether nothing came for a moment."""
    before = len(arrivals.packets)
    arrivals.take(0.2)
    return len(arrivals.packets) == before


def entrance(node: Node) -> socket.socket:
    """What is sent to its ("tun0", ethertype) goes into the tunnel, as if the stack had sent it."""
    return entered_socket(node, socket.AF_PACKET, socket.SOCK_DGRAM, 0)


def exchanged(net: Underlay, sent: list[bytes]) -> tuple[list[bool], list[int]]:
    """All of them both ways at once. Of B and of A: whether each came once, unchanged, in order; and how many came."""
    sides = (net.a, net.b)
    with ExitStack() as stack:
        arrivals = [stack.enter_context(Arrivals(node)) for node in reversed(sides)]
        sending = [stack.enter_context(entrance(node)) for node in sides]
        for start in range(0, len(sent), AT_ONCE):
            batch = sent[start : start + AT_ONCE]
            for each in batch:
                for sock in sending:
                    sock.sendto(each, ("tun0", ETHERTYPE[each[0] >> 4]))
            for arrived in arrivals:
                deadline = time.monotonic() + PATIENCE
                while len(arrived.packets) < start + len(batch) and time.monotonic() < deadline:
                    arrived.take(0.1)
        for arrived in arrivals:  # one that came twice would still be coming
            arrived.take(0.1)
        same = [[each for each in arrived.packets if ours(each)] == sent for arrived in arrivals]
        return same, [len(arrived.packets) for arrived in arrivals]
