"""A node between the two ends of a tunnel that passes on what they send, and can change the address that one sees."""

import select
import socket
import time
from collections.abc import Callable

from underlay import OUTER, PATIENCE, Underlay, entered_socket


class Switch:
    """Between the two ends, at B: what A sends to `front` goes on to B, and back. `record`: the latest from B."""

    def __init__(self, net: Underlay) -> None:
        self._net = net
        self._far = self._bound(OUTER[4][1], 9002)
        self._near = self._bound(OUTER[4][1], 9001)
        self.record = b""

    def _bound(self, address: str, port: int) -> socket.socket:
        made = entered_socket(self._net.b, socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((address, port))
        return made

    def move(self, address: str, port: int) -> None:
        """As by a NAT that has forgotten somebody, or to another network. B has the address already."""
        self._near.close()
        self._near = self._bound(address, port)

    def until(self, condition: Callable[[], bool]) -> bool:
        """Whether it came true in time."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                return False
            for each in select.select([self._near, self._far], [], [], 0.02)[0]:
                data = each.recv(65535)
                if each is self._near:
                    self._far.sendto(data, (OUTER[4][1], 8285))
                else:
                    self.record = data if data[0] >> 6 == 2 else self.record
                    self._near.sendto(data, (OUTER[4][0], 8285))
        return True

    def close(self) -> None:
        self._near.close()
        self._far.close()
