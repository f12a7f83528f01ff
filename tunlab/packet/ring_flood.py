"""The packets of a flood are alike: one row after the other of a block in the ring becomes a block of a pcapng file."""

import struct
from collections.abc import Iterator

from tunlab.kernel.packet_ring import packets_in

_FEWEST = 32  # packets; below, it is not worth looking
_WORD = 4
_TIME = 2  # the word of a frame's header with the nanoseconds
# Bytes of it that must not change, eight from each: next and second, FORM twice, WHERE (kernel/packet_ring.py).
_SAME, _WIDTH = (0, 12, 20, 52), 8


def flood_packets(block: bytes, stop: int) -> int:
    """How many of the first `stop` packets are alike but for time and bytes: all but the last one, or 0.

    The block's last packet does not say how far the next one is, and stays out.
    """
    count, first = packets_in(block)
    alike = min(stop, count - 1)
    if alike < _FEWEST:
        return 0
    stride = _stride(block, first)
    if first + alike * stride > len(block):
        return 0
    rows = (alike - 1) * stride + _WIDTH  # from the first one's bytes to the last one's
    for place in _SAME:
        begin = first + place
        column = memoryview(block)[begin : begin + rows].cast("Q")[:: stride // _WIDTH]
        if column.tobytes() != block[begin : begin + _WIDTH] * alike:
            return 0
    return alike


def flood_times(block: bytes, alike: int) -> list[int]:
    """The nanoseconds of so many packets that are alike."""
    _, first = packets_in(block)
    stride = _stride(block, first)
    return memoryview(block)[first : first + alike * stride].cast("I")[_TIME :: stride // _WORD].tolist()


def flood_rows(block: bytes, alike: int, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Nanoseconds and bytes of so many packets that are alike; `start` and `end` in their frames."""
    _, first = packets_in(block)
    stride = _stride(block, first)
    row = struct.Struct(f"={_WORD * _TIME}xI{start - _WORD * (_TIME + 1)}x{end - start}s{stride - end}x")
    return row.iter_unpack(memoryview(block)[first : first + alike * stride])


def _stride(block: bytes, first: int) -> int:
    return int.from_bytes(block[first : first + _WORD], "little")
