"""Why a packet that came in at a device was not sent on, though it is not for this node."""

from ipaddress import ip_address

from tunlab.engine.trace import why_device, why_sent
from tunlab.engine.trace.asking import Asking
from tunlab.engine.trace.facts import Facts
from tunlab.kernel.node_settings import setting
from tunlab.kernel.route_lookup import Route
from tunlab.model.trace import Reason


def not_accepted(ask: Asking, facts: Facts, device: str, route: Route) -> Reason:
    """The kernel does not even look for the packet's next device: `route` is refused."""
    if _forwarding_off(ask, facts, device):
        onward = ask.netlink.route_to(facts.destination)
        expected = "" if onward.refused or onward.kind == "local" else ask.place(onward.device, "out")
        return _not_forwarding(ask, facts, device, expected)
    if route.refused in ("EXDEV", "EINVAL") and facts.version == 4 and (found := _bad_source(ask, facts, device)):
        return found
    return why_sent.no_route(ask, facts, route)


def not_forwarded(ask: Asking, facts: Facts, device: str, route: Route) -> Reason:
    """It has a route, and was not seen leaving."""
    expected = ask.place(route.device, "out")
    if _forwarding_off(ask, facts, device):  # over IPv6 there is a route all the same
        return _not_forwarding(ask, facts, device, expected)
    if facts.ttl <= 1:
        key = "why_ttl" if facts.version == 4 else "why_ttl6"
        return Reason(key, expected, (("node", ask.node), ("ttl", str(facts.ttl))))
    return why_device.not_out(ask, facts, route, "prerouting", "ingress", "forward", "postrouting")


def _forwarding_off(ask: Asking, facts: Facts, device: str) -> bool:
    """What ip_route_input_slow and ip6_forward look at."""
    if facts.version == 4:
        return not setting("ipv4", "conf", device, "forwarding")
    return not (setting("ipv6", "conf", "all", "forwarding") or setting("ipv6", "conf", device, "force_forwarding"))


def _not_forwarding(ask: Asking, facts: Facts, device: str, expected: str) -> Reason:
    name = "net.ipv4.ip_forward" if facts.version == 4 else "net.ipv6.conf.all.forwarding"
    if facts.version == 4 and setting("ipv4", "ip_forward"):  # it is off for this device alone
        name = f"net.ipv4.conf.{device}.forwarding" if "." not in device else f"net/ipv4/conf/{device}/forwarding"
    return Reason("why_not_forwarding", expected, (("node", ask.node), ("setting", name)))


def _bad_source(ask: Asking, facts: Facts, device: str) -> Reason | None:
    """A source address that fib_validate_source refuses; it has the same errno as a blackhole."""
    here = (("node", ask.node), ("device", device), ("source", facts.source))
    back = ask.netlink.route_to(facts.source)
    if back.kind == "local":
        return Reason("why_own_source", values=here)
    strict = max(setting("ipv4", "conf", "all", "rp_filter"), setting("ipv4", "conf", device, "rp_filter"))
    if strict == 1 and not back.refused and back.device != device:
        return Reason("why_reverse_path", values=(*here, ("other", back.device)))
    if strict and back.refused:
        return Reason("why_reverse_path_none", values=here)
    if back.kind in ("broadcast", "multicast", "anycast") or _never_a_source(facts.source):
        return Reason("why_martian_source", values=here)
    return None  # a route, or a rule, that refuses: the source's address is a good one


def _never_a_source(address: str) -> bool:
    """What ip_route_input_slow refuses whatever the routes say: 0.0.0.0/8, 127.0.0.0/8, multicast, 255.255.255.255."""
    found = ip_address(address)
    return found.is_multicast or found.packed[0] in (0, 127) or found.packed == b"\xff" * 4
