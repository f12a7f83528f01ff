"""How many one-line summaries a second, beside scapy's `IP(bytes).summary()` and `Ether(bytes).summary()`.

Each packet is told by both in turn, in one run, so that whatever else the machine does falls on each. Scapy reads the
bytes anew each time, as it must for every packet that comes. Prints rates, asserts none. The floor: 5 times as many as
scapy over the mix; the aim: 20 times.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from tunlab.model.packet import LinkType
from tunlab.packet.scapy_loader import load_scapy
from tunlab.packet.summary import summary

ROUNDS = 40
AT_ONCE = 50  # packets told by each in one turn


def main() -> None:
    packets = mix()
    theirs, ours = dict.fromkeys(packets, 0.0), dict.fromkeys(packets, 0.0)
    for round_ in range(ROUNDS + 1):
        for name, (data, link, read) in packets.items():
            their = timed(lambda data=data, read=read: read(data).summary())
            our = timed(lambda data=data, link=link: summary(data, link))
            if round_:  # the first fills caches
                theirs[name] += their
                ours[name] += our
    print(f"One-line summaries a second, {ROUNDS} rounds in turn of {AT_ONCE} packets each:")
    print(f"  {'':26} {'scapy':>9} {'tunlab':>9}  ratio")
    for name in packets:
        show(name, ROUNDS * AT_ONCE, theirs[name], ours[name])
    whole = ROUNDS * AT_ONCE * len(packets)
    show("the mix (floor 5, aim 20)", whole, sum(theirs.values()), sum(ours.values()))


def mix() -> Mapping[str, tuple[bytes, LinkType, Any]]:
    """Bytes, their link type, and the class by which scapy reads them."""
    load_scapy()
    from scapy.layers.inet import ICMP, IP, TCP, UDP
    from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6
    from scapy.layers.l2 import ARP, Ether

    ip = IP(src="192.0.2.1", dst="192.0.2.7")
    six = IPv6(src="2001:db8::1", dst="2001:db8::7")
    ether = Ether(src="52:54:00:12:34:56", dst="52:54:00:ab:cd:ef")
    ports = {"sport": 40001, "dport": 8285}
    solicitation = ICMPv6ND_NS(tgt="fe80::9") / ICMPv6NDOptSrcLLAddr(lladdr="52:54:00:12:34:56")
    options = [("NOP", None), ("NOP", None), ("Timestamp", (1, 2))]
    packets = {
        "Ethernet, ARP": ether / ARP(psrc="192.0.2.1", pdst="192.0.2.7", hwsrc="52:54:00:12:34:56"),
        "Ethernet, IPv4, UDP": ether / ip / UDP(**ports) / bytes(64),
        "IPv4, other protocol": IP(src="192.0.2.1", dst="192.0.2.7", proto=200) / bytes(64),
        "IPv4, ICMP echo": ip / ICMP(id=5, seq=1) / bytes(56),
        "IPv4, UDP": ip / UDP(**ports) / bytes(64),
        "IPv4, TCP": ip / TCP(**ports, flags="PA", options=options) / bytes(64),
        "IPv6, ICMPv6 echo": six / ICMPv6EchoRequest(id=5, seq=1, data=bytes(56)),
        "IPv6, neighbour": six / solicitation,
        "IPv6, UDP": six / UDP(**ports) / bytes(64),
        "IPv6, TCP": six / TCP(**ports, flags="PA", options=options) / bytes(64),
    }
    links = {True: LinkType.ETHERNET, False: LinkType.RAW}
    return {name: (bytes(each), links[isinstance(each, Ether)], type(each)) for name, each in packets.items()}


def timed(tell: Callable[[], object]) -> float:
    begun = time.perf_counter()
    for _ in range(AT_ONCE):
        tell()
    return time.perf_counter() - begun


def show(name: str, packets: int, theirs: float, ours: float) -> None:
    print(f"  {name:26} {packets / theirs:9.0f} {packets / ours:9.0f}  {theirs / ours:5.1f}")


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors")
    main()
