"""Known.sight() on frames that scapy made: ours there, back and in errors, through tunnels, and nobody else's."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunlab.model.packet import LinkType
from tunlab.model.trace import BACK, ERROR, THERE, Probe
from tunlab.packet.changes import View, changes
from tunlab.packet.hop_summary import hop_summary
from tunlab.packet.probe import least, packet_of
from tunlab.packet.scapy_loader import load_scapy
from tunlab.packet.sighting import Known, Sighting

load_scapy()

from scapy.layers.inet import GRE, ICMP, IP, TCP, UDP, fragment  # noqa: E402
from scapy.layers.inet6 import (  # noqa: E402
    ICMPv6EchoReply,
    ICMPv6PacketTooBig,
    ICMPv6TimeExceeded,
    IPv6,
    IPv6ExtHdrFragment,
    fragment6,
)
from scapy.layers.l2 import Dot1Q, Ether  # noqa: E402
from scapy.layers.vxlan import VXLAN  # noqa: E402

TAG = bytes.fromhex("a1b2c3d4e5f60718")
PROTOCOLS = ("icmp", "udp", "tcp")


def probe(protocol: str = "icmp", version: int = 4, size: int = 200, tag: bytes = TAG) -> Probe:
    ends = ("10.0.1.2", "10.0.2.2") if version == 4 else ("fd00:1::2", "fd00:2::2")
    return Probe(protocol, *ends, source_port=40001, destination_port=33434, tag=tag, size=size)


def ether(packet: Any) -> Any:
    return Ether(src="52:54:00:00:00:01", dst="52:54:00:00:00:02") / packet


def scapy_of(known: Probe) -> Any:
    return (IPv6 if ":" in known.source else IP)(packet_of(known))


def outer(**fields: Any) -> Any:
    return IP(**{"src": "192.0.2.1", "dst": "192.0.2.2"} | fields)


def answer_to(packet: Any) -> Any:
    """What the host that was asked sends back; of UDP, a service that repeats nothing."""
    ip = type(packet)
    back = ip(src=packet.dst, dst=packet.src)
    if packet.haslayer(UDP):
        return back / UDP(sport=packet.dport, dport=packet.sport) / b"no"
    if packet.haslayer(TCP):
        return back / TCP(sport=packet.dport, dport=packet.sport, flags="SA", seq=7, ack=(packet[TCP].seq + 1) % 2**32)
    if ip is IPv6:
        echo = packet.payload
        return back / ICMPv6EchoReply(id=echo.id, seq=echo.seq, data=echo.data)
    return back / ICMP(type=0, id=packet[ICMP].id, seq=packet[ICMP].seq) / packet[ICMP].payload


def sight(known: Known, packet: Any) -> Sighting | None:
    link = LinkType.ETHERNET if isinstance(packet, Ether) else LinkType.RAW
    return known.sight(bytes(packet), link)


def way(known: Known, packet: Any) -> str | None:
    sighting = sight(known, packet)
    return None if sighting is None else sighting.way


# What is put around a packet, by the name of the tunnel
WRAPS = {
    "frame": ether,
    "vlan": lambda packet: ether(Dot1Q(vlan=7) / packet),
    "ipip": lambda packet: ether(outer(proto=41 if packet.version == 6 else 4) / packet),
    "gre": lambda packet: ether(outer() / GRE(key_present=1, key=5) / packet),
    "gretap": lambda packet: ether(outer() / GRE(proto=0x6558) / ether(packet)),
    "vxlan": lambda packet: ether(outer() / UDP(sport=50000, dport=4789) / VXLAN(vni=42, flags=8) / ether(packet)),
    "vxlan elsewhere": lambda packet: ether(outer() / UDP(dport=9999) / VXLAN(vni=42, flags=8) / ether(packet)),
    "ip in udp": lambda packet: ether(outer() / UDP(sport=8285, dport=8285) / packet),
    "openvpn": lambda packet: ether(outer() / UDP(sport=1194, dport=1194) / (b"\x30" + bytes(packet))),
    "openvpn data v2": lambda packet: ether(outer() / UDP(dport=1194) / (b"\x48\x00\x00\x01" + bytes(packet))),
    "vtun": lambda packet: ether(
        outer() / TCP(dport=5000, flags="PA") / (len(packet).to_bytes(2, "big") + bytes(packet))
    ),
    "over ipv6": lambda packet: ether(IPv6(src="fd00:9::1", dst="fd00:9::2") / UDP(dport=8285) / packet),
}


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("version", (4, 6))
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_there_and_back_through_tunnels(protocol: str, version: int, wrap: str) -> None:
    ours = probe(protocol, version)
    packet, known = scapy_of(ours), Known(ours)
    there = sight(known, WRAPS[wrap](packet))
    assert there is not None and there.way == THERE and there.fragment is None
    assert there.identity[1:] == (ours.source, ours.destination, 40001, 33434)
    data = bytes(WRAPS[wrap](packet))
    assert data[there.offset : there.offset + there.length] == bytes(packet)
    assert (there.layers[-1].offset, there.layers[-1].name) == (there.offset, f"IPv{version}")
    assert all(one.end == next_.offset for one, next_ in zip(there.layers, there.layers[1:], strict=False))
    back = sight(known, WRAPS[wrap](answer_to(packet)))
    assert back is not None and back.way == BACK and back.identity == there.identity.reversed()


@pytest.mark.parametrize("version", (4, 6))
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_stranger_between_the_same_hosts(protocol: str, version: int) -> None:
    """The same addresses, ports and numbers, at the same time: only the tag differs."""
    ours, decoy = probe(protocol, version), scapy_of(probe(protocol, version, tag=bytes(range(8))))
    known = Known(ours)
    assert way(known, ether(scapy_of(ours))) == THERE
    for packet in (decoy, *((answer_to(decoy),) if protocol != "udp" else ())):
        assert way(known, ether(packet)) is None
        assert way(known, WRAPS["openvpn"](packet)) is None


def test_a_stranger_s_ports() -> None:
    known = Known(probe("udp"))
    other = IP(src="10.0.2.2", dst="10.0.1.2") / UDP(sport=33434, dport=40002) / b"no"
    assert way(known, ether(other)) is None


def test_a_stranger_s_time_stamp() -> None:
    """The same ends and the same sequence number, four bytes of the tag: only the time stamp tells."""
    known = Known(probe("tcp"))
    assert way(known, ether(scapy_of(probe("tcp")))) == THERE
    assert way(known, ether(scapy_of(probe("tcp", tag=TAG[:4] + bytes(4))))) is None


def test_with_packet_information() -> None:
    ours = probe()
    sighting = Known(ours).sight(b"\0\0\x08\0" + packet_of(ours), LinkType.PI)
    assert sighting is not None and [header.name for header in sighting.layers] == ["PI", "IPv4"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_translated_on_the_way(protocol: str) -> None:
    """NAT of source, destination and port: the answer comes from where the packet went, and is translated back."""
    ours = probe(protocol)
    packet, known = scapy_of(ours), Known(ours)
    assert way(known, ether(packet)) == THERE
    translated = packet.copy()
    translated.src, translated.dst = "198.51.100.1", "203.0.113.9"
    if protocol == "icmp":
        translated[ICMP].id = 9
    else:
        translated.payload.sport = 61000
    assert way(known, ether(answer_to(translated))) is None or protocol == "icmp"  # known by its tag
    assert way(known, ether(translated)) == THERE
    assert way(known, ether(answer_to(translated))) == BACK
    assert way(known, ether(answer_to(packet))) == BACK


def test_a_service_that_repeats_the_tag() -> None:
    ours = probe("udp")
    packet, known = scapy_of(ours), Known(ours)
    echo = IP(src=packet.dst, dst=packet.src) / UDP(sport=33434, dport=40001) / packet[UDP].payload
    assert way(known, ether(packet)) == THERE
    assert way(known, ether(echo)) == BACK
    echo.src = "10.0.9.9"  # another address of the same host
    assert way(known, ether(echo)) == BACK


@pytest.mark.parametrize(("flags", "expected"), (("SA", BACK), ("RA", BACK), ("A", None), ("R", None)))
def test_answers_over_tcp(flags: str, expected: str | None) -> None:
    ours = probe("tcp")
    packet, known = scapy_of(ours), Known(ours)
    number = int.from_bytes(TAG[:4])
    ack = number + 1 if "A" in flags else 0
    answer = IP(src=packet.dst, dst=packet.src) / TCP(sport=33434, dport=40001, flags=flags, ack=ack)
    assert way(known, ether(answer)) == expected
    answer[TCP].ack = number + 2
    assert way(known, ether(answer)) is None
    reset = IP(src=packet.src, dst=packet.dst) / TCP(sport=40001, dport=33434, flags="R", seq=number + 1)
    assert way(known, ether(reset)) is None


@pytest.mark.parametrize("quoted", (8, 500))
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_error_quotes_it(protocol: str, quoted: int) -> None:
    """Also eight bytes of it, as RFC 792 has it, and after a translation, and in a tunnel that nobody knows."""
    ours = probe(protocol)
    packet, known = scapy_of(ours), Known(ours)
    translated = packet.copy()
    translated.src = "198.51.100.1"
    assert way(known, ether(translated)) == THERE
    for each in (packet, translated):
        error = IP(src="10.0.9.1", dst=each.src) / ICMP(type=3, code=1) / bytes(each)[: 20 + quoted]
        for wrap in ("frame", "vxlan", "ip in udp", "openvpn", "openvpn data v2"):
            sighting = sight(known, WRAPS[wrap](error))
            assert sighting is not None and (sighting.way, sighting.about) == (ERROR, THERE)
            assert sighting.identity.source == each.src
            data = bytes(WRAPS[wrap](error))
            assert data[sighting.offset : sighting.offset + sighting.length] == bytes(error)
            assert sighting.layers[-1].offset == sighting.offset


def test_an_error_about_the_answer() -> None:
    ours = probe("udp")
    packet, known = scapy_of(ours), Known(ours)
    error = IP(src=packet.src, dst=packet.dst) / ICMP(type=3, code=3) / answer_to(packet)
    sighting = sight(known, ether(error))
    assert sighting is not None and (sighting.way, sighting.about) == (ERROR, BACK)


def test_an_error_quotes_the_tunnel_s_packet() -> None:
    ours = probe()
    tunnel = outer() / UDP(sport=8285, dport=8285) / scapy_of(ours)
    error = IP(src="192.0.2.2", dst="192.0.2.1") / ICMP(type=3, code=3) / bytes(tunnel)[:150]
    sighting = sight(Known(ours), ether(error))
    assert sighting is not None and sighting.way == ERROR and sighting.offset == 14


@pytest.mark.parametrize("error", (ICMPv6TimeExceeded(), ICMPv6PacketTooBig(mtu=1280)))
def test_an_error_over_ipv6(error: Any) -> None:
    ours = probe("udp", 6)
    sighting = sight(Known(ours), ether(IPv6(src="fd00:9::1", dst=ours.source) / error / scapy_of(ours)))
    assert sighting is not None and sighting.way == ERROR


def test_an_error_about_a_stranger() -> None:
    decoy = scapy_of(probe(tag=bytes(8)))
    assert way(Known(probe()), ether(outer() / ICMP(type=3, code=1) / decoy)) is None


def test_a_redirect_is_no_error() -> None:
    assert way(Known(probe()), ether(outer() / ICMP(type=5, gw="10.0.1.9") / scapy_of(probe()))) is None


@pytest.mark.parametrize("version", (4, 6))
@pytest.mark.parametrize("wrap", ("frame", "ip in udp", "vxlan", "openvpn"))
def test_in_fragments(wrap: str, version: int) -> None:
    """Broken up before it enters the tunnel; a later one that comes first is known when it is shown again."""
    ours = probe("icmp", version, size=3000)
    packet, known = scapy_of(ours), Known(ours)
    if version == 4:
        parts = fragment(packet, 1400)
    else:
        parts = fragment6(IPv6(src=packet.src, dst=packet.dst) / IPv6ExtHdrFragment(id=77) / packet.payload, 1440)
    assert len(parts) == 3
    frames = [WRAPS[wrap](part) for part in parts]
    assert way(known, frames[1]) is None
    first = sight(known, frames[0])
    assert first is not None and first.fragment is not None and first.fragment.more
    later = [sight(known, frame) for frame in frames[1:]]
    assert [(each.way, each.length) for each in later if each] == [(THERE, len(part)) for part in parts[1:]]
    for frame, each in zip(frames[1:], later, strict=True):
        assert each is not None and each.fragment is not None and each.fragment.offset
        assert bytes(frame)[each.offset :] == bytes(parts[frames.index(frame)])
    stranger = parts[1].copy()
    if version == 4:
        stranger.id = 999
    else:
        stranger[IPv6ExtHdrFragment].id = 999
    assert way(known, WRAPS[wrap](stranger)) is None
    answer = answer_to(packet)
    assert way(known, WRAPS[wrap](fragment(answer, 1400)[0] if version == 4 else answer)) == BACK


def test_the_tunnel_s_packet_in_fragments() -> None:
    ours = probe(size=1480)
    known = Known(ours)
    tunnel = outer(id=4711) / UDP(dport=8285) / scapy_of(ours)
    frames = [ether(part) for part in fragment(tunnel, 1400)]
    first, later = (sight(known, frame) for frame in frames)
    assert first is not None and later is not None and later.way == THERE
    assert (first.fragment, first.length, first.offset) == ((4711, 0, True), 1420, 42)
    assert later.length + first.length == 1480 + 28 + 20


def packets() -> st.SearchStrategy[Any]:
    """A probe's packet, or a stranger's, inside random tunnels: (is it ours, its protocol and version, the bytes)."""
    return st.tuples(
        st.sampled_from(PROTOCOLS),
        st.sampled_from((4, 6)),
        st.lists(st.sampled_from([name for name in WRAPS if name not in ("frame", "vlan")]), max_size=3),
        st.binary(min_size=8, max_size=8),
        st.integers(0, 300),
    )


@settings(max_examples=60, deadline=None)
@given(packets())
def test_through_any_tunnels(drawn: tuple[str, int, list[str], bytes, int]) -> None:
    protocol, version, wraps, tag, more = drawn
    ours = probe(protocol, version, size=least(protocol, version) + more)
    packet, decoy = scapy_of(ours), scapy_of(probe(protocol, version, tag=tag))
    wrapped, stranger = packet, decoy
    for name in wraps:
        inner = [each.payload if isinstance(each, Ether) else each for each in (wrapped, stranger)]
        wrapped, stranger = (WRAPS[name](each) for each in inner)
    known = Known(ours)
    found = sight(known, wrapped)
    assert found is not None and found.way == THERE
    assert bytes(wrapped)[found.offset : found.offset + found.length] == bytes(packet)
    assert tag == TAG or sight(known, stranger) is None


def hostile() -> st.SearchStrategy[bytes]:
    """Bytes of any kind, and frames of ours that are damaged."""
    ours = probe()
    frames = [bytes(wrap(each)) for wrap in WRAPS.values() for each in (scapy_of(ours), answer_to(scapy_of(ours)))] + [
        bytes(ether(outer() / ICMP(type=3) / scapy_of(ours)))
    ]
    damaged = st.builds(
        lambda data, place, byte, end: (data[:place] + bytes([byte]) + data[place + 1 :])[:end],
        st.sampled_from(frames),
        st.integers(0, 120),
        st.integers(0, 255),
        st.integers(0, 300),
    )
    pieces = st.sampled_from((TAG, bytes.fromhex("0a0001020a000202"), b"\x45\0\0\x1c", b"\x60"))
    return damaged | st.lists(st.binary(max_size=30) | pieces, max_size=8).map(b"".join)


@settings(max_examples=400, deadline=None)
@given(st.lists(hostile(), max_size=4), st.sampled_from(LinkType), st.sampled_from(PROTOCOLS))
def test_never_raises(frames: list[bytes], link: LinkType, protocol: str) -> None:
    known, before = Known(probe(protocol)), None
    for data in frames:
        sighting = known.sight(data, link)
        if sighting is not None:
            changes(before, after := View(data, link, sighting))
            before = after


def test_the_line_of_a_hop() -> None:
    """A tunnel that summary() knows is told once, one that it does not know is told all the same."""
    ours = probe()
    inside = "[IP 10.0.1.2 > 10.0.2.2  ICMP echo request id 40001 seq 33434]"
    for wrap, expected in (
        ("frame", inside[1:-1]),
        ("vxlan", f"IP 192.0.2.1 > 192.0.2.2  UDP 50000 > 4789  length 222  {inside}"),
        ("ip in udp", f"IP 192.0.2.1 > 192.0.2.2  UDP 8285 > 8285  length 200  {inside}"),
        ("openvpn", f"IP 192.0.2.1 > 192.0.2.2  UDP 1194 > 1194  length 201  {inside}"),
    ):
        frame = WRAPS[wrap](scapy_of(ours))
        sighting = sight(Known(ours), frame)
        assert sighting is not None
        assert hop_summary(bytes(frame), LinkType.ETHERNET, sighting) == expected
