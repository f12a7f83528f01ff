"""What an endpoint of a tunnel lets through, and the ICMP errors that it makes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunlab.errors import Status, TunlabError
from tunlab.model.packet import LinkType
from tunlab.packet.checksums import internet_sum, judged
from tunlab.packet.craft import echo_request
from tunlab.packet.decode import decode
from tunlab.tunnel import counts
from tunlab.tunnel.device import read_address
from tunlab.tunnel.place import read_place
from tunlab.tunnel.too_big import may_be_fragmented, too_big
from tunlab.tunnel.whole import Malformed, whole

FOUR = echo_request("192.168.1.2", "192.168.1.3", 1, 1, bytes(1400))
SIX = echo_request("fd00::2", "fd00::3", 1, 1, bytes(1400))


def changed(packet: bytes, place: int, new: bytes, checksum: bool = True) -> bytes:
    """With other bytes at a place, and the IPv4 header's checksum right again."""
    result = bytearray(packet)
    result[place : place + len(new)] = new
    if checksum and packet[0] >> 4 == 4:
        result[10:12] = bytes(2)
        header = 4 * (result[0] & 0x0F)
        result[10:12] = (0xFFFF - internet_sum(result[:header])).to_bytes(2)
    return bytes(result)


GOOD = {
    "IPv4": FOUR,
    "IPv6": SIX,
    "IPv4 with options": changed(FOUR, 0, b"\x46"),
    "IPv4, header only": changed(FOUR[:20], 2, b"\0\x14"),
    "IPv6, header only": SIX[:4] + bytes(2) + SIX[6:40],
}
BAD = {
    "empty": (b"", counts.EMPTY),
    "one byte": (b"\x45", counts.HEADER_LENGTH),
    "no version": (bytes(100), counts.VERSION),
    "version 5": (changed(FOUR, 0, b"\x55", checksum=False), counts.VERSION),
    "short header": (changed(FOUR, 0, b"\x44", checksum=False), counts.HEADER_LENGTH),
    "header longer than all": (changed(FOUR[:40], 0, b"\x4f", checksum=False), counts.HEADER_LENGTH),
    "cut off": (FOUR[:-1], counts.TOTAL_LENGTH),
    "one byte more": (FOUR + b"\0", counts.TOTAL_LENGTH),
    "total length below the header's": (changed(FOUR, 2, b"\0\x13"), counts.TOTAL_LENGTH),
    "checksum": (changed(FOUR, 8, b"\x01", checksum=False), counts.CHECKSUM),
    "IPv6 cut off in its header": (SIX[:39], counts.HEADER_LENGTH),
    "IPv6 cut off": (SIX[:-1], counts.TOTAL_LENGTH),
    "IPv6, one byte more": (SIX + b"\0", counts.TOTAL_LENGTH),
}


@pytest.mark.parametrize("name", GOOD)
def test_whole_packets_pass(name: str) -> None:
    assert whole(GOOD[name]) == GOOD[name]


@pytest.mark.parametrize("name", BAD)
def test_others_are_refused(name: str) -> None:
    datagram, count = BAD[name]
    with pytest.raises(Malformed) as refused:
        whole(datagram)
    assert refused.value.count == count


@given(st.binary(max_size=100))
def test_whatever_comes(datagram: bytes) -> None:
    try:
        packet = whole(datagram)
    except Malformed:
        return
    length = int.from_bytes(packet[2:4]) if packet[0] >> 4 == 4 else 40 + int.from_bytes(packet[4:6])
    assert packet == datagram
    assert length == len(packet)


def layers(packet: bytes) -> dict[str, dict[str, tuple[str, str | None]]]:
    """Each layer's fields: value and verdict, as scapy takes the packet apart."""
    told = judged(decode(packet, LinkType.RAW), packet)
    return {layer.name: {field.name: (field.value, field.verdict) for field in layer.fields} for layer in told}


def test_too_big_for_ipv4() -> None:
    answer = too_big(changed(FOUR, 6, b"\x40\0"), 1300)
    assert answer is not None
    assert whole(answer) == answer
    assert len(answer) == 576
    found = layers(answer)
    assert (found["IP"]["src"][0], found["IP"]["dst"][0], found["IP"]["chksum"][1]) == (
        "192.168.1.3", "192.168.1.2", "good",
    )  # fmt: skip
    told = found["ICMP"]
    assert (answer[20:22], told["nexthopmtu"][0], told["chksum"][1]) == (b"\x03\x04", "1300", "good")
    assert answer[28:] == changed(FOUR, 6, b"\x40\0")[:548]


def test_too_big_for_ipv6() -> None:
    answer = too_big(SIX, 1300)
    assert answer is not None
    assert whole(answer) == answer
    assert len(answer) == 1280
    found = layers(answer)
    told = found["ICMPv6 Packet Too Big"]
    assert (answer[40:42], told["mtu"][0], told["cksum"][1]) == (b"\x02\0", "1300", "good")
    assert (found["IPv6"]["src"][0], found["IPv6"]["dst"][0]) == ("fd00::3", "fd00::2")
    assert answer[48:] == SIX[:1232]
    small = too_big(SIX, 1000)
    assert small is not None
    assert struct.unpack_from("!I", small, 44) == (1280,)  # RFC 8200: no sender goes below


NOT_TOLD = {
    "a later fragment": changed(FOUR, 6, b"\x40\x01"),
    "to a group": changed(FOUR, 16, b"\xe0\0\0\x01"),
    "to all": changed(FOUR, 16, b"\xff\xff\xff\xff"),
    "from nobody": changed(FOUR, 12, bytes(4)),
    "an ICMP error": changed(FOUR, 20, b"\x03"),
    "an ICMPv6 error": changed(SIX, 40, b"\x01"),
    "IPv6 from nobody": changed(SIX, 8, bytes(16)),
    "IPv6 to a group": changed(SIX, 24, b"\xff\x02"),
    "not even a header": FOUR[:19],
}


@pytest.mark.parametrize("name", NOT_TOLD)
def test_no_error_about(name: str) -> None:
    assert too_big(NOT_TOLD[name], 1300) is None


def test_who_may_be_fragmented() -> None:
    assert may_be_fragmented(FOUR)
    assert not may_be_fragmented(changed(FOUR, 6, b"\x40\0"))
    assert not may_be_fragmented(SIX)
    assert may_be_fragmented(echo_request("fd00::2", "fd00::3", 1, 1, bytes(1280 - 48)))


@pytest.mark.parametrize("text", ["192.0.2.1:8285", "[2001:db8::1]:8285", "[fe80::1%lo]:1"])
def test_places(text: str) -> None:
    place = read_place(text, "--peer")
    assert place.sockaddr[1] == int(text.rpartition(":")[2])
    assert place.sockaddr[0] == text.rpartition(":")[0].strip("[]").partition("%")[0]
    assert ("%" in text) == (place.sockaddr[3:] == (1,))  # lo is always the first device


WRONG = ["192.0.2.1", "192.0.2.1:", ":8285", "192.0.2.1:0", "192.0.2.1:65536", "2001:db8::1:8285", "[192.0.2.1]:8285",
         "host.example:8285", "192.0.2.1:8285x", "[]:1", "[fe80::1%none]:1", "192.0.2.256:1",
         "\u0661.2.3.4:5"]  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_no_places(text: str) -> None:
    with pytest.raises(TunlabError) as refused:
        read_place(text, "--peer")
    assert (refused.value.key, refused.value.status) == ("tunnel_bad_place", Status.USAGE)


@pytest.mark.parametrize("text", ["192.168.1.2", "192.168.1.2/33", "x/24", "", "fe80::1%tun0/64"])
def test_no_addresses(text: str) -> None:
    with pytest.raises(TunlabError) as refused:
        read_address(text)
    assert refused.value.status is Status.USAGE
