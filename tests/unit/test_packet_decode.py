"""decode(): scapy's layers and fields as plain records; tshark judges it in test_packet_judge.py."""

import pytest

from tunlab.model.packet import Field, Layer, LinkType
from tunlab.packet.decode import decode
from tunlab.packet.scapy_loader import load_scapy


def test_echo_request() -> None:
    load_scapy()
    from scapy.layers.inet import ICMP, IP

    data = bytes(IP(src="10.0.0.1", dst="10.0.0.2", flags="DF") / ICMP(id=0x1595, seq=4) / b"it's")
    ip, icmp, raw = decode(data, LinkType.RAW)
    assert [ip.name, icmp.name, raw.name] == ["IP", "ICMP", "Raw"]
    assert ip.fields[0] == Field("version", "4", 0, 4)
    assert ip.fields[1] == Field("ihl", "5", 0, 4, "5 (20 bytes)")
    assert Field("flags", "DF", 6, 3, "0x2 (DF: don't fragment)") in ip.fields
    assert Field("frag", "0", 6, 13) in ip.fields
    assert Field("ttl", "64", 8, 8) in ip.fields
    assert Field("proto", "icmp", 9, 8, "1 (ICMP)") in ip.fields
    assert ip.fields[-2:] == (Field("src", "10.0.0.1", 12, 32), Field("dst", "10.0.0.2", 16, 32))
    assert icmp.fields[0] == Field("type", "echo-request", 20, 8, "8 (echo request)")
    assert icmp.fields[-2:] == (Field("id", "0x1595", 24, 16, "5525"), Field("seq", "0x4", 26, 16, "4"))
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
    whole, *each = tcp.fields[-6:]
    assert whole.value.startswith("MSS 1460, SAckOK, Timestamp 1 2, NOP")
    assert whole.meaning.startswith("MSS, SAckOK, Timestamp, NOP")
    assert whole.offset == 14 + 20 + 20
    assert each == [
        Field("MSS", "1460", 54, 32),
        Field("SAckOK", "", 58, 16),
        Field("Timestamp", "1 2", 60, 80),
        Field("NOP", "", 70, 8),
        Field("EOL", "", 71, 24),
    ]


def test_records_inside_a_field_are_plain_text() -> None:
    load_scapy()
    from scapy.layers import inet6

    record = inet6.ICMPv6MLDMultAddrRec(dst="ff02::a", rtype=4)
    header = inet6.IPv6(src="fe80::1", dst="ff02::16") / inet6.IPv6ExtHdrHopByHop(options=[inet6.RouterAlert()])
    packet = header / inet6.ICMPv6MLReport2(records=[record])
    _, hop, report = decode(bytes(packet), LinkType.RAW)
    assert report.name == "MLDv2 - Multicast Listener Report"
    assert hop.fields[-2:] == (Field("RouterAlert", "0", 42, 32), Field("PadN", "", 46, 16))
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


def test_a_packet_in_a_datagram_is_decoded_whatever_the_port() -> None:
    load_scapy()
    from scapy.layers.inet import ICMP, IP, TCP, UDP
    from scapy.layers.inet6 import IPv6

    outer = IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=8285, dport=8285)
    ping = IP(src="192.168.1.2", dst="192.168.1.3") / ICMP(id=5, seq=1) / b"data"
    for data, start in ((bytes(outer / ping), 28), (bytes(IPv6(src="::1", dst="::2") / outer[UDP] / ping), 48)):
        *_, udp, inner, icmp, raw = decode(data, LinkType.RAW)
        assert [udp.name, inner.name, icmp.name, raw.name] == ["UDP", "IP", "ICMP", "Raw"]
        assert inner.fields[-1] == Field("dst", "192.168.1.3", start + 16, 32)
        assert _verdicts((udp, inner, icmp)) == ["good", "good", "good"]
    six = IPv6(src="2001:db8::1", dst="2001:db8::2") / TCP(sport=1, dport=2)
    assert _names(bytes(outer / six)) == ["IP", "UDP", "IPv6", "TCP"]


@pytest.mark.parametrize("spoil", ["longer", "shorter", "checksum", "version"])
def test_what_is_no_whole_packet_stays_data(spoil: str) -> None:
    load_scapy()
    from scapy.layers.inet import ICMP, IP, UDP

    ping = bytes(IP(src="192.168.1.2", dst="192.168.1.3") / ICMP(id=5, seq=1) / b"data")
    spoilt = {
        "longer": ping + b"x",
        "shorter": ping[:-1],
        "checksum": ping[:10] + bytes([ping[10] ^ 1]) + ping[11:],
        "version": b"\x55" + ping[1:],
    }[spoil]
    outer = IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=8285, dport=8285)
    assert _names(bytes(outer / ping)) == ["IP", "UDP", "IP", "ICMP", "Raw"]
    assert _names(bytes(outer / spoilt)) == ["IP", "UDP", "Raw"]


def test_a_frame_in_a_vxlan() -> None:
    load_scapy()
    from scapy.layers.inet import IP, UDP
    from scapy.layers.l2 import ARP, Ether
    from scapy.layers.vxlan import VXLAN

    frame = Ether(src="52:54:00:12:34:56", dst="ff:ff:ff:ff:ff:ff") / ARP(psrc="10.0.0.1", pdst="10.0.0.2")
    outer = IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=50123, dport=4789, chksum=0)
    ip, udp, vxlan, ether, arp = decode(bytes(outer / VXLAN(vni=100, flags=8) / frame), LinkType.RAW)
    assert [vxlan.name, ether.name, arp.name] == ["VXLAN", "Ethernet", "ARP"]
    assert Field("vni", "0x64", 32, 24, "100") in vxlan.fields
    assert arp.fields[-1] == Field("pdst", "10.0.0.2", 36 + 14 + 24, 32)
    assert _verdicts((ip, udp)) == ["good", None]


def test_names_of_hosts_are_text() -> None:
    load_scapy()
    from scapy.layers.dns import DNS, DNSQR
    from scapy.layers.inet import IP, UDP

    ask = IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=40001, dport=53) / DNS(qd=DNSQR(qname="lab.example"))
    dns = decode(bytes(ask), LinkType.RAW)[-1]
    assert dns.name == "DNS" and "lab.example" in dns.fields[-1].value


def test_a_checksum_that_is_left_to_the_device() -> None:
    """The pseudo-header's sum stands where the checksum belongs."""
    load_scapy()
    from scapy.layers.inet import IP, UDP

    addresses = bytes([10, 0, 0, 1, 10, 0, 0, 2])
    words = addresses + bytes([0, 17, 0, 8 + 4])
    total = sum(int.from_bytes(words[at : at + 2]) for at in range(0, len(words), 2))
    packet = IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=2, chksum=total) / b"data"
    assert _verdicts(decode(bytes(packet), LinkType.RAW)) == ["good", "offload"]
    assert _verdicts(decode(bytes(packet)[:-1], LinkType.RAW)) == ["good", None]
    packet[UDP].chksum = total + 1
    assert _verdicts(decode(bytes(packet), LinkType.RAW)) == ["good", "bad"]


def _names(data: bytes) -> list[str]:
    return [layer.name for layer in decode(data, LinkType.RAW)]


def _verdicts(layers: tuple[Layer, ...]) -> list[str | None]:
    return [field.verdict for layer in layers for field in layer.fields if field.name in ("chksum", "cksum")]
