"""tshark, which shares no code with scapy, judges decode(): the headers, their fields, and where they lie."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tunlab.model.packet import Field, Layer, LinkType
from tunlab.packet.decode import decode
from tunlab.packet.pcapng import PcapngWriter
from tunlab.packet.scapy_loader import load_scapy

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="no tshark")

# scapy's layer name, by a pattern: tshark's protocol; "" for what tshark counts to the header before it
PROTOCOLS = {
    "Ethernet|802.3": "eth",
    "802.1Q": "vlan",
    "ARP": "arp",
    "IP( in ICMP)?": "ip",
    "IPv6( in ICMPv6)?": "ipv6",
    "ICMP": "icmp",
    "UDP( in ICMP)?": "udp",
    "TCP( in ICMP)?": "tcp",
    "GRE": "gre",
    ".*Hop-by-Hop.*": "ipv6.hopopts",
    ".*Destination Options Header": "ipv6.dstopts",
    ".*Fragmentation header": "ipv6.fraghdr",
    ".*Discovery Option.*|Raw|Padding|ICMP Extension.*": "",
    "ICMPv6.*|MLD.*": "icmpv6",
}

# (scapy's layer, field): tshark's field
NUMBERS = {
    ("Ethernet", "type"): "eth.type",
    ("802.1Q", "vlan"): "vlan.id",
    ("ARP", "op"): "arp.opcode",
    ("IP", "version"): "ip.version",
    ("IP", "len"): "ip.len",
    ("IP", "id"): "ip.id",
    ("IP", "ttl"): "ip.ttl",
    ("IP", "proto"): "ip.proto",
    ("IP", "chksum"): "ip.checksum",
    ("IPv6", "plen"): "ipv6.plen",
    ("IPv6", "nh"): "ipv6.nxt",
    ("IPv6", "hlim"): "ipv6.hlim",
    ("IPv6", "fl"): "ipv6.flow",
    ("ICMP", "type"): "icmp.type",
    ("ICMP", "code"): "icmp.code",
    ("ICMP", "chksum"): "icmp.checksum",
    ("ICMP", "id"): "icmp.ident",
    ("ICMP", "seq"): "icmp.seq",
    ("UDP", "sport"): "udp.srcport",
    ("UDP", "dport"): "udp.dstport",
    ("UDP", "len"): "udp.length",
    ("TCP", "sport"): "tcp.srcport",
    ("TCP", "dport"): "tcp.dstport",
    ("TCP", "seq"): "tcp.seq_raw",
    ("TCP", "ack"): "tcp.ack_raw",
    ("TCP", "window"): "tcp.window_size_value",
    ("TCP", "chksum"): "tcp.checksum",
}
ADDRESSES = {
    ("Ethernet", "src"): "eth.src",
    ("Ethernet", "dst"): "eth.dst",
    ("ARP", "psrc"): "arp.src.proto_ipv4",
    ("ARP", "pdst"): "arp.dst.proto_ipv4",
    ("ARP", "hwsrc"): "arp.src.hw_mac",
    ("IP", "src"): "ip.src",
    ("IP", "dst"): "ip.dst",
    ("IPv6", "src"): "ipv6.src",
    ("IPv6", "dst"): "ipv6.dst",
}
ICMPV6 = {"type": "icmpv6.type", "code": "icmpv6.code", "cksum": "icmpv6.checksum"}
COLUMNS = ["frame.protocols", *NUMBERS.values(), *ADDRESSES.values(), *ICMPV6.values()]


def _packets() -> list[Any]:
    load_scapy()
    from scapy.layers import inet6 as v6
    from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP
    from scapy.layers.l2 import ARP, GRE, Dot1Q, Ether

    ip = IP(src="10.0.0.1", dst="10.0.0.2", id=0x62AA, ttl=63)
    back = IP(src="10.0.0.2", dst="10.0.0.1") / UDP(sport=40001, dport=40002) / bytes(4)
    six = v6.IPv6(src="fe80::1", dst="fe80::2", hlim=255, fl=0x12345)
    ether = Ether(src="52:54:00:12:34:56", dst="52:54:00:ab:cd:ef")
    hop = v6.IPv6ExtHdrHopByHop(options=[v6.RouterAlert()])
    record = v6.ICMPv6MLDMultAddrRec(dst="ff02::a", rtype=4)
    mac = "52:54:00:12:34:56"
    udp = UDP(sport=40001, dport=40002) / b"\xff\xfe\xfd"
    return [
        ip / ICMP(id=0x1595, seq=3) / bytes(56),
        ip / ICMP(type=0, id=0x1595, seq=3),
        ip / ICMP(type=3, code=1) / back,
        ip / ICMP(type=3, code=4, nexthopmtu=1400) / back,
        ip / ICMP(type=11) / back,
        ip / udp,
        ip / UDP(sport=40001, dport=40002),
        ip / TCP(sport=40001, dport=40002, seq=4000000000, flags="S", options=[("MSS", 1460), ("WScale", 7)]),
        ip / TCP(sport=40001, dport=40002, seq=5, ack=6, flags="PA", window=777) / b"\xff\xfe",
        IP(src="10.0.0.1", dst="10.0.0.2", options=[IPOption_NOP()] * 4) / udp,
        IP(src="10.0.0.1", dst="10.0.0.2", tos=0xB8, flags="DF") / udp,
        ip / IP(src="192.168.1.2", dst="192.168.1.3") / udp,
        ip / six / udp,
        ip / GRE() / back,
        six / v6.ICMPv6EchoRequest(id=1, seq=2, data=b"abc"),
        six / v6.ICMPv6EchoReply(id=1, seq=2, data=b"abc"),
        six / v6.ICMPv6ND_RS() / v6.ICMPv6NDOptSrcLLAddr(lladdr=mac),
        six / v6.ICMPv6ND_RA() / v6.ICMPv6NDOptPrefixInfo(prefix="2001:db8::", prefixlen=64),
        six / v6.ICMPv6ND_NS(tgt="fe80::9") / v6.ICMPv6NDOptSrcLLAddr(lladdr=mac),
        six / v6.ICMPv6ND_NA(tgt="fe80::9") / v6.ICMPv6NDOptDstLLAddr(lladdr=mac),
        six / v6.ICMPv6DestUnreach(code=4) / six / udp,
        six / v6.ICMPv6PacketTooBig(mtu=1280) / six / udp,
        six / hop / v6.ICMPv6MLReport2(records=[record, record]),
        six / v6.IPv6ExtHdrDestOpt() / udp,
        six / TCP(sport=40001, dport=40002, seq=9, flags="R"),
        ether / ARP(psrc="10.0.0.1", pdst="10.0.0.2", hwsrc=mac),
        ether / ARP(op=2, psrc="10.0.0.2", pdst="10.0.0.1", hwsrc=mac),
        ether / ip / udp,
        ether / six / udp,
        ether / Dot1Q(vlan=10) / ip / udp,
    ]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[bytes, tuple[Layer, ...], dict[str, str]]]:
    """Each packet's bytes, our layers, and tshark's columns (of nested headers, the outermost)."""
    packets = [
        (bytes(packet), LinkType.ETHERNET if packet.name == "Ethernet" else LinkType.RAW) for packet in _packets()
    ]
    path: Path = tmp_path_factory.mktemp("judge") / "all.pcapng"
    with path.open("wb") as file:
        writer = PcapngWriter(file)
        numbers = {link: writer.interface(link.name, link) for link in LinkType}
        for data, link in packets:
            writer.packet(numbers[link], 1_700_000_000_000_000_000, data, len(data))
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=f"]
    command += [part for column in COLUMNS for part in ("-e", column)]
    lines = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    columns = [dict(zip(COLUMNS, line.split("\t"), strict=True)) for line in lines]
    return [(data, decode(data, link), row) for (data, link), row in zip(packets, columns, strict=True)]


def _protocol(name: str) -> str:
    return next(protocol for pattern, protocol in PROTOCOLS.items() if re.fullmatch(pattern, name))


def _number(data: bytes, layer: Layer, field: Field) -> int:
    """The number that lies where the field says it lies."""
    assert field.offset is not None and field.bits is not None
    before = sum(f.bits or 0 for f in layer.fields[: layer.fields.index(field)])
    skip = (8 * layer.fields[0].offset + before) % 8 if layer.fields[0].offset is not None else 0
    size = (skip + field.bits + 7) // 8
    whole = int.from_bytes(data[field.offset : field.offset + size])
    return whole >> (8 * size - skip - field.bits) & (1 << field.bits) - 1


def _first_fields(layers: tuple[Layer, ...]) -> list[tuple[Layer, Field]]:
    """The fields of the outermost layer of each name."""
    names = [layer.name for layer in layers]
    return [(x, field) for at, x in enumerate(layers) if x.name not in names[:at] for field in x.fields]


def test_protocols(judged: list[tuple[bytes, tuple[Layer, ...], dict[str, str]]]) -> None:
    for data, layers, row in judged:
        ours = [protocol for layer in layers if (protocol := _protocol(layer.name))]
        tsharks = [name for name in row["frame.protocols"].split(":") if name not in ("raw", "ethertype", "data")]
        assert ours == tsharks, data.hex()


def test_numbers(judged: list[tuple[bytes, tuple[Layer, ...], dict[str, str]]]) -> None:
    compared = 0
    for data, layers, row in judged:
        for layer, field in _first_fields(layers):
            column = NUMBERS.get((layer.name, field.name))
            if column is None and _protocol(layer.name) == "icmpv6":
                column = ICMPV6.get(field.name)
            if column is not None:
                assert _number(data, layer, field) == int(row[column], 0), (layer.name, field, data.hex())
                compared += 1
    assert compared > 250


def test_addresses(judged: list[tuple[bytes, tuple[Layer, ...], dict[str, str]]]) -> None:
    compared = 0
    for data, layers, row in judged:
        for layer, field in _first_fields(layers):
            column = ADDRESSES.get((layer.name, field.name))
            if column is not None:
                assert field.value == row[column], (layer.name, field, data.hex())
                compared += 1
    assert compared > 60
