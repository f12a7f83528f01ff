"""summary() on packets that scapy made, and on any bytes at all: with decode() and the echo functions."""

import struct
from typing import Any

import pytest
from corpus import Made, corpus
from hypothesis import given, settings
from hypothesis import strategies as st

from tunlab.i18n import Words
from tunlab.model.packet import LinkType
from tunlab.packet.craft import swap_and_answer
from tunlab.packet.decode import decode
from tunlab.packet.echo import echo_of
from tunlab.packet.scapy_loader import load_scapy
from tunlab.packet.summary import summary
from tunlab.ui.packet_page import packet_rows

WORDS = Words("zh")
MAC, OTHER_MAC = "52:54:00:12:34:56", "52:54:00:ab:cd:ef"


def _kinds() -> list[tuple[Any, str]]:
    """Packets and their lines; those with Ethernet in front are told by their class."""
    load_scapy()
    from scapy.layers import inet6 as v6
    from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP
    from scapy.layers.l2 import ARP, GRE, LLC, STP, Dot1Q, Dot3, Ether
    from scapy.layers.vxlan import VXLAN

    ip = IP(src="10.0.0.1", dst="10.0.0.2")
    back = IP(src="10.0.0.2", dst="10.0.0.1") / UDP(sport=1, dport=2)
    six = v6.IPv6(src="fe80::1", dst="fe80::2")
    routers = v6.IPv6(src="fe80::1", dst="ff02::2")
    ether = Ether(src=MAC, dst=OTHER_MAC)
    hop = v6.IPv6ExtHdrHopByHop(options=[v6.RouterAlert()])
    group = v6.ICMPv6MLDMultAddrRec
    ip_line, six_line = "IP 10.0.0.1 > 10.0.0.2  ", "IPv6 fe80::1 > fe80::2  "
    return [
        (ip / ICMP(id=0x1595, seq=3) / b"x", ip_line + "ICMP echo request id 5525 seq 3"),
        (ip / ICMP(type=0, id=5, seq=65535), ip_line + "ICMP echo reply id 5 seq 65535"),
        (ip / ICMP(type=3, code=3) / back, ip_line + "ICMP destination unreachable, port"),
        (ip / ICMP(type=3, code=200) / back, ip_line + "ICMP destination unreachable, code 200"),
        (
            ip / ICMP(type=3, code=4, nexthopmtu=1400) / back,
            ip_line + "ICMP destination unreachable, fragmentation needed, mtu 1400",
        ),
        (ip / ICMP(type=11, code=0) / back, ip_line + "ICMP time exceeded, in transit"),
        (ip / ICMP(type=5, code=1, gw="10.0.0.9") / back, ip_line + "ICMP redirect to 10.0.0.9"),
        (ip / ICMP(type=13), ip_line + "ICMP type 13 code 0"),
        (ip / UDP(sport=1234, dport=53) / bytes(20), ip_line + "UDP 1234 > 53  length 20"),
        (ip / UDP(sport=1234, dport=53, len=3), ip_line + "UDP 1234 > 53  bad length 3"),
        (ip / TCP(sport=1, dport=2, seq=7, flags="S"), ip_line + "TCP 1 > 2  SYN seq 7  length 0"),
        (
            ip / TCP(sport=1, dport=2, seq=7, ack=9, flags="PA", options=[("MSS", 1460)]) / b"hello",
            ip_line + "TCP 1 > 2  PSH ACK seq 7 ack 9  length 5",
        ),
        (ip / TCP(sport=1, dport=2, flags=0), ip_line + "TCP 1 > 2  no flags seq 0  length 0"),
        (
            IP(src="1.2.3.4", dst="5.6.7.8", options=[IPOption_NOP()] * 4) / ICMP(id=1, seq=2),
            "IP 1.2.3.4 > 5.6.7.8  ICMP echo request id 1 seq 2",
        ),
        (ip / GRE() / bytes(4), ip_line + "protocol 47 (GRE)  length 8"),
        (IP(src="10.0.0.1", dst="10.0.0.2", proto=200) / bytes(4), ip_line + "protocol 200  length 4"),
        (
            ip / back,
            ip_line + "protocol 4 (IPv4)  length 28  [IP 10.0.0.2 > 10.0.0.1  UDP 1 > 2  length 0]",
        ),
        (
            ip / UDP(sport=8285, dport=8285) / IP(src="192.168.1.2", dst="192.168.1.3") / ICMP(id=5, seq=1) / bytes(56),
            ip_line + "UDP 8285 > 8285  length 84  [IP 192.168.1.2 > 192.168.1.3  ICMP echo request id 5 seq 1]",
        ),
        (
            ip / UDP(sport=8285, dport=8285) / six / v6.ICMPv6ND_RS(),
            ip_line + "UDP 8285 > 8285  length 48  [IPv6 fe80::1 > fe80::2  Router Solicitation]",
        ),
        (
            ip / UDP(sport=50123, dport=4789) / VXLAN(vni=7, flags=8) / ether / ARP(psrc="10.0.0.1", pdst="10.0.0.2"),
            ip_line + "UDP 50123 > 4789  length 50  [ARP who has 10.0.0.2 tell 10.0.0.1]",
        ),
        (
            ip / GRE(key_present=1, key=3) / back,
            ip_line + "protocol 47 (GRE)  length 36  [IP 10.0.0.2 > 10.0.0.1  UDP 1 > 2  length 0]",
        ),
        (
            ip / GRE(proto=0x6558) / ether / six,
            ip_line + "protocol 47 (GRE)  length 58  [IPv6 fe80::1 > fe80::2  protocol 59 (no next header)  length 0]",
        ),
        (
            IP(src="10.0.0.1", dst="10.0.0.2", id=0xBEEF, flags="MF") / UDP(sport=1, dport=2, len=2000) / bytes(16),
            ip_line + "UDP 1 > 2  length 1992  fragment id 0xbeef offset 0 length 24, more follow",
        ),
        (
            IP(src="10.0.0.1", dst="10.0.0.2", id=0xBEEF, frag=3, proto=17) / bytes(16),
            ip_line + "UDP  fragment id 0xbeef offset 24 length 16, the last",
        ),
        (
            IP(src="10.0.0.1", dst="10.0.0.2", id=1, frag=3, proto=47) / bytes(16),
            ip_line + "protocol 47 (GRE)  fragment id 0x0001 offset 24 length 16, the last",
        ),
        (routers / v6.ICMPv6ND_RS(), "IPv6 fe80::1 > ff02::2  Router Solicitation"),
        (six / v6.ICMPv6ND_RA(), six_line + "Router Advertisement"),
        (six / v6.ICMPv6ND_NS(tgt="fe80::9"), six_line + "Neighbor Solicitation who has fe80::9"),
        (six / v6.ICMPv6ND_NA(tgt="fe80::9"), six_line + "Neighbor Advertisement fe80::9"),
        (
            six / v6.ICMPv6ND_NA(tgt="fe80::9") / v6.ICMPv6NDOptDstLLAddr(lladdr=MAC),
            six_line + f"Neighbor Advertisement fe80::9 is at {MAC}",
        ),
        (six / v6.ICMPv6ND_Redirect(tgt="fe80::9"), six_line + "Redirect to fe80::9"),
        (six / v6.ICMPv6EchoRequest(id=1, seq=2), six_line + "ICMPv6 echo request id 1 seq 2"),
        (six / v6.ICMPv6EchoReply(id=1, seq=2), six_line + "ICMPv6 echo reply id 1 seq 2"),
        (six / v6.ICMPv6DestUnreach(code=0) / six, six_line + "ICMPv6 destination unreachable, no route"),
        (six / v6.ICMPv6PacketTooBig(mtu=1280) / six, six_line + "ICMPv6 packet too big, mtu 1280"),
        (six / v6.ICMPv6TimeExceeded() / six, six_line + "ICMPv6 time exceeded, in transit"),
        (six / hop / v6.ICMPv6MLReport2(records=[group(dst="ff02::a")]), six_line + "MLDv2 report ff02::a"),
        (
            six / hop / v6.ICMPv6MLReport2(records=[group(dst=f"ff02::{i}", sources=["fe80::7"]) for i in range(1, 6)]),
            six_line + "MLDv2 report ff02::1, ff02::2, ff02::3 and 2 more",
        ),
        (six / hop / v6.ICMPv6MLReport(mladdr="ff02::a"), six_line + "MLD report ff02::a"),
        (six / hop / v6.ICMPv6MLDone(mladdr="ff02::a"), six_line + "MLD done ff02::a"),
        (six / v6.ICMPv6MLQuery(), six_line + "MLD query ::"),
        (
            six / v6.IPv6ExtHdrFragment(id=0xABCD1234, offset=2, m=1, nh=17) / bytes(8),
            six_line + "UDP  fragment id 0xabcd1234 offset 16 length 8, more follow",
        ),
        (six / v6.IPv6ExtHdrDestOpt() / UDP(sport=1, dport=2), six_line + "UDP 1 > 2  length 0"),
        (v6.IPv6(src="::1", dst="::2", nh=59), "IPv6 ::1 > ::2  protocol 59 (no next header)  length 0"),
        (ether / ARP(psrc="10.0.0.1", pdst="10.0.0.2", hwsrc=MAC), "ARP who has 10.0.0.2 tell 10.0.0.1"),
        (
            ether / ARP(op=2, psrc="10.0.0.2", pdst="10.0.0.1", hwsrc=OTHER_MAC),
            f"ARP 10.0.0.2 is at {OTHER_MAC}",
        ),
        (ether / ARP(op=3, psrc="10.0.0.2", pdst="10.0.0.1", hwsrc=MAC), "ARP operation 3"),
        (ether / ip / ICMP(id=1, seq=2) / bytes(20), ip_line + "ICMP echo request id 1 seq 2"),
        (ether / Dot1Q(vlan=10) / six / v6.ICMPv6ND_RS(), "VLAN 10  " + six_line + "Router Solicitation"),
        (Ether(src=MAC, dst=OTHER_MAC, type=0x88CC) / bytes(9), f"Ethernet {MAC} > {OTHER_MAC}  type 0x88cc"),
        (Dot3(src=MAC, dst=OTHER_MAC) / LLC() / STP(), f"Ethernet {MAC} > {OTHER_MAC}  802.3 length 38"),
    ]


def _link(packet: Any) -> LinkType:
    return LinkType.ETHERNET if packet.name in ("Ethernet", "802.3") else LinkType.RAW


KINDS = [(bytes(packet), _link(packet), line) for packet, line in _kinds()]


@pytest.mark.parametrize(("data", "link", "line"), KINDS, ids=[line for _, _, line in KINDS])
def test_line(data: bytes, link: LinkType, line: str) -> None:
    assert summary(data, link) == line


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", "0 bytes"),
        (b"\x45", "1 byte, first byte 0x45"),
        (b"\x00\x00\x08\x00", "4 bytes, first byte 0x00"),
        (b"\x41" + bytes(30), "31 bytes, first byte 0x41"),  # a header that says it is 4 bytes long
        (b"\x60" + bytes(38), "39 bytes, first byte 0x60"),
    ],
)
def test_not_an_ip_packet(data: bytes, line: str) -> None:
    assert summary(data, LinkType.RAW) == line


def test_cut_off_packets_say_so() -> None:
    whole = KINDS[8][0]  # UDP with 20 bytes
    assert summary(whole[:30], LinkType.RAW).endswith("UDP 1234 > 53  length 20  truncated, 30 of 48 bytes")
    assert summary(whole[:24], LinkType.RAW).endswith("UDP header cut off  truncated, 24 of 48 bytes")
    assert summary(bytes(13), LinkType.ETHERNET) == "Ethernet header cut off  13 bytes"
    assert summary(bytes(12) + b"\x81\x00\x00", LinkType.ETHERNET) == "Ethernet header cut off  15 bytes"
    assert summary(bytes(12) + b"\x08\x06\x00", LinkType.ETHERNET) == "ARP cut off  1 byte"


def test_bytes_behind_the_packet_are_not_part_of_it() -> None:
    """Ethernet pads to 60 bytes."""
    data, link, line = KINDS[10]
    assert summary(data + bytes(18), link) == line


def test_bad_tcp_header_length() -> None:
    data = bytearray(KINDS[10][0])
    data[20 + 12] = 0xF0
    assert summary(bytes(data), LinkType.RAW).endswith("bad header length 60")


def _survive(data: bytes) -> None:
    for link in LinkType:
        line = summary(data, link)
        assert line and line.isprintable()
        layers = decode(data, link)
        assert layers
        for layer in layers:
            for field in layer.fields:
                assert field.bits is None or field.bits > 0
                if field.offset is not None and field.bits is not None:
                    assert field.offset + field.bits // 8 <= len(data)
        for row in packet_rows(layers, WORDS):
            assert all(field.covers is None or 0 <= field.covers[0] < field.covers[1] for field in row.fields)
        echo_of(data, link)
    swap_and_answer(data)


@pytest.mark.parametrize("data", [data for data, _, _ in KINDS], ids=[line for _, _, line in KINDS])
def test_any_truncation_is_survived(data: bytes) -> None:
    for end in range(0, len(data), 3):
        _survive(data[:end])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120))
def test_any_bytes_are_survived(data: bytes) -> None:
    _survive(data)


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(corpus()),
    st.lists(st.tuples(st.integers(0, 150), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(0, 300),
)
def test_any_damage_is_survived(made: Made, damage: list[tuple[int, int]], end: int) -> None:
    data = bytearray(made.data)
    for place, value in damage:
        data[place % len(data)] = value
    _survive(bytes(data[:end]))


def test_headers_within_headers_are_survived() -> None:
    """3000 times IPv4 in IPv4: more than Python's stack is deep."""
    header = "!BxHxxxxBBxxxxxxxxxx"
    _survive(b"".join(struct.pack(header, 0x45, 20 * (3000 - level), 64, 4) for level in range(3000)))
