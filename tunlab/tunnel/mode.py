"""What a packet becomes on its way through the tunnel: itself, something shorter, or something that nobody can read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NoReturn, Protocol

from tunlab.tunnel.rows import Packet, Rows
from tunlab.tunnel.whole import Malformed, whole


class Wrapping(Protocol):
    """Of the process that sends. Both raise OSError where there is no way at the moment."""

    def wrap(self, packet: Packet) -> Packet:
        """What goes into the datagram."""

    def wrap_all(self, rows: Rows) -> Iterable[Rows]:
        """What goes into as many datagrams as there are packets, in order; each until the next one is asked for."""


class Unwrapping(Protocol):
    """Of the process that receives. `view`: at its beginning is what `unwrap_all` hands out; None: where it lay."""

    view: memoryview | None

    def unwrap(self, datagram: Packet) -> Packet:
        """The packet in it, which is whole. Raises Malformed where there is none."""

    def unwrap_all(self, rows: Rows, refused: Callable[[Malformed], None]) -> Iterable[tuple[int, Rows]]:
        """What is in them, which may be no whole packets, and the first one's number; each until the next is asked for.

        `refused` hears of those in which nothing is.
        """


class Keeping(Protocol):
    """Who sees to the keys, in a process of its own."""

    @property
    def agreed(self) -> int:
        """As often both ends have known that they have new keys."""

    def keep(self) -> NoReturn:
        """What the process does."""


@dataclass(frozen=True, slots=True)
class Mode:
    """`overhead`: bytes that it adds to a packet. `keeping`: None where there are no keys."""

    overhead: int
    wrapping: Wrapping
    unwrapping: Unwrapping
    keeping: Keeping | None = None


class Plain:
    """Both directions of the mode that hides nothing: a datagram is a packet."""

    view: memoryview | None = None

    def wrap(self, packet: Packet) -> Packet:
        return packet

    def wrap_all(self, rows: Rows) -> Iterable[Rows]:
        return (rows,)

    def unwrap(self, datagram: Packet) -> Packet:
        return whole(datagram)

    def unwrap_all(self, rows: Rows, refused: Callable[[Malformed], None]) -> Iterable[tuple[int, Rows]]:
        return ((0, rows),)


def plain() -> Mode:
    """A datagram is a packet."""
    both = Plain()
    return Mode(0, both, both)
