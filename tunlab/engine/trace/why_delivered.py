"""Why a packet that has reached its node was not answered there."""

from ipaddress import ip_address

from tunlab.engine.scene import program_name
from tunlab.engine.trace import why_device, why_firewall, why_sent
from tunlab.engine.trace.asking import Asking
from tunlab.engine.trace.facts import Facts
from tunlab.kernel import sockets
from tunlab.kernel.link_info import data_of
from tunlab.kernel.link_state import LinkState
from tunlab.kernel.node_settings import setting
from tunlab.model.trace import BACK, Reason

_UDP_HEADER = 8  # bytes
_CHECKSUMS = {
    (4, "icmp"): "IcmpInCsumErrors",
    (6, "icmp"): "Icmp6InCsumErrors",
    (4, "udp"): "UdpInCsumErrors",
    (6, "udp"): "Udp6InCsumErrors",
    (4, "tcp"): "TcpInCsumErrors",
    (6, "tcp"): "TcpInCsumErrors",
}
_RECEIVED = {  # of these one grows with every packet that comes so far, but not with a datagram that waits to be read
    (4, "icmp"): ("IcmpInEchos",),
    (6, "icmp"): ("Icmp6InEchos",),
    (4, "tcp"): ("TcpInSegs",),
    (6, "tcp"): ("TcpInSegs",),
    (4, "udp"): ("UdpInDatagrams", "UdpNoPorts", "UdpInErrors"),
    (6, "udp"): ("Udp6InDatagrams", "Udp6NoPorts", "Udp6InErrors"),
}
_PASSED = ("ingress", "prerouting", "input")
_UNREAD = ("why_port_unread", "why_port_full")


def not_answered(ask: Asking, facts: Facts, came_back: bool) -> Reason:
    """The last reason that is certain, from the device upwards; then what is possible.

    `came_back`: an error or a reset has come home, so what the node sends does arrive.
    """
    reason = why_firewall.dropped(ask, facts.version, "input")
    counter = _CHECKSUMS.get((facts.version, facts.protocol), "")
    if reason is None and ask.grown(counter):
        name = facts.protocol.upper()
        return Reason("why_checksum", values=(("node", ask.node), ("protocol", name)))
    if reason is None and facts.protocol == "udp" and (numbers := _vxlans(ask, facts.port)):
        return _not_unwrapped(ask, facts, numbers)
    if reason is not None:
        return reason
    unknown = Reason("why_unknown_delivered", values=(("node", ask.node),))
    received = _received(ask, facts)
    if not facts.asks or received is False:
        return why_firewall.suspected(ask, facts.version, *_PASSED) or unknown
    reason = _ignored(ask, facts)
    if reason is None and not came_back and (unsent := why_sent.not_answered(ask, facts, guess=False)):
        return unsent
    reason = reason or _port(ask, facts)
    if reason is None and (unsent := why_sent.not_answered(ask, facts, guess=True)):
        return unsent
    if reason is None and not received and (suspected := why_firewall.suspected(ask, facts.version, *_PASSED)):
        return suspected  # it may not have come as far as what would have answered
    reason = reason or unknown
    if reason.key in _UNREAD:
        return reason  # nobody has it yet who could answer
    return Reason(reason.key, _answer_at(ask, facts), reason.values, BACK)


def _received(ask: Asking, facts: Facts) -> bool | None:
    """Whether it has come as far as its protocol, which counts what it is given; None where nobody knows."""
    names = _RECEIVED.get((facts.version, facts.protocol))
    if not facts.asks or names is None or ask.before is None:
        return None
    if any(map(ask.grown, names)):
        return True
    waiting = _socket(facts) if facts.protocol == "udp" else None
    return waiting is not None and bool(waiting.unread)


def _socket(facts: Facts) -> sockets.Waiting | None:
    return sockets.waiting(facts.protocol, facts.destination, facts.port, facts.source, facts.source_port)


def _answer_at(ask: Asking, facts: Facts) -> str:
    """Where an answer should have been seen."""
    own = ask.netlink.route_to(facts.destination).kind == "local"  # else it was for many
    route = ask.netlink.route_to(facts.source, facts.destination if own else None) if facts.asks else None
    return ask.place(route.device, "out") if route and route.device else ""


def _ignored(ask: Asking, facts: Facts) -> Reason | None:
    """A setting by which the node answers no echo request, or none that is for many."""
    if facts.protocol != "icmp":
        return None
    old = facts.version == 4
    names = [("ipv4", "icmp_echo_ignore_all") if old else ("ipv6", "icmp", "echo_ignore_all")]
    if ip_address(facts.destination).is_multicast:
        names.append(("ipv4", "icmp_echo_ignore_broadcasts") if old else ("ipv6", "icmp", "echo_ignore_multicast"))
    elif ask.netlink.route_to(facts.destination).kind == "broadcast":
        names.append(("ipv4", "icmp_echo_ignore_broadcasts"))
    name = next((each for each in names if setting(*each)), None)
    if name is None:
        return None
    return Reason("why_echo_ignored", values=(("node", ask.node), ("setting", ".".join(("net", *name)))))


def _port(ask: Asking, facts: Facts) -> Reason | None:
    """A closed port is refused with an ICMP error or a RST; that no such thing came back is another matter."""
    if facts.protocol not in ("udp", "tcp") or not facts.port:
        return None
    here = (("node", ask.node), ("protocol", facts.protocol.upper()), ("port", str(facts.port)))
    found = _socket(facts)
    if found is None:
        return Reason("why_port_closed", values=here) if _refused(ask, facts) else None
    if facts.protocol == "tcp":
        return None  # the kernel answers a SYN by itself
    who = sockets.owner(found.inode)
    if who is None:
        return Reason("why_nobody_known_at_port", values=here)
    program = (("pid", str(who[0])), ("program", program_name(who[1]) or who[1]))
    if ask.grown("UdpRcvbufErrors" if facts.version == 4 else "Udp6RcvbufErrors"):
        return Reason("why_port_full", values=(*here, *program))
    return Reason("why_port_unread" if found.unread else "why_port_silent", values=(*here, *program))


def _refused(ask: Asking, facts: Facts) -> bool:
    """Whether the packet can have come as far as a closed port: each datagram that does is counted."""
    if facts.protocol == "tcp" or ask.before is None:
        return True
    return ask.grown("UdpNoPorts" if facts.version == 4 else "Udp6NoPorts")


def _vxlans(ask: Asking, port: int) -> dict[int | None, LinkState]:
    """The node's VXLAN devices that receive at that port, by number: the kernel holds such a socket itself."""
    found = {}
    for link in ask.netlink.links():
        if link.kind == "vxlan" and (message := ask.netlink.message(link.name)) is not None:
            data = data_of(message)
            if data.get("vxlan_port") == port:
                found[data.get("vxlan_id")] = link
    return found


def _not_unwrapped(ask: Asking, facts: Facts, numbers: dict[int | None, LinkState]) -> Reason:
    """Such a packet begins with the number of its VXLAN (RFC 7348, section 5)."""
    number = int.from_bytes(facts.payload[_UDP_HEADER:][4:7])
    link = numbers.get(number)
    if link is None:
        here = (("node", ask.node), ("number", str(number)), ("port", str(facts.port)))
        return Reason("why_vxlan_number", values=here)
    reason = why_device.not_usable(ask, link) or Reason("why_unknown_delivered", values=(("node", ask.node),))
    return Reason(reason.key, ask.place(link.name, "in"), reason.values)
