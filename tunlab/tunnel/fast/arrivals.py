"""What the peer has sent, read as the kernel hands it over: a datagram, or several that came together (UDP_GRO)."""

import sys
from collections.abc import Iterable
from socket import CMSG_SPACE, MSG_DONTWAIT, socket

from tunlab.tunnel.fast.gathering import MOST_BYTES, Gathering
from tunlab.tunnel.rows import Rows

_LONGEST = 65535
_TOLD = CMSG_SPACE(4)  # UDP_GRO tells an int


class Arrivals:
    """`view`: the memory, at whose beginning all that is handed out lies."""

    def __init__(self, wire: socket) -> None:
        self._wire = wire
        self.view = memoryview(bytearray(MOST_BYTES + 2 * _LONGEST))
        self._room = [self.view[:_LONGEST]]
        self._size = 0
        self._heard: OSError | None = None
        self.more = Gathering(self.view, self._read, self._rows).more

    def wait(self) -> Rows:
        """The next datagram, or several. Raises OSError for an ICMP error about something that we sent."""
        if self._heard is not None:
            heard, self._heard = self._heard, None
            raise heard
        total, told, _, _ = self._wire.recvmsg_into(self._room, _TOLD)
        return Rows(self.view[:total], int.from_bytes(told[0][2], sys.byteorder) if told else total)

    def _read(self, at: int) -> tuple[int, bool] | None:
        try:
            total, told, _, _ = self._wire.recvmsg_into([self.view[at : at + _LONGEST]], _TOLD, MSG_DONTWAIT)
        except BlockingIOError:
            return None
        except OSError as error:  # what was gathered before it is not lost for that
            self._heard = error
            return None
        self._size = int.from_bytes(told[0][2], sys.byteorder) if told else total
        return total, total > self._size or total == 0

    def _rows(self, total: int) -> Iterable[Rows]:
        return (Rows(self.view[:total], self._size),)
