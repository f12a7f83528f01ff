"""Blocks of the packet ring as a pcapng's: told apart, put together and counted, one flow or many."""

import struct
from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunlab.kernel.packet_ring import PACKET_OUTGOING
from tunlab.packet.ring_blocks import Span, packet_blocks

SECOND = 1_700_000_000
ETHER, NONE = 1, 0xFFFE
FIRST = 48  # where a block's first packet begins
ALL = 1 << 62
UPPER_HALF = -SECOND * 1_000_000_000 % (1 << 32)  # ns until the upper half of a time stamp changes


@dataclass(frozen=True)
class Packet:
    index: int
    hardware_type: int
    kind: int
    time_ns: int
    data: bytes
    length: int
    tag: int | None = None


def block_of(packets: list[Packet]) -> bytes:
    """struct tpacket_block_desc and its packets, as linux/if_packet.h has them."""
    frames = b""
    for number, each in enumerate(packets):
        start = 82 if each.hardware_type == ETHER else 96
        size = start + len(each.data) + 7 & ~7
        status = 1 | (0x50 if each.tag is not None else 0)
        last = number == len(packets) - 1
        seconds, nanoseconds = divmod(each.time_ns, 1_000_000_000)
        header = struct.pack(
            "=6I2H2IH10x",
            *(0 if last else size, seconds, nanoseconds, len(each.data), each.length, status, start, 96),
            *(0, each.tag or 0, 0x8100),
        )
        address = struct.pack("=HHiHBB8x", 17, 0, each.index, each.hardware_type, each.kind, 6)
        frames += (header + address).ljust(start, b"\xaa") + each.data.ljust(size - start, b"\xbb")
    return struct.pack("=2I4I", 1, 0, 1, len(packets), FIRST, FIRST + len(frames)).ljust(FIRST, b"\0") + frames


def read(blocks: bytes) -> list[tuple[int, int, bytes, int, bytes]]:
    """Interface, time, bytes, original length and options of Enhanced Packet Blocks."""
    found = []
    while blocks:
        kind, whole, interface, high, low, size, length = struct.unpack_from("<7I", blocks)
        assert kind == 6 and whole % 4 == 0 and struct.unpack_from("<I", blocks, whole - 4)[0] == whole
        padded = size + 3 & ~3
        assert not any(blocks[28 + size : 28 + padded])
        found.append((interface, high << 32 | low, blocks[28 : 28 + size], length, blocks[28 + padded : whole - 4]))
        blocks = blocks[whole:]
    return found


def options(kind: int, comment: str) -> bytes:
    told = struct.pack("<HHI", 2, 4, 2 if kind == PACKET_OUTGOING else 1)
    if comment:
        told += struct.pack("<HH", 1, len(comment)) + comment.encode() + bytes(-len(comment) % 4)
    return told + bytes(4)


def interface_of(where: bytes) -> int | None:
    """Device 9 is not wanted."""
    index = struct.unpack_from("=i", where)[0]
    return None if index == 9 else index


def span_at(time_ns: int) -> Span:
    """A step begins half a second into it."""
    middle = SECOND * 1_000_000_000 + 500_000_000
    return Span(0, middle, "") if time_ns < middle else Span(middle, 1 << 63, "lab step ping")


def expected(packets: list[Packet]) -> list[tuple[int, int, bytes, int, bytes]]:
    found = []
    for each in packets:
        data, length = each.data, each.length
        if each.tag is not None:
            data, length = data[:12] + struct.pack("!HH", 0x8100, each.tag) + data[12:], length + 4
        comment = span_at(each.time_ns).comment
        found.append((each.index, each.time_ns, data, length, options(each.kind, comment)))
    return found


times = st.integers(0, 5_000_000_000).map(lambda ns: SECOND * 1_000_000_000 + ns)
bytes_of_one = st.binary(min_size=14, max_size=40)
packets = st.builds(
    lambda index, kind, time, data, more, tag: Packet(
        index, ETHER if index % 2 else NONE, kind, time, data, len(data) + more, tag if index % 2 else None
    ),
    st.sampled_from([1, 2, 3, 9]),
    st.sampled_from([0, 4]),
    times,
    bytes_of_one,
    st.sampled_from([0, 0, 7]),
    st.sampled_from([None, None, 3]),
)


@given(st.lists(packets, max_size=12), st.integers(0, 14))
def test_any_packets(them: list[Packet], most: int) -> None:
    wanted = [each for each in them if each.index != 9][:most]
    blocks, counts = packet_blocks(block_of(them), most, interface_of, span_at)
    assert read(blocks) == expected(wanted)
    assert counts == Counter(each.index for each in wanted)


@pytest.mark.parametrize("size", [14, 97, 98, 1500])
@pytest.mark.parametrize("begin", [0, 499_999_950, 999_999_950, UPPER_HALF - 50])
@pytest.mark.parametrize("odd", [None, 0, 50, 99])
def test_a_flood(size: int, begin: int, odd: int | None) -> None:
    """Of one flow, and the same with one packet of another; across a step's and a second's begin."""
    them = [
        Packet(1, ETHER, 4 * (number == odd), SECOND * 1_000_000_000 + begin + number, bytes([number]) * size, size)
        for number in range(100)
    ]
    for most in (ALL, 99, 40, 1):
        blocks, counts = packet_blocks(block_of(them), most, interface_of, span_at)
        assert read(blocks) == expected(them[:most])
        assert counts == {1: min(100, most)}
