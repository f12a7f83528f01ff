"""The tree of a packet's fields and the dump of its bytes; every field that is decoded is explained."""

import pytest
from corpus import corpus
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.packet import Field, Layer, LinkType
from tunlab.packet.decode import decode
from tunlab.packet.scapy_loader import load_scapy
from tunlab.ui.packet_page import FieldRow, explanation, hex_dump, packet_rows

# Scapy's own layers inside an ICMP error, by RFC 4884, which Linux does not send
UNEXPLAINED = ("ICMP Extension",)


def decoded(packet: object) -> tuple[Layer, ...]:
    return decode(bytes(packet), LinkType.RAW)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_field_is_explained(language: str) -> None:
    words = Words(language)
    fields = {
        (layer.name, field.name)
        for made in corpus()
        for layer in decode(made.data, made.link)
        for field in layer.fields
        if not layer.name.startswith(UNEXPLAINED)
    }
    fields |= {("tun_pi", "flags"), ("tun_pi", "proto"), ("TCP", "option 254"), ("802.3", "len")}
    assert len(fields) > 150
    assert not [each for each in sorted(fields) if not explanation(*each, words)]


@pytest.mark.parametrize(("language", "most"), [("en", 72), ("zh", 36)])
def test_an_explanation_is_one_short_line(language: str, most: int) -> None:
    words = Words(language)
    for made in corpus():
        for layer in decode(made.data, made.link):
            for field in layer.fields:
                told = explanation(layer.name, field.name, words)
                assert len(told) <= most and "\n" not in told and not told.endswith((".", "。"))


def test_what_nobody_has_explained() -> None:
    assert explanation("DNS", "qdcount", Words("en")) == ""


def test_rows() -> None:
    load_scapy()
    from scapy.layers.inet import ICMP, IP

    (ip, icmp) = packet_rows(decoded(IP(src="192.0.2.1", dst="192.0.2.7") / ICMP(id=5, seq=1)), Words("en"))
    assert (ip.title, ip.depth, icmp.title, icmp.depth) == ("IP  192.0.2.1 > 192.0.2.7", 0, "ICMP", 0)
    told = {field.name: field for field in (*ip.fields, *icmp.fields)}
    assert told["type"] == FieldRow(
        "type", "echo-request", "8 (echo request)", "", told["type"].explanation, 20, 8, (20, 21)
    )
    assert told["type"].explanation == Words("en")("field_ICMP_type")
    assert told["ttl"].said == "64"
    assert told["chksum"].said == f"{told['chksum'].value} good"
    assert [told[name].covers for name in ("version", "ihl", "flags", "frag")] == [(0, 1), (0, 1), (6, 7), (6, 8)]


def test_bits_inside_bytes() -> None:
    """IPv6 begins with 4, 8 and 20 bits."""
    load_scapy()
    from scapy.layers.inet6 import IPv6

    (row,) = packet_rows(decoded(IPv6(src="::1", dst="::2")), Words("zh"))
    assert [field.covers for field in row.fields[:4]] == [(0, 1), (0, 2), (1, 4), (4, 6)]


def test_a_packet_within_a_packet_is_deeper() -> None:
    load_scapy()
    from scapy.layers.inet import ICMP, IP, UDP
    from scapy.layers.l2 import Ether
    from scapy.layers.vxlan import VXLAN

    ether = Ether(src="52:54:00:12:34:56", dst="52:54:00:ab:cd:ef")
    ip = IP(src="192.0.2.1", dst="192.0.2.7")
    frame = ether / ip / UDP(dport=4789) / VXLAN(flags=8) / ether / ip / ICMP(type=3) / ip / UDP() / b"x"
    rows = packet_rows(decode(bytes(frame), LinkType.ETHERNET), Words("en"))
    assert [row.depth for row in rows] == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_a_title_tells_both_ends() -> None:
    layers = (Layer("TCP", (Field("sport", "http", 0, 16, "80 (http)"), Field("dport", "40001", 2, 16))),)
    assert packet_rows(layers, Words("en"))[0].title == "TCP  80 > 40001"


def test_verdicts_are_in_the_language() -> None:
    for verdict in ("good", "bad", "offload"):
        row = packet_rows((Layer("UDP", (Field("chksum", "0x1", 6, 16, "", verdict),)),), Words("zh"))[0].fields[0]
        assert row.verdict == Words("zh")(f"verdict_{verdict}") and row.said == f"0x1 {row.verdict}"


def test_strange_bytes_are_harmless() -> None:
    (row,) = packet_rows((Layer("Raw", (Field("load", "\x1b[2J"),)),), Words("en"))
    assert row.fields[0].value == "\ufffd[2J" and row.fields[0].covers is None


DATA = bytes(range(0x30, 0x30 + 20))


@pytest.mark.parametrize(
    ("marked", "rows"),
    [
        (None, ["0000  30 31 32 33 34 35 36 37  01234567", "0008  38 39 3a 3b 3c 3d 3e 3f  89:;<=>?"]),
        ((4, 5), ["0000  30 31 32 33[34]35 36 37  01234567", "0008  38 39 3a 3b 3c 3d 3e 3f  89:;<=>?"]),
        ((0, 2), ["0000 [30 31]32 33 34 35 36 37  01234567", "0008  38 39 3a 3b 3c 3d 3e 3f  89:;<=>?"]),
        ((6, 9), ["0000  30 31 32 33 34 35[36 37] 01234567", "0008 [38]39 3a 3b 3c 3d 3e 3f  89:;<=>?"]),
    ],
)
def test_dump(marked: tuple[int, int] | None, rows: list[str]) -> None:
    dump = hex_dump(DATA, marked, 60)
    assert [line.plain for line in dump[:2]] == rows
    assert dump[2].plain == "0010  40 41 42 43              @ABC"
    begin, end = marked or (0, 0)
    assert _reversed(dump) == DATA[begin:end]


def _reversed(dump: list[Text]) -> bytes:
    """The bytes in reverse, as their hexadecimal tells them; the text beside them agrees."""
    spans = [line.plain[span.start : span.end] for line in dump for span in line.spans if span.style == "reverse"]
    told = bytes.fromhex("".join(each for each in spans if len(each) == 2))
    assert "".join(each for each in spans if len(each) == 1).encode() == told
    return told


@pytest.mark.parametrize(("columns", "width"), [(80, 71), (71, 71), (70, 39), (39, 39), (38, 30), (10, 30)])
def test_dump_fits(columns: int, width: int) -> None:
    first = hex_dump(DATA, None, columns)[0].plain
    assert len(first) == width


def test_nothing_to_dump() -> None:
    assert hex_dump(b"", None, 80) == []
