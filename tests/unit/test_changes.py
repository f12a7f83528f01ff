"""changes(): what a router, a translator, a tunnel, the far end do to a packet, and nothing where all is the same."""

from typing import Any

import pytest

from tunlab.model.packet import LinkType
from tunlab.model.trace import Change, Probe
from tunlab.packet.changes import View, changes
from tunlab.packet.probe import packet_of
from tunlab.packet.scapy_loader import load_scapy
from tunlab.packet.sighting import Known

load_scapy()

from scapy.layers.inet import GRE, ICMP, IP, TCP, UDP, fragment  # noqa: E402
from scapy.layers.inet6 import ICMPv6EchoReply, IPv6  # noqa: E402
from scapy.layers.l2 import Dot1Q, Ether  # noqa: E402
from scapy.layers.vxlan import VXLAN  # noqa: E402

A, B, C = (f"52:54:00:00:00:0{number}" for number in (1, 2, 3))
OURS = Probe("icmp", "10.0.1.2", "10.0.2.2", 40001, 1, bytes.fromhex("a1b2c3d4e5f60718"), 84)


def packet_from(probe: Probe = OURS, **fields: Any) -> Any:
    packet = (IPv6 if ":" in probe.source else IP)(packet_of(probe))
    for name, value in fields.items():
        setattr(packet, name, value)
    return packet


def ether(packet: Any, source: str = A, destination: str = B) -> Any:
    return Ether(src=source, dst=destination) / packet


def told(*places: Any, probe: Probe = OURS) -> list[Change]:
    """The changes between the last two places; of a place in several fragments, a list of them."""
    known, views = Known(probe), []
    for place in places:
        parts = place if isinstance(place, list) else [place]
        link = LinkType.ETHERNET if isinstance(parts[0], Ether) else LinkType.RAW
        seen = [known.sight(bytes(part), link) for part in parts]
        assert seen[0] is not None and all(seen)
        lengths = tuple(each.length for each in seen if each) if len(seen) > 1 else ()
        views.append(View(bytes(parts[0]), link, seen[0], lengths))
    return list(changes(views[-2] if len(views) > 1 else None, views[-1]))


def test_nothing() -> None:
    assert told(packet_from()) == []
    assert told(ether(packet_from()), ether(packet_from())) == []


def test_a_router() -> None:
    change = told(ether(packet_from()), ether(packet_from(ttl=63, chksum=None), B, C))
    assert change == [Change("ttl", "64", "63"), Change("mac", f"{A} > {B}", f"{B} > {C}")]


def test_a_router_of_ipv6() -> None:
    ours = Probe("udp", "fd00:1::2", "fd00:2::2", 40001, 7, OURS.tag, 84)
    assert told(packet_from(ours), packet_from(ours, hlim=63), probe=ours) == [Change("ttl", "64", "63")]


def test_ethernet_put_on_and_taken_off() -> None:
    assert told(packet_from(), ether(packet_from())) == [Change("wrapped", "", "Ethernet 14")]
    assert told(ether(packet_from()), packet_from()) == [Change("unwrapped", "Ethernet 14", "")]
    assert told(ether(packet_from()), ether(Dot1Q(vlan=7) / packet_from())) == [Change("wrapped", "", "VLAN 4")]


def test_translated() -> None:
    other = packet_from(src="192.0.2.1", chksum=None)
    assert told(packet_from(), other) == [Change("source", "10.0.1.2", "192.0.2.1")]
    other[ICMP].id, other[ICMP].chksum = 9, None
    assert told(packet_from(), other) == [Change("source", "10.0.1.2 id 40001", "192.0.2.1 id 9")]
    for protocol, layer in (("udp", UDP), ("tcp", TCP)):
        ours = Probe(protocol, "10.0.1.2", "10.0.2.2", 40001, 80, OURS.tag, 84)
        other = packet_from(ours, dst="192.0.2.9", chksum=None)
        other[layer].dport, other[layer].chksum = 8080, None
        assert told(packet_from(ours), other, probe=ours) == [Change("destination", "10.0.2.2:80", "192.0.2.9:8080")]


def test_only_the_port_is_translated() -> None:
    ours = Probe("udp", "fd00:1::2", "fd00:2::2", 40001, 80, OURS.tag, 84)
    other = packet_from(ours)
    other[UDP].sport, other[UDP].chksum = 61000, None
    assert told(packet_from(ours), other, probe=ours) == [
        Change("source", "[fd00:1::2]:40001", "[fd00:1::2]:61000"),
    ]


OUTER = IP(src="192.0.2.1", dst="192.0.2.2", ttl=64)
TUNNELS = {
    "UDP 8, IPv4 20, Ethernet 14": ether(OUTER / UDP(dport=8285) / packet_from()),
    "IPv4 20, Ethernet 14": ether(OUTER / packet_from()),
    "GRE 8, IPv4 20, Ethernet 14": ether(OUTER / GRE(key_present=1) / packet_from()),
    "unknown 1, UDP 8, IPv4 20, Ethernet 14": ether(OUTER / UDP(dport=1194) / (b"0" + bytes(packet_from()))),
}


@pytest.mark.parametrize("headers", TUNNELS)
def test_into_a_tunnel_and_out(headers: str) -> None:
    tunnel = TUNNELS[headers]
    assert told(packet_from(), tunnel) == [Change("wrapped", "", headers)]
    assert told(tunnel, packet_from()) == [Change("unwrapped", headers, "")]
    forwarded = tunnel.copy()
    forwarded[IP].ttl, forwarded[IP].chksum = 63, None
    assert told(tunnel, forwarded) == [Change("ttl", "64", "63", outer=True)]
    translated = tunnel.copy()
    translated[IP].src, translated[IP].chksum = "198.51.100.1", None
    assert told(tunnel, translated) == [Change("source", "192.0.2.1", "198.51.100.1", outer=True)]


def test_vxlan() -> None:
    inside = ether(packet_from())
    tunnel = ether(OUTER / UDP(dport=4789) / VXLAN(vni=42, flags=8) / inside, B, C)
    assert told(inside, tunnel) == [Change("wrapped", "", "VXLAN 8, UDP 8, IPv4 20, Ethernet 14")]
    assert told(tunnel, inside) == [Change("unwrapped", "VXLAN 8, UDP 8, IPv4 20, Ethernet 14", "")]
    again = ether(OUTER / UDP(dport=4789) / VXLAN(vni=42, flags=8) / inside, C, A)
    assert told(tunnel, again) == [Change("mac", f"{B} > {C}", f"{C} > {A}")]


def test_from_one_tunnel_into_another() -> None:
    one, other = TUNNELS["IPv4 20, Ethernet 14"], TUNNELS["UDP 8, IPv4 20, Ethernet 14"]
    assert told(one, other) == [Change("wrapped", "", "UDP 8")]


LARGE = Probe("icmp", "10.0.1.2", "10.0.2.2", 40001, 1, OURS.tag, 2000)


def test_in_fragments() -> None:
    packet = packet_from(LARGE)
    parts, smaller = fragment(packet, 1480), fragment(packet, 800)
    assert told(parts, probe=LARGE) == [Change("fragmented", "", "1500+520")]
    assert told(packet, parts, probe=LARGE) == [Change("fragmented", "", "1500+520")]
    assert told(parts, packet, probe=LARGE) == [Change("reassembled", "1500+520", "")]
    assert told(parts, smaller, probe=LARGE) == [Change("fragmented", "1500+520", "820+820+400")]
    assert told(packet, parts, parts, probe=LARGE) == []


def test_the_tunnel_s_packet_in_fragments() -> None:
    tunnel = OUTER / UDP(dport=8285) / packet_from(LARGE)
    headers = Change("wrapped", "", "UDP 8, IPv4 20")
    assert told(packet_from(LARGE), fragment(tunnel, 1480), probe=LARGE) == [
        headers,
        Change("fragmented", "", "1500+548", outer=True),
    ]


def reply(packet: Any, **fields: Any) -> Any:
    answer = IP(**{"src": packet.dst, "dst": packet.src} | fields)
    return answer / ICMP(type=0, id=packet[ICMP].id, seq=packet[ICMP].seq) / packet[ICMP].payload


def test_the_answer() -> None:
    """A packet of its own: its TTL and MAC addresses are no changes."""
    packet = packet_from(ttl=62, chksum=None)
    turned = [Change("type", "echo request", "echo reply")]
    assert told(ether(packet), ether(reply(packet), B, A)) == turned
    assert told(ether(packet), ether(reply(packet, src="10.0.9.9"), B, A)) == [
        *turned,
        Change("source", "10.0.2.2", "10.0.9.9"),
    ]


def test_the_answer_over_ipv6_and_tcp() -> None:
    six = Probe("icmp", "fd00:1::2", "fd00:2::2", 40001, 7, OURS.tag, 84)
    packet = packet_from(six)
    echo = packet.payload
    answer = IPv6(src=packet.dst, dst=packet.src) / ICMPv6EchoReply(id=echo.id, seq=echo.seq, data=echo.data)
    assert told(packet, answer, probe=six) == [Change("type", "echo request", "echo reply")]
    tcp = Probe("tcp", "10.0.1.2", "10.0.2.2", 40001, 80, OURS.tag, 84)
    packet = packet_from(tcp)
    answer = IP(src=packet.dst, dst=packet.src) / TCP(sport=80, dport=40001, flags="RA", ack=packet[TCP].seq + 1)
    assert told(packet, answer, probe=tcp) == [Change("type", "SYN", "RST ACK")]


def test_an_error() -> None:
    packet = packet_from()
    error = IP(src="10.0.1.1", dst="10.0.1.2", ttl=64) / ICMP(type=3, code=1) / packet
    assert told(ether(packet), ether(error)) == [
        Change("type", "echo request", "ICMP destination unreachable, host"),
    ]
    forwarded = error.copy()
    forwarded.ttl, forwarded.src, forwarded.chksum = 63, "192.0.2.7", None
    assert told(packet, error, forwarded) == [
        Change("ttl", "64", "63"),
        Change("source", "10.0.1.1", "192.0.2.7"),
    ]
