"""tshark, which shares no code with scapy, judges decode(): the headers, nested ones too, their fields, and where
they lie; and the verdicts on checksums."""

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from corpus import TUNNEL, Made, corpus

from tunlab.model.packet import Field, Layer, LinkType
from tunlab.packet.decode import decode
from tunlab.packet.layer_names import families
from tunlab.packet.pcapng import PcapngWriter

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="no tshark")

# scapy's layer name, by a pattern: tshark's protocol; "" for what tshark counts to the header before it
PROTOCOLS = {
    "Ethernet|802.3": "eth",
    "802.1Q": "vlan",
    "802_1AD": "ieee8021ad",
    "ARP": "arp",
    "IP( in ICMP)?": "ip",
    "IPv6( in ICMPv6)?": "ipv6",
    "ICMP": "icmp",
    "UDP( in ICMP)?": "udp",
    "TCP( in ICMP)?": "tcp",
    "GRE": "gre",
    "VXLAN": "vxlan",
    ".*Hop-by-Hop.*": "ipv6.hopopts",
    ".*Destination Options Header": "ipv6.dstopts",
    ".*Fragmentation header": "ipv6.fraghdr",
    ".*Discovery Option.*|Raw|Padding|ICMP Extension.*": "",
    "ICMPv6.*|MLD.*": "icmpv6",
}
# (the header's family, field): tshark's field
NUMBERS = {
    ("Ethernet", "type"): "eth.type",
    ("VLAN", "vlan"): "vlan.id",
    ("VLAN", "prio"): "vlan.priority",
    ("ARP", "op"): "arp.opcode",
    ("ARP", "hwtype"): "arp.hw.type",
    ("ARP", "ptype"): "arp.proto.type",
    ("IP", "version"): "ip.version",
    ("IP", "len"): "ip.len",
    ("IP", "id"): "ip.id",
    ("IP", "frag"): "ip.frag_offset",
    ("IP", "ttl"): "ip.ttl",
    ("IP", "proto"): "ip.proto",
    ("IP", "chksum"): "ip.checksum",
    ("IPv6", "version"): "ipv6.version",
    ("IPv6", "tc"): "ipv6.tclass",
    ("IPv6", "plen"): "ipv6.plen",
    ("IPv6", "nh"): "ipv6.nxt",
    ("IPv6", "hlim"): "ipv6.hlim",
    ("IPv6", "fl"): "ipv6.flow",
    ("Fragment", "id"): "ipv6.fraghdr.ident",
    ("ICMP", "type"): "icmp.type",
    ("ICMP", "code"): "icmp.code",
    ("ICMP", "chksum"): "icmp.checksum",
    ("ICMP", "id"): "icmp.ident",
    ("ICMP", "seq"): "icmp.seq",
    ("ICMPv6", "type"): "icmpv6.type",
    ("ICMPv6", "code"): "icmpv6.code",
    ("ICMPv6", "cksum"): "icmpv6.checksum",
    ("UDP", "sport"): "udp.srcport",
    ("UDP", "dport"): "udp.dstport",
    ("UDP", "len"): "udp.length",
    ("UDP", "chksum"): "udp.checksum",
    ("TCP", "sport"): "tcp.srcport",
    ("TCP", "dport"): "tcp.dstport",
    ("TCP", "seq"): "tcp.seq_raw",
    ("TCP", "ack"): "tcp.ack_raw",
    ("TCP", "flags"): "tcp.flags",
    ("TCP", "window"): "tcp.window_size_value",
    ("TCP", "chksum"): "tcp.checksum",
    ("TCP", "urgptr"): "tcp.urgent_pointer",
    ("VXLAN", "vni"): "vxlan.vni",
    ("GRE", "proto"): "gre.proto",
    ("GRE", "key"): "gre.key",
    ("GRE", "sequence_number"): "gre.sequence_number",
}
TEXTS = {
    ("Ethernet", "src"): "eth.src",
    ("Ethernet", "dst"): "eth.dst",
    ("ARP", "psrc"): "arp.src.proto_ipv4",
    ("ARP", "pdst"): "arp.dst.proto_ipv4",
    ("ARP", "hwsrc"): "arp.src.hw_mac",
    ("IP", "src"): "ip.src",
    ("IP", "dst"): "ip.dst",
    ("IPv6", "src"): "ipv6.src",
    ("IPv6", "dst"): "ipv6.dst",
    ("ICMP", "gw"): "icmp.redir_gw",
}
VERDICTS = {"0": "bad", "1": "good", "2": None, "3": None, "4": "bad"}  # epan/proto.h: 4 is a zero where none may be
SETTINGS = {
    "ip.check_checksum": "TRUE",
    "udp.check_checksum": "TRUE",
    "tcp.check_checksum": "TRUE",
    "ip.defragment": "FALSE",  # the first fragment's headers are to be told as well
    "ipv6.defragment": "FALSE",
}


class Header(NamedTuple):
    """One header as tshark tells it."""

    protocol: str
    fields: dict[str, str]


class Judged(NamedTuple):
    """One packet, as both tell it; ours without what tshark counts to the header before it."""

    made: Made
    ours: list[Layer]
    tsharks: list[Header]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    path: Path = tmp_path_factory.mktemp("judge") / "all.pcapng"
    with path.open("wb") as file:
        writer = PcapngWriter(file)
        numbers = {link: writer.interface(link.name, link) for link in (LinkType.RAW, LinkType.ETHERNET)}
        for made in corpus():
            writer.packet(numbers[made.link], 1_700_000_000_000_000_000, made.data, made.length)
    command = ["tshark", "-n", "-r", str(path), "-T", "json", "-d", f"udp.port=={TUNNEL},ip"]
    command += [part for name, value in SETTINGS.items() for part in ("-o", f"{name}:{value}")]
    told = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    frames = json.loads(told, object_pairs_hook=list)  # a nested header has the name of the outer one
    return [_judged(made, frame) for made, frame in zip(corpus(), frames, strict=True)]


def _judged(made: Made, frame: list[tuple[str, Any]]) -> Judged:
    ours = [layer for layer in decode(made.data, made.link) if _protocol(layer.name)]
    return Judged(made, ours, list(_headers(dict(dict(frame)["_source"])["layers"])))


def _headers(tree: list[tuple[str, Any]]) -> Iterator[Header]:
    """Every header in a tree of tshark's: what an ICMP error quotes, and IPv6's extensions, are inside another."""
    for name, inside in tree:
        if not _is_tree(inside):
            continue
        if name in PROTOCOLS.values():
            yield Header(name, dict(_leaves(inside)))
        yield from _headers(inside)


def _leaves(tree: list[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    """The fields of a header itself, deep down too; of those with one name the first."""
    found: dict[str, str] = {}
    for name, inside in tree:
        if isinstance(inside, str):
            found.setdefault(name, inside)
        elif _is_tree(inside) and name not in PROTOCOLS.values():
            for deep, value in _leaves(inside):
                found.setdefault(deep, value)
    yield from found.items()


def _is_tree(inside: Any) -> bool:
    return isinstance(inside, list) and all(isinstance(each, tuple) for each in inside)


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


def _pairs(judged: list[Judged], names: dict[tuple[str, str], str]) -> Iterator[tuple[Made, Layer, Field, str, str]]:
    """Our fields beside what tshark tells of them under the name that it has there."""
    for made, ours, tsharks in judged:
        for layer, header in zip(ours, tsharks, strict=False):
            for field in layer.fields:
                name = next((names[f, field.name] for f in families(layer.name) if (f, field.name) in names), "")
                if name in header.fields:
                    yield made, layer, field, name, header.fields[name]


def test_there_are_enough() -> None:
    assert len({made.data for made in corpus()}) >= 300


def test_protocols(judged: list[Judged]) -> None:
    for made, layers, headers in judged:
        ours = [_protocol(layer.name) for layer in layers]
        tsharks = [header.protocol for header in headers]
        if made.length > len(made.data) and len(ours) < len(tsharks):
            tsharks.pop()  # a header that is cut off in the middle: to scapy just bytes
        assert ours == tsharks, made.data.hex()


def test_numbers(judged: list[Judged]) -> None:
    compared: Counter[str] = Counter()
    for made, layer, field, name, value in _pairs(judged, NUMBERS):
        ours = _number(made.data, layer, field)
        assert ours == int(value, 0), (layer.name, field, made.data.hex())
        compared[name] += 1
    assert set(NUMBERS.values()) == set(compared) and compared.total() > 5000


def test_addresses(judged: list[Judged]) -> None:
    compared: Counter[str] = Counter()
    for made, layer, field, name, value in _pairs(judged, TEXTS):
        assert field.value == value, (layer.name, field, made.data.hex())
        compared[name] += 1
    assert set(TEXTS.values()) == set(compared) and compared.total() > 1000


def test_checksums(judged: list[Judged]) -> None:
    names = {("IP", "chksum"): "ip", ("ICMP", "chksum"): "icmp", ("ICMPv6", "cksum"): "icmpv6"}
    names |= {("UDP", "chksum"): "udp", ("TCP", "chksum"): "tcp"}
    said: Counter[tuple[str, str | None]] = Counter()
    statuses = {key: f"{protocol}.checksum.status" for key, protocol in names.items()}
    for made, layer, field, name, value in _pairs(judged, statuses):
        if " in ICMP" in layer.name and name != "ip.checksum.status":
            continue  # tshark leaves quoted packets alone
        assert field.verdict == VERDICTS[value], (layer.name, field, made.data.hex())
        said[name, field.verdict] += 1
    for name in statuses.values():
        assert said[name, "good"] and said[name, "bad"], name
