"""summary() tells what scapy's dissection knows of a packet: addresses, ports, flags, types, numbers."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from corpus import TUNNEL, Made, corpus

from tunlab.model.packet import LinkType
from tunlab.packet.names import TCP_FLAGS
from tunlab.packet.scapy_loader import load_scapy
from tunlab.packet.summary import summary

WHOLE = [made for made in corpus() if made.length == len(made.data)]


def facts(data: bytes, link: LinkType) -> Iterator[str]:
    """Each as it must stand in the line, in its words."""
    load_scapy()
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6
    from scapy.layers.l2 import Ether

    layer = Ether(data) if link is LinkType.ETHERNET else {4: IP, 6: IPv6}[data[0] >> 4](data)
    later = False  # a fragment behind the first has no more headers
    while layer and not later:
        yield from _facts(layer)
        later = bool(getattr(layer, "frag", 0) or (layer.name.endswith("Fragmentation header") and layer.offset))
        if layer.name.startswith("ICMP") and "Echo" not in layer.name:
            return  # what an error quotes is not told
        layer = layer.payload


def _facts(layer: Any) -> Iterator[str]:
    match layer.name:
        case "802.1Q" | "802_1AD":
            yield f"VLAN {layer.vlan} "
        case "ARP" if layer.op == 1:
            yield f"who has {layer.pdst} tell {layer.psrc}"
        case "ARP":
            yield f"{layer.psrc} is at {layer.hwsrc}"
        case "IP" | "IPv6":
            yield f"{layer.name} {ip_address(layer.src)} > {ip_address(layer.dst)} "
            if layer.name == "IP" and (layer.frag or layer.flags.MF):
                yield from (f"id 0x{layer.id:04x}", f"offset {8 * layer.frag} ")
                yield "more follow" if layer.flags.MF else "the last"
        case "UDP":
            yield f"UDP {layer.sport} > {layer.dport}  length {layer.len - 8}"
            if layer.dport == TUNNEL:
                yield from facts(bytes(layer.payload), LinkType.RAW)
        case "TCP":
            flags = [name for bit, name in enumerate(TCP_FLAGS) if int(layer.flags) >> bit & 1]
            yield f"TCP {layer.sport} > {layer.dport}  {' '.join(flags) or 'no flags'} seq {layer.seq} "
            if layer.flags.A:
                yield f"ack {layer.ack} "
            yield f"length {len(layer.payload)}"
        case "ICMP":
            yield from _icmp_facts(layer)
        case "IPv6 Extension Header - Fragmentation header":
            yield from (f"id 0x{layer.id:04x}", f"offset {8 * layer.offset} ")
        case _:
            yield from _icmpv6_facts(layer)


def _icmp_facts(layer: Any) -> Iterator[str]:
    said = {0: "echo reply", 3: "unreachable", 5: "redirect to", 8: "echo request", 11: "time exceeded"}
    yield said.get(layer.type, f"type {layer.type} code {layer.code}")
    if layer.type in (0, 8):
        yield f"id {layer.id} seq {layer.seq}"
    if layer.type == 5:
        yield f"to {layer.gw}"
    if (layer.type, layer.code) == (3, 4):
        yield f"mtu {layer.nexthopmtu}"


def _icmpv6_facts(layer: Any) -> Iterator[str]:
    told = {
        "ICMPv6 Echo Request": "echo request id {id} seq {seq}",
        "ICMPv6 Echo Reply": "echo reply id {id} seq {seq}",
        "ICMPv6 Destination Unreachable": "destination unreachable",
        "ICMPv6 Packet Too Big": "too big, mtu {mtu}",
        "ICMPv6 Time Exceeded": "time exceeded",
        "ICMPv6 Parameter Problem": "type 4 code {code}",
        "ICMPv6 Neighbor Discovery - Router Solicitation": "Router Solicitation",
        "ICMPv6 Neighbor Discovery - Router Advertisement": "Router Advertisement",
        "ICMPv6 Neighbor Discovery - Neighbor Solicitation": "Neighbor Solicitation who has {tgt}",
        "ICMPv6 Neighbor Discovery - Neighbor Advertisement": "Neighbor Advertisement {tgt}",
        "ICMPv6 Neighbor Discovery - Redirect": "Redirect to {tgt}",
        "MLD - Multicast Listener Query": "MLD query {mladdr}",
        "MLD - Multicast Listener Report": "MLD report {mladdr}",
        "MLD - Multicast Listener Done": "MLD done {mladdr}",
    }
    if pattern := told.get(layer.name):
        yield pattern.format(**layer.fields)


@pytest.mark.parametrize("made", WHOLE, ids=range(len(WHOLE)))
def test_all_facts_are_told(made: Made) -> None:
    line = f"{summary(made.data, made.link)} "
    wanted = list(facts(made.data, made.link))
    assert len(wanted) >= 1 and not [fact for fact in wanted if fact not in line], line
