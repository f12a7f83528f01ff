"""Packets of our own making: an echo request, and the answer to one."""

import random
from ipaddress import ip_address
from typing import Any

from tunlab.model.packet import LinkType
from tunlab.packet.echo import echo_of
from tunlab.packet.headers import datagram
from tunlab.packet.scapy_loader import load_scapy


def echo_request(
    source: str,
    destination: str,
    identifier: int,
    sequence: int,
    payload: bytes,
    ttl: int = 64,
    df: bool = False,
    datagram_id: int = 1,
) -> bytes:
    """An IPv4 or IPv6 packet (by the addresses) with an ICMP echo request and right checksums.

    `identifier` and `sequence` have 16 bits, and so has `datagram_id`, by which the parts of a fragmented IPv4 packet
    are known. `df`: no router may fragment it (IPv6 routers never do).
    ValueError: no such address, or one of each version.
    """
    load_scapy()
    from scapy.layers.inet import ICMP, IP
    from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6

    # Checked here: scapy takes anything else for a host's name and asks DNS.
    versions = {ip_address(source).version, ip_address(destination).version}
    if versions == {4}:
        around = IP(src=source, dst=destination, ttl=ttl, flags="DF" if df else 0, id=datagram_id)
        return bytes(around / ICMP(id=identifier, seq=sequence) / payload)
    if versions == {6}:
        echo = ICMPv6EchoRequest(id=identifier, seq=sequence, data=payload)
        return bytes(IPv6(src=source, dst=destination, hlim=ttl) / echo)
    raise ValueError(f"{source} and {destination} are of different IP versions")


def fragments(packet: bytes, mtu: int) -> list[bytes]:
    """A whole IP packet as pieces of at most `mtu` bytes; itself where it fits."""
    if len(packet) <= mtu:
        return [packet]
    load_scapy()
    from scapy.layers.inet import IP, fragment
    from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, fragment6

    if packet[0] >> 4 == 4:
        return [bytes(each) for each in fragment(IP(packet), fragsize=(mtu - 20) // 8 * 8)]
    whole = IPv6(packet)
    around = IPv6(src=whole.src, dst=whole.dst, hlim=whole.hlim)
    cut = around / IPv6ExtHdrFragment(id=random.getrandbits(32), nh=whole.nh) / whole.payload
    return [bytes(each) for each in fragment6(cut, mtu)]


def swap_and_answer(packet: bytes) -> bytes | None:
    """The echo reply to a whole echo request: addresses swapped, type changed, checksums right again.

    All else stays, the time to live too. None for anything but an unfragmented, complete request.
    """
    echo = echo_of(packet, LinkType.RAW)
    around = datagram(packet)
    if echo is None or echo[0] or around is None or around.fragment or around.missing:
        return None
    return _answer_ipv4(packet) if around.version == 4 else _answer_ipv6(packet)


def _answer_ipv4(packet: bytes) -> bytes:
    load_scapy()
    from scapy.layers.inet import ICMP, IP

    answer = IP(packet)
    _swap(answer)
    answer[ICMP].type = "echo-reply"
    del answer.chksum, answer[ICMP].chksum
    return bytes(answer)


def _answer_ipv6(packet: bytes) -> bytes:
    load_scapy()
    from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6

    answer = IPv6(packet)
    _swap(answer)
    answer[ICMPv6EchoRequest].type = "Echo Reply"
    del answer[ICMPv6EchoRequest].cksum
    return bytes(answer)


def _swap(answer: Any) -> None:
    answer.src, answer.dst = answer.dst, answer.src
