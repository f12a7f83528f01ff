"""Several hundred different packets of every protocol that tunlab explains, made with scapy."""

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from tunlab.model.packet import LinkType
from tunlab.packet.scapy_loader import load_scapy

MAC, OTHER_MAC = "52:54:00:12:34:56", "52:54:00:ab:cd:ef"
TUNNEL = 8285  # the port of datagrams that carry a whole packet


class Made(NamedTuple):
    """`length`: how many bytes it had before it was cut off."""

    data: bytes
    link: LinkType
    length: int


@cache
def corpus() -> tuple[Made, ...]:
    """All of them, each once: whole ones, then some with wrong checksums, then some that are cut off."""
    load_scapy()
    from scapy.layers.l2 import Dot3, Ether

    whole = []
    for packet in _packets():
        data = bytes(packet)
        link = LinkType.ETHERNET if isinstance(packet, Ether | Dot3) else LinkType.RAW
        whole.append(Made(data, link, len(data)))
    made = [*whole, *_damaged(whole), *_cut(whole)]
    return tuple(dict.fromkeys(made))


def _damaged(whole: list[Made]) -> Iterator[Made]:
    """One bit wrong at the end: the checksum around it no longer fits."""
    for made in whole[::3]:
        yield made._replace(data=made.data[:-1] + bytes([made.data[-1] ^ 1]))


def _cut(whole: list[Made]) -> Iterator[Made]:
    """Without their last bytes, as a capture with a small snapshot length has them."""
    for made in whole[::4]:
        yield made._replace(data=made.data[:-3])


def _packets() -> Iterator[Any]:
    yield from _over_ipv4()
    yield from _over_ipv6()
    yield from _with_options()
    yield from _fragments()
    yield from _frames()
    yield from _tunnels()
    yield from _unsummed()


def _ipv4(**fields: Any) -> Any:
    from scapy.layers.inet import IP

    return IP(**{"src": "192.0.2.1", "dst": "192.0.2.7", "id": 0x62AA, "ttl": 63} | fields)


def _ipv6(**fields: Any) -> Any:
    from scapy.layers.inet6 import IPv6

    return IPv6(**{"src": "fe80::1", "dst": "fe80::2", "hlim": 255, "fl": 0x12345} | fields)


def _back() -> Any:
    from scapy.layers.inet import UDP

    return _ipv4(src="192.0.2.7", dst="192.0.2.1") / UDP(sport=40001, dport=40002) / bytes(4)


def _datagrams() -> list[Any]:
    from scapy.layers.inet import UDP

    return [UDP(sport=40000 + size, dport=40002) / bytes(range(size)) for size in (0, 1, 8, 33)]


def _segments() -> Iterator[Any]:
    from scapy.layers.inet import TCP

    ports = {"sport": 40001, "dport": 40002, "seq": 4000000000, "ack": 7, "window": 777}
    for flags in ("S", "SA", "A", "PA", "FA", "R", "RA", "SEC", "PAU", ""):
        yield TCP(**ports, flags=flags, urgptr=3 if "U" in flags else 0)
        yield TCP(**ports, flags=flags) / b"\xff\xfe\xfd"


def _over_ipv4() -> Iterator[Any]:
    from scapy.layers.inet import ICMP

    errors = [(3, code) for code in range(14)] + [(5, 0), (5, 1), (11, 0), (11, 1), (12, 0)]
    for kind, code in errors:
        yield _ipv4() / ICMP(type=kind, code=code, **({"gw": "192.0.2.9"} if kind == 5 else {})) / _back()
    yield _ipv4() / ICMP(type=3, code=4, nexthopmtu=1400) / _back()
    for kind, number in product((0, 8), (1, 0x1595)):
        yield _ipv4() / ICMP(type=kind, id=number, seq=3) / bytes(range(number % 60))
    yield _ipv4() / ICMP(type=13, id=3, seq=4, ts_ori=1000) / b""
    yield _ipv4() / ICMP(type=14, id=3, seq=4, ts_ori=1000, ts_rx=1001, ts_tx=1002)
    for header, inside in product((_ipv4(), _ipv4(tos=0xB8, flags="DF", ttl=1)), (*_datagrams(), *_segments())):
        yield header / inside


def _over_ipv6() -> Iterator[Any]:
    from scapy.layers import inet6 as v6

    group, prefix = v6.ICMPv6MLDMultAddrRec, v6.ICMPv6NDOptPrefixInfo(prefix="2001:db8::", prefixlen=64)
    source, target = v6.ICMPv6NDOptSrcLLAddr(lladdr=MAC), v6.ICMPv6NDOptDstLLAddr(lladdr=MAC)
    hop = v6.IPv6ExtHdrHopByHop(options=[v6.RouterAlert()])
    quoted = _ipv6(src="fe80::2", dst="fe80::1") / _datagrams()[2]
    messages = [
        *(v6.ICMPv6EchoRequest(id=each, seq=2, data=bytes(each)) for each in (1, 2, 77)),
        *(v6.ICMPv6EchoReply(id=each, seq=2, data=bytes(each)) for each in (1, 2, 77)),
        v6.ICMPv6ND_RS(),
        v6.ICMPv6ND_RS() / source,
        v6.ICMPv6ND_RA(chlim=64, M=1, routerlifetime=1800) / prefix,
        v6.ICMPv6ND_RA(prf=0) / source / v6.ICMPv6NDOptMTU(mtu=1400) / prefix,
        v6.ICMPv6ND_RA() / v6.ICMPv6NDOptRDNSS(dns=["2001:db8::53"], lifetime=30),
        v6.ICMPv6ND_RA() / v6.ICMPv6NDOptDNSSL(searchlist=["lab.example."], lifetime=30),
        v6.ICMPv6ND_RA() / v6.ICMPv6NDOptRouteInfo(prefix="2001:db8:1::", plen=48, len=2, rtlifetime=60),
        v6.ICMPv6ND_NS(tgt="fe80::9"),
        v6.ICMPv6ND_NS(tgt="fe80::9") / source,
        *(v6.ICMPv6ND_NA(tgt="fe80::9", R=r, S=s, O=o) / target for r, s, o in product((0, 1), repeat=3)),
        v6.ICMPv6ND_Redirect(tgt="fe80::9", dst="2001:db8::7") / target,
        *(v6.ICMPv6DestUnreach(code=code) / quoted for code in range(7)),
        v6.ICMPv6PacketTooBig(mtu=1280) / quoted,
        *(v6.ICMPv6TimeExceeded(code=code) / quoted for code in (0, 1)),
        v6.ICMPv6ParamProblem(code=1, ptr=6) / quoted,
    ]
    listeners = [
        v6.ICMPv6MLQuery(mrd=1000),
        v6.ICMPv6MLReport(mladdr="ff02::a"),
        v6.ICMPv6MLDone(mladdr="ff02::a"),
        v6.ICMPv6MLReport2(records=[group(dst="ff02::a", rtype=4)]),
        v6.ICMPv6MLReport2(records=[group(dst=f"ff02::{n}", sources=["fe80::7"]) for n in (1, 2)]),
        v6.ICMPv6MLQuery2(mladdr="ff02::a", sources=["fe80::7"]),
    ]
    for inside in (*messages, *_datagrams(), *_segments()):
        yield _ipv6() / inside
    for inside in listeners:
        yield _ipv6(hlim=1, dst="ff02::16") / hop / inside
    for inside in (*_datagrams(), *list(_segments())[:4], messages[0]):
        yield _ipv6(tc=0xB8, fl=0) / v6.IPv6ExtHdrDestOpt() / inside
        yield _ipv6() / hop / v6.IPv6ExtHdrDestOpt() / inside


def _with_options() -> Iterator[Any]:
    from scapy.layers import inet

    record = inet.IPOption_RR(routers=["192.0.2.9", "0.0.0.0"])
    for options in ([inet.IPOption_NOP()] * 4, [record], [inet.IPOption_Router_Alert()], [record, inet.IPOption_NOP()]):
        for inside in (*_datagrams()[:2], inet.ICMP(id=1, seq=2)):
            yield _ipv4(options=options) / inside
    ours = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 2)), ("NOP", None), ("WScale", 7)]
    for number in range(1, len(ours) + 1):
        yield _ipv4() / inet.TCP(sport=40001, dport=40002, flags="S", options=ours[:number])
        yield _ipv6() / inet.TCP(sport=40001, dport=40002, flags="SA", ack=9, options=ours[-number:])
    gaps = [("NOP", None), ("NOP", None), ("SAck", (10, 20))]
    yield _ipv4() / inet.TCP(sport=40001, dport=40002, flags="A", ack=9, options=gaps)


def _fragments() -> Iterator[Any]:
    from scapy.layers.inet import ICMP, UDP
    from scapy.layers.inet6 import IPv6ExtHdrFragment

    yield _ipv4(flags="MF") / UDP(sport=40001, dport=40002, len=2000) / bytes(16)
    yield _ipv4(flags="MF") / ICMP(id=1, seq=2) / bytes(16)
    yield _ipv4(frag=3, proto=17) / bytes(range(16))
    yield _ipv4(frag=185, flags="MF", proto=6) / bytes(range(24))
    yield _ipv6() / IPv6ExtHdrFragment(id=0xABCD1234, m=1, nh=17) / UDP(sport=40001, dport=40002, len=64) / bytes(16)
    yield _ipv6() / IPv6ExtHdrFragment(id=0xABCD1234, offset=2, nh=17) / bytes(range(8))
    yield _ipv6() / IPv6ExtHdrFragment(id=7) / UDP(sport=40001, dport=40002) / bytes(8)


def _frames() -> Iterator[Any]:
    from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether

    ether = Ether(src=MAC, dst=OTHER_MAC)
    tags = (Dot1Q(vlan=10), Dot1Q(vlan=4094, prio=5), Dot1AD(vlan=7) / Dot1Q(vlan=10))
    for operation in (1, 2):
        arp = ARP(op=operation, psrc="192.0.2.1", pdst="192.0.2.7", hwsrc=MAC)
        for head in (ether, *(ether / tag for tag in tags)):
            yield head / arp
        yield Ether(bytes(ether / arp).ljust(60, b"\0"))
    inside = (_ipv4() / _datagrams()[1], _ipv6() / _datagrams()[1], _ipv4() / next(_segments()))
    for head, packet in product((ether, *(ether / tag for tag in tags)), inside):
        yield head / packet


def _tunnels() -> Iterator[Any]:
    from scapy.layers.inet import ICMP, UDP
    from scapy.layers.inet6 import ICMPv6EchoRequest
    from scapy.layers.l2 import ARP, GRE, Ether
    from scapy.layers.vxlan import VXLAN

    ether = Ether(src=MAC, dst=OTHER_MAC)
    inner4 = _ipv4(src="192.168.1.2", dst="192.168.1.3")
    inner6 = _ipv6(src="2001:db8::2", dst="2001:db8::3")
    carried = [
        inner4 / ICMP(id=5, seq=1) / bytes(56),
        inner4 / _datagrams()[3],
        inner4 / list(_segments())[3],
        inner6 / ICMPv6EchoRequest(id=5, seq=1),
        inner6 / _datagrams()[3],
        inner6 / list(_segments())[3],
    ]
    for outer, packet in product((_ipv4(), _ipv6()), carried):
        yield outer / packet
        yield outer / UDP(sport=TUNNEL, dport=TUNNEL) / packet
        yield outer / UDP(sport=50123, dport=4789) / VXLAN(vni=100, flags=8) / ether / packet
        yield outer / GRE() / packet
    yield _ipv4() / UDP(sport=50123, dport=4789) / VXLAN(vni=7, flags=8) / ether / ARP(psrc="192.0.2.1", hwsrc=MAC)
    yield _ipv4() / GRE(key_present=1, key=9, seqnum_present=1, sequence_number=3) / carried[0]
    yield _ipv4() / GRE(proto=0x6558) / ether / carried[0]
    yield _ipv4() / ICMP(type=3, code=3) / carried[1]
    yield _ipv4() / ICMP(type=11) / (inner4 / UDP(sport=40001, dport=40002) / bytes(300))


def _unsummed() -> Iterator[Any]:
    """Checksums that are zero, or wrong from the start."""
    from scapy.layers.inet import ICMP, TCP, UDP
    from scapy.layers.inet6 import ICMPv6EchoRequest

    ports = {"sport": 40001, "dport": 40002}
    for value in (0, 1, 0xBEEF):
        yield _ipv4() / UDP(**ports, chksum=value) / b"data"
        yield _ipv6() / UDP(**ports, chksum=value) / b"data"
        yield _ipv4() / TCP(**ports, chksum=value) / b"data"
        yield _ipv6() / TCP(**ports, chksum=value) / b"data"
        yield _ipv4() / ICMP(id=1, seq=1, chksum=value) / b"data"
        yield _ipv6() / ICMPv6EchoRequest(id=1, seq=1, cksum=value, data=b"data")
        yield _ipv4(chksum=value) / UDP(**ports) / b"data"
