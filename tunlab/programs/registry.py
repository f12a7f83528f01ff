"""Says of each address what it is for, by IANA's registries of special-purpose addresses."""

import argparse
import sys
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# The most telling entries, of both registries; an address is told by the first one that it is in.
PURPOSES = {
    ip_network(prefix): purpose
    for prefix, purpose in {
        "10.0.0.0/8": "private-use (RFC 1918)",
        "172.16.0.0/12": "private-use (RFC 1918)",
        "192.168.0.0/16": "private-use (RFC 1918)",
        "100.64.0.0/10": "shared address space (RFC 6598)",
        "127.0.0.0/8": "loopback (RFC 1122)",
        "169.254.0.0/16": "link-local (RFC 3927)",
        "192.0.2.0/24": "documentation (RFC 5737)",
        "198.51.100.0/24": "documentation (RFC 5737)",
        "203.0.113.0/24": "documentation (RFC 5737)",
        "198.18.0.0/15": "benchmarking (RFC 2544)",
        "224.0.0.0/4": "multicast (RFC 5771)",
        "255.255.255.255/32": "limited broadcast (RFC 919)",
        "240.0.0.0/4": "reserved (RFC 1112)",
        "::1/128": "loopback (RFC 4291)",
        "fe80::/10": "link-local (RFC 4291)",
        "fc00::/7": "unique-local (RFC 4193)",
        "2001:db8::/32": "documentation (RFC 3849)",
        "ff00::/8": "multicast (RFC 4291)",
    }.items()
}


def kind(address: IPv4Address | IPv6Address) -> str:
    """What the registries say; Python's own copy of them decides where the table above has nothing."""
    for network, purpose in PURPOSES.items():
        if address.version == network.version and address in network:
            return purpose
    return "globally routable" if address.is_global else "special-purpose, not globally routable"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("addresses", nargs="+", type=ip_address, metavar="ADDRESS")
    for address in parser.parse_args().addresses:
        print(f"{address}: {kind(address)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
