"""Packets of equal length that lie one behind the other; the last of them may be shorter."""

from collections.abc import Iterable, Iterator

Packet = bytes | bytearray | memoryview


class Rows:
    """`data` are all of them, `size` the bytes of each, `count` how many there are."""

    __slots__ = ("count", "data", "size")

    def __init__(self, data: memoryview, size: int) -> None:
        self.data = data
        self.size = size
        self.count = -(-len(data) // size) if len(data) > size else 1

    def __iter__(self) -> Iterator[memoryview]:
        return (self[number] for number in range(self.count))

    def __getitem__(self, number: int) -> memoryview:
        return self.data[number * self.size : (number + 1) * self.size]


def rows_of(packets: Iterable[bytes | None], view: memoryview) -> Iterator[tuple[int, Rows]]:
    """Those that follow each other and are of equal length, as rows at the beginning of `view`, and the first's number.

    None stands for one that is left out. What has been handed out is overwritten afterwards.
    """
    first = taken = size = 0
    for number, packet in enumerate(packets):
        length = len(packet) if packet else 0
        if taken and (not length or length > size or taken % size or taken + length > len(view)):
            yield first, Rows(view[:taken], size)
            taken = 0
        if not packet:
            continue
        if not taken:
            first, size = number, length
        view[taken : taken + length] = packet
        taken += length
    if taken:
        yield first, Rows(view[:taken], size)
