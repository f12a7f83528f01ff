"""decode(): scapy's layers and fields as plain records; tshark judges it in test_packet_judge.py."""

from tunlab.model.packet import Field, LinkType
from tunlab.packet.decode import decode
from tunlab.packet.scapy_loader import load_scapy


def test_echo_request() -> None:
    load_scapy()
    from scapy.layers.inet import ICMP, IP

    data = bytes(IP(src="10.0.0.1", dst="10.0.0.2", flags="DF") / ICMP(id=0x1595, seq=4) / b"it's")
    ip, icmp, raw = decode(data, LinkType.RAW)
    assert [ip.name, icmp.name, raw.name] == ["IP", "ICMP", "Raw"]
    assert ip.fields[0] == Field("version", "4", 0, 4)
    assert ip.fields[1] == Field("ihl", "5", 0, 4)
    assert Field("flags", "DF", 6, 3) in ip.fields
    assert Field("frag", "0", 6, 13) in ip.fields
    assert Field("ttl", "64", 8, 8) in ip.fields
    assert Field("proto", "icmp", 9, 8) in ip.fields
    assert ip.fields[-2:] == (Field("src", "10.0.0.1", 12, 32), Field("dst", "10.0.0.2", 16, 32))
    assert icmp.fields[0] == Field("type", "echo-request", 20, 8)
    assert icmp.fields[-2:] == (Field("id", "0x1595", 24, 16), Field("seq", "0x4", 26, 16))
    assert raw.fields == (Field("load", "69742773", 28, 32),)


def test_options_are_plain_text() -> None:
    load_scapy()
    from scapy.layers.inet import IP, TCP
    from scapy.layers.l2 import Ether

    options = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 2)), ("NOP", None)]
    frame = Ether(src="52:54:00:12:34:56", dst="ff:ff:ff:ff:ff:ff") / IP(dst="10.0.0.2", src="10.0.0.1")
    ether, _, tcp = decode(bytes(frame / TCP(options=options)), LinkType.ETHERNET)
    assert ether.fields[0] == Field("dst", "ff:ff:ff:ff:ff:ff", 0, 48)
    assert ether.fields[1] == Field("src", "52:54:00:12:34:56", 6, 48)
    assert tcp.fields[-1].value.startswith("MSS 1460, SAckOK, Timestamp 1 2, NOP")
    assert tcp.fields[-1].offset == 14 + 20 + 20


def test_records_inside_a_field_are_plain_text() -> None:
    load_scapy()
    from scapy.layers import inet6

    record = inet6.ICMPv6MLDMultAddrRec(dst="ff02::a", rtype=4)
    packet = inet6.IPv6(src="fe80::1", dst="ff02::16") / inet6.ICMPv6MLReport2(records=[record])
    _, report = decode(bytes(packet), LinkType.RAW)
    assert report.name == "MLDv2 - Multicast Listener Report"
    assert "rtype 4" in report.fields[-1].value and "dst ff02::a" in report.fields[-1].value
    assert "<" not in report.fields[-1].value and "'" not in report.fields[-1].value


def test_padding_is_a_layer() -> None:
    load_scapy()
    from scapy.layers.l2 import ARP, Ether

    frame = Ether(src="52:54:00:12:34:56", dst="52:54:00:ab:cd:ef") / ARP(psrc="10.0.0.1", pdst="10.0.0.2")
    data = bytes(frame).ljust(60, b"\0")
    layers = decode(data, LinkType.ETHERNET)
    assert [layer.name for layer in layers] == ["Ethernet", "ARP", "Padding"]
    assert layers[-1].fields == (Field("load", "00" * 18, 42, 144),)


def test_a_long_icmp_error_keeps_true_offsets_and_bytes() -> None:
    """Scapy takes everything beyond 128 quoted bytes for an extension (RFC 4884), which Linux never sends."""
    load_scapy()
    from scapy.layers.inet import ICMP, IP, UDP

    quoted = bytes(IP(src="10.0.0.2", dst="10.0.0.1") / UDP(sport=1, dport=2) / bytes(range(200)))
    data = bytes(IP(src="10.0.0.1", dst="10.0.0.2") / ICMP(type=3, code=3) / quoted)
    ip, icmp, inner, udp, raw = decode(data, LinkType.RAW)
    assert [ip.name, icmp.name, inner.name, udp.name] == ["IP", "ICMP", "IP in ICMP", "UDP in ICMP"]
    assert inner.fields[-2:] == (Field("src", "10.0.0.2", 40, 32), Field("dst", "10.0.0.1", 44, 32))
    assert raw.fields == (Field("load", bytes(range(100)).hex(), 56, 800),)
    assert icmp.fields[-1] == Field("ext", bytes(range(100, 200)).hex(), 156, 800)


def test_what_is_no_packet_is_raw() -> None:
    assert [layer.name for layer in decode(b"\x45\x00", LinkType.RAW)] == ["Raw"]
    (raw,) = decode(b"\x12\x34", LinkType.RAW)
    assert raw.fields == (Field("load", "1234", 0, 16),)
    assert [layer.name for layer in decode(b"", LinkType.RAW)] == ["Raw"]
    assert [layer.name for layer in decode(b"\x01", LinkType.ETHERNET)] == ["Raw"]
