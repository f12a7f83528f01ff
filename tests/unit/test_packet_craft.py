"""Echo requests and their answers, and echo_of() that tells which ping a packet belongs to."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunlab.model.packet import LinkType
from tunlab.packet.craft import echo_request, swap_and_answer
from tunlab.packet.echo import echo_of
from tunlab.packet.summary import summary

PAIRS = [("10.0.0.1", "10.0.0.2"), ("fe80::1", "2001:db8::2")]


def _sum(data: bytes) -> int:
    """The Internet checksum of RFC 1071, not yet inverted: 0xffff over what contains a right one."""
    data += bytes(len(data) % 2)
    total = sum(int.from_bytes(data[i : i + 2]) for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def _checksums_right(packet: bytes) -> bool:
    if packet[0] >> 4 == 4:
        return _sum(packet[:20]) == 0xFFFF and _sum(packet[20:]) == 0xFFFF
    pseudo = packet[8:40] + (len(packet) - 40).to_bytes(4) + bytes([0, 0, 0, 58])  # RFC 8200, section 8.1
    return _sum(pseudo + packet[40:]) == 0xFFFF


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PAIRS), st.integers(0, 65535), st.integers(0, 65535), st.binary(max_size=40))
def test_request_and_answer(pair: tuple[str, str], identifier: int, sequence: int, payload: bytes) -> None:
    request = echo_request(*pair, identifier, sequence, payload)
    assert _checksums_right(request)
    assert echo_of(request, LinkType.RAW) == (False, identifier, sequence)
    answer = swap_and_answer(request)
    assert answer is not None
    assert _checksums_right(answer)
    assert echo_of(answer, LinkType.RAW) == (True, identifier, sequence)
    assert answer.endswith(payload) and len(answer) == len(request)
    assert f"{pair[1]} > {pair[0]}  " in summary(answer, LinkType.RAW)
    assert swap_and_answer(answer) is None


def test_all_but_the_addresses_type_and_checksum_stays() -> None:
    request = bytearray(echo_request("10.0.0.1", "10.0.0.2", 1, 2, b"abc"))
    request[4:6], request[8] = b"\xbe\xef", 3  # identification and time to live
    answer = swap_and_answer(bytes(request))
    assert answer is not None
    assert answer[4:6] == b"\xbe\xef" and answer[8] == 3
    assert _checksums_right(answer)


def test_padding_behind_the_request_is_not_summed() -> None:
    request = echo_request("10.0.0.1", "10.0.0.2", 1, 2, b"abcd")
    answer = swap_and_answer(request + b"\xff" * 7)
    assert answer is not None and _checksums_right(answer[: len(request)])


@pytest.mark.parametrize(("source", "destination"), [("10.0.0.1", "::1"), ("h1", "h2"), ("10.0.0.1", "10.0.0.0/24")])
def test_addresses_that_are_none(source: str, destination: str) -> None:
    with pytest.raises(ValueError, match=r"IP versions|does not appear"):
        echo_request(source, destination, 1, 1, b"")


def test_neither_parts_nor_other_packets_are_answered() -> None:
    request = echo_request("10.0.0.1", "10.0.0.2", 1, 2, bytes(32))
    first, later = bytearray(request), bytearray(request)
    first[6], later[7] = 0x20, 4
    assert echo_of(bytes(first), LinkType.RAW) == (False, 1, 2)
    assert echo_of(bytes(later), LinkType.RAW) is None
    assert swap_and_answer(bytes(first)) is None
    assert swap_and_answer(request[:-1]) is None
    assert swap_and_answer(b"") is None
    assert swap_and_answer(request[:9] + b"\x11" + request[10:]) is None  # UDP


def test_echo_behind_ethernet() -> None:
    request = echo_request("fe80::1", "fe80::2", 7, 8, b"")
    assert echo_of(bytes(12) + b"\x86\xdd" + request, LinkType.ETHERNET) == (False, 7, 8)
    assert echo_of(bytes(12) + b"\x81\x00\x00\x0a\x86\xdd" + request, LinkType.ETHERNET) == (False, 7, 8)
    assert echo_of(bytes(12) + b"\x08\x06" + request, LinkType.ETHERNET) is None
    assert echo_of(bytes(5), LinkType.ETHERNET) is None
