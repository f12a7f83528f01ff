"""The packet of a trace, made from its description."""

from ipaddress import ip_address
from typing import Any

from tunlab.errors import Status, TunlabError
from tunlab.model.trace import Probe
from tunlab.packet.scapy_loader import load_scapy

TAG = 8  # bytes
_LARGEST = 65535  # RFC 791; RFC 8200 does not count IPv6's 40 bytes of header, but a link of Linux has no larger MTU
_IP = {4: 20, 6: 40}
_TCP = 36  # 20, and 16 of options


def least(protocol: str, version: int) -> int:
    """Bytes that such a packet has at least, IP header included, tag and all; a TCP SYN has exactly these."""
    return _IP[version] + (_TCP if protocol == "tcp" else 8 + TAG)


def packet_of(probe: Probe) -> bytes:
    """The whole IPv4 or IPv6 packet, as its addresses are, with right checksums, padded to `size`.

    The size of a TCP SYN is what it is: it carries no data. TunlabError: no such size. ValueError: addresses of
    different versions, a tag that has not 8 bytes, a port or identifier beyond 16 bits.
    """
    # Checked here: scapy takes anything else for a host's name and asks DNS.
    version = ip_address(probe.source).version
    if ip_address(probe.destination).version != version:
        raise ValueError(f"{probe.source} and {probe.destination} are of different IP versions")
    if len(probe.tag) != TAG or not all(0 <= port <= 0xFFFF for port in (probe.source_port, probe.destination_port)):
        raise ValueError(f"no such probe: {probe}")
    _judge_size(probe, version)
    load_scapy()
    packet = _around(probe, version) / _within(probe, version)
    return bytes(packet)


def _judge_size(probe: Probe, version: int) -> None:
    smallest = least(probe.protocol, version)
    if probe.protocol != "tcp" and not smallest <= probe.size <= _LARGEST:
        raise TunlabError(
            "trace_size", Status.USAGE, size=probe.size, protocol=probe.protocol, least=smallest, most=_LARGEST
        )


def _around(probe: Probe, version: int) -> Any:
    """The IP header. Its identifier is not 0, in place of which the kernel would put one of its own (raw(7))."""
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6

    if version == 6:
        return IPv6(src=probe.source, dst=probe.destination, hlim=probe.ttl)
    identifier = int.from_bytes(probe.tag[-2:]) or 1
    flags = "DF" if probe.df else 0
    return IP(src=probe.source, dst=probe.destination, ttl=probe.ttl, id=identifier, flags=flags)


def _within(probe: Probe, version: int) -> Any:
    from scapy.layers.inet import ICMP, TCP, UDP
    from scapy.layers.inet6 import ICMPv6EchoRequest

    data = probe.tag + bytes(max(0, probe.size - least(probe.protocol, version)))
    if probe.protocol == "udp":
        return UDP(sport=probe.source_port, dport=probe.destination_port) / data
    if probe.protocol == "tcp":
        return TCP(
            sport=probe.source_port,
            dport=probe.destination_port,
            flags="S",
            seq=int.from_bytes(probe.tag[:4]),
            options=[
                ("MSS", 1500 - _IP[version] - 20),  # of Ethernet
                ("NOP", None),
                ("NOP", None),
                ("Timestamp", (int.from_bytes(probe.tag[4:]), 0)),
            ],
        )
    if version == 6:
        return ICMPv6EchoRequest(id=probe.source_port, seq=probe.destination_port, data=data)
    return ICMP(id=probe.source_port, seq=probe.destination_port) / data
