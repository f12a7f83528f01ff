"""The names of numbers in headers, as IANA and the RFCs have them."""

# www.iana.org/assignments/protocol-numbers; IPv6 calls it the next header
PROTOCOLS = {
    0: "hop-by-hop options",
    1: "ICMP",
    2: "IGMP",
    4: "IPv4",
    6: "TCP",
    17: "UDP",
    41: "IPv6",
    43: "routing header",
    44: "fragment header",
    47: "GRE",
    50: "ESP",
    51: "AH",
    58: "ICMPv6",
    59: "no next header",
    60: "destination options",
    89: "OSPF",
    132: "SCTP",
}
# www.iana.org/assignments/ieee-802-numbers
ETHERTYPES = {
    0x0800: "IPv4",
    0x0806: "ARP",
    0x6558: "Ethernet",
    0x8100: "802.1Q",
    0x86DD: "IPv6",
    0x8847: "MPLS",
    0x8863: "PPPoE discovery",
    0x8864: "PPPoE",
    0x88A8: "802.1ad",
    0x88CC: "LLDP",
}
TCP_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "NS")  # bit 0 first: RFC 9293, section 3.1

# www.iana.org/assignments/icmp-parameters
ICMP_TYPES = {
    0: "echo reply",
    3: "destination unreachable",
    4: "source quench",
    5: "redirect",
    8: "echo request",
    9: "router advertisement",
    10: "router solicitation",
    11: "time exceeded",
    12: "parameter problem",
    13: "timestamp request",
    14: "timestamp reply",
}
# www.iana.org/assignments/icmpv6-parameters
ICMPV6_TYPES = {
    1: "destination unreachable",
    2: "packet too big",
    3: "time exceeded",
    4: "parameter problem",
    128: "echo request",
    129: "echo reply",
    130: "multicast listener query",
    131: "multicast listener report",
    132: "multicast listener done",
    133: "router solicitation",
    134: "router advertisement",
    135: "neighbor solicitation",
    136: "neighbor advertisement",
    137: "redirect",
    143: "multicast listener report v2",
}
# What the code of an ICMP error says, by type: RFC 792, 1122 and 1812
ICMP_CODES = {
    3: {
        0: "net",
        1: "host",
        2: "protocol",
        3: "port",
        4: "fragmentation needed",
        5: "source route failed",
        9: "net prohibited",
        10: "host prohibited",
        13: "administratively prohibited",
    },
    5: {0: "for the net", 1: "for the host", 2: "for the net and service", 3: "for the host and service"},
    11: {0: "in transit", 1: "in reassembly"},
    12: {0: "pointer tells where", 1: "an option is missing", 2: "bad length"},
}
# RFC 4443, sections 3.1, 3.3 and 3.4
ICMPV6_CODES = {
    1: {
        0: "no route",
        1: "administratively prohibited",
        2: "beyond scope of source",
        3: "address",
        4: "port",
        5: "source address failed policy",
        6: "reject route",
    },
    3: {0: "in transit", 1: "in reassembly"},
    4: {0: "bad header field", 1: "unknown next header", 2: "unknown option"},
}
