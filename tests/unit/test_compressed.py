"""The compressed mode: what comes out is what went in, and never more than the device takes."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zstandard import ZstdCompressor

from tunlab.packet.craft import echo_request
from tunlab.tunnel import counts
from tunlab.tunnel.compressed import Compressing, Decompressing
from tunlab.tunnel.rows import Rows
from tunlab.tunnel.whole import Malformed

MTU = 1500
TEXT = b"the same again and again, "


def packet(payload: bytes) -> bytes:
    return bytes(echo_request("192.168.1.2", "192.168.1.3", 1, 1, payload))


NOISE = packet(random.Random(1).randbytes(1400))


def refusal(datagram: bytes, limit: int = MTU) -> str:
    with pytest.raises(Malformed) as refused:
        Decompressing(lambda: limit).unwrap(datagram)
    return counts.NAMES[refused.value.count]


def test_text_becomes_shorter() -> None:
    text = packet(TEXT * 50)
    frame = bytes(Compressing().wrap(text))
    assert len(frame) < len(text) / 4
    assert Decompressing(lambda: MTU).unwrap(frame) == text


def test_noise_goes_as_it_is() -> None:
    assert Compressing().wrap(NOISE) == NOISE
    assert Decompressing(lambda: MTU).unwrap(NOISE) == NOISE


def test_nothing_becomes_longer_than_the_device_takes() -> None:
    bomb = ZstdCompressor().compress(bytes(1 << 30))
    assert refusal(bomb) == "frame"
    assert refusal(ZstdCompressor().compress(packet(bytes(MTU)))) == "frame"


def test_a_length_that_is_not_told_or_wrong() -> None:
    untold = ZstdCompressor(write_content_size=False).compress(packet(bytes(1000)))
    assert refusal(untold) == "frame"
    frame = bytearray(ZstdCompressor().compress(packet(bytes(1000))))
    frame[6] ^= 1  # of the content size's two bytes
    assert refusal(bytes(frame)) == "frame"


def test_the_limit_follows_the_device() -> None:
    limits = iter([100, 1500])
    ends = Decompressing(lambda: next(limits))
    text = packet(TEXT * 50)
    assert ends.unwrap(Compressing().wrap(text)) == text


@given(st.lists(st.booleans(), min_size=2, max_size=30), st.integers(1, 1428))
def test_many_at_once(are_text: list[bool], last: int) -> None:
    chance = random.Random(last)
    packets = [
        (packet((str(number).encode() + TEXT * 60)[:1400]) if text else packet(chance.randbytes(1400)))
        for number, text in enumerate(are_text)
    ]
    packets[-1] = packets[-1][:last]
    ends, found, number = Decompressing(lambda: MTU), [], 0
    refused: list[Malformed] = []
    for wrapped in Compressing().wrap_all(Rows(memoryview(bytearray(b"".join(packets))), 1428)):
        here = Rows(memoryview(bytes(wrapped.data)), wrapped.size)
        assert here.count == wrapped.count
        for start, rows in ends.unwrap_all(here, refused.append):
            found += [(number + start + place, bytes(each)) for place, each in enumerate(rows)]
        number += wrapped.count
    assert found == list(enumerate(packets))
    assert not refused


@given(st.binary(max_size=60))
def test_whatever_comes(rest: bytes) -> None:
    try:
        found = Decompressing(lambda: MTU).unwrap(b"\x28\xb5\x2f\xfd" + rest)
    except Malformed:
        return
    assert len(found) <= MTU
