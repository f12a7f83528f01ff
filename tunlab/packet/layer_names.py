"""What scapy's layer names have in common: short names under which fields are named and explained."""

import re
from functools import cache

# The first that fits; the special name before the general one, whose fields it has as well.
_FAMILIES = (
    (r"Ethernet|802\.3", ("Ethernet",)),
    (r"802\.1Q|802_1AD", ("VLAN",)),
    (r"IP( in ICMP)?", ("IP",)),
    (r"IPv6( in ICMPv6)?", ("IPv6",)),
    (r"(UDP|TCP|ICMP) in ICMP", (r"\1",)),
    (r"ICMP Extension.*", ("ICMPExtension",)),
    (r"IPv6 Extension Header - Fragmentation header", ("Fragment", "IPv6Ext")),
    (r"IPv6 Extension Header.*|IPv6 Option Header.*", ("IPv6Ext",)),
    (r"ICMPv6 Neighbor Discovery Option - Prefix Information", ("PrefixInfo", "NDOption")),
    (r"ICMPv6 Neighbor Discovery Option.*", ("NDOption",)),
    (r"ICMPv6 Neighbor Discovery - Router Advertisement", ("RA", "ICMPv6")),
    (r"ICMPv6 Neighbor Discovery - Neighbor Advertisement", ("NA", "ICMPv6")),
    (r"ICMPv6 Neighbor Discovery - Redirect", ("Redirect", "ICMPv6")),
    (r"MLD.*", ("MLD", "ICMPv6")),
    (r"ICMPv6.*|Scapy6 ICMPv6.*", ("ICMPv6",)),
)


@cache
def families(layer: str) -> tuple[str, ...]:
    """Such as ("RA", "ICMPv6") for scapy's "ICMPv6 Neighbor Discovery - Router Advertisement"."""
    for pattern, names in _FAMILIES:
        if found := re.fullmatch(pattern, layer):
            return tuple(found.expand(name) for name in names)
    return (layer,)


def is_internet(layer: str) -> bool:
    """Whether it is an IPv4 or IPv6 header, quoted or not."""
    return families(layer)[0] in ("IP", "IPv6")
