"""The four bytes in front of a packet from a tun without IFF_NO_PI: decoded, summed up, and stepped over."""

import struct

import pytest

from tunlab.model.packet import Field, Layer, LinkType
from tunlab.packet.craft import echo_request
from tunlab.packet.decode import decode
from tunlab.packet.echo import echo_of
from tunlab.packet.summary import summary

REQUEST = echo_request("192.0.2.1", "192.0.2.7", 7, 3, b"it's")


def informed(flags: int = 0, ethertype: int = 0x0800, packet: bytes = REQUEST) -> bytes:
    """As the kernel writes struct tun_pi: the flags in its own byte order, the protocol in that of the network."""
    return struct.pack("=H", flags) + struct.pack("!H", ethertype) + packet


def test_layers() -> None:
    information, ip, icmp, raw = decode(informed(), LinkType.PI)
    assert information == Layer(
        "tun_pi", (Field("flags", "0", 0, 16), Field("proto", "0x0800", 2, 16, "0x0800 (IPv4)"))
    )
    assert [ip.name, icmp.name, raw.name] == ["IP", "ICMP", "Raw"]
    assert ip.fields[0] == Field("version", "4", 4, 4)
    assert ip.fields[-1] == Field("dst", "192.0.2.7", 20, 32)
    assert raw.fields == (Field("load", b"it's".hex(), 32, 32),)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (informed(), "PI flags 0 proto 0x0800  IP 192.0.2.1 > 192.0.2.7  ICMP echo request id 7 seq 3"),
        (informed(1, 0x86DD, b""), "PI flags 1 proto 0x86dd  0 bytes"),
        (b"\0\0\x08", "PI cut off  3 bytes"),
        (b"", "PI cut off  0 bytes"),
    ],
)
def test_summary(data: bytes, line: str) -> None:
    assert summary(data, LinkType.PI) == line


def test_a_ping_is_told_all_the_same() -> None:
    assert echo_of(informed(), LinkType.PI) == (False, 7, 3)


@pytest.mark.parametrize("end", range(0, 36, 3))
def test_any_truncation_is_survived(end: int) -> None:
    assert decode(informed()[:end], LinkType.PI)
    assert summary(informed()[:end], LinkType.PI)
