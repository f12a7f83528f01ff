"""Packets of equal length that lie one behind the other; the last of them may be shorter."""

from collections.abc import Iterator

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
