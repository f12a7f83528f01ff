"""Packets of our own making: an echo request, and the answer to one."""

from ipaddress import ip_address
from typing import Any

from tunlab.model.packet import LinkType
from tunlab.packet.echo import echo_of
from tunlab.packet.headers import datagram
from tunlab.packet.scapy_loader import load_scapy


def echo_request(source: str, destination: str, identifier: int, sequence: int, payload: bytes) -> bytes:
    """An IPv4 or IPv6 packet (by the addresses) with an ICMP echo request and right checksums.

    `identifier` and `sequence` have 16 bits. ValueError: no such address, or one of each version.
    """
    load_scapy()
    from scapy.layers.inet import ICMP, IP
    from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6

    # Checked here: scapy takes anything else for a host's name and asks DNS.
    versions = {ip_address(source).version, ip_address(destination).version}
    if versions == {4}:
        return bytes(IP(src=source, dst=destination) / ICMP(id=identifier, seq=sequence) / payload)
    if versions == {6}:
        echo = ICMPv6EchoRequest(id=identifier, seq=sequence, data=payload)
        return bytes(IPv6(src=source, dst=destination) / echo)
    raise ValueError(f"{source} and {destination} are of different IP versions")


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
