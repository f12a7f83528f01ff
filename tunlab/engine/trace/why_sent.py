"""Why a packet that a node itself wanted to send was seen at none of its devices."""

import errno
from ipaddress import ip_address, ip_interface

from tunlab.engine.trace import why_device, why_firewall
from tunlab.engine.trace.asking import Asking
from tunlab.engine.trace.facts import Facts
from tunlab.engine.trace.neighbourhood import Neighbourhood
from tunlab.kernel.route_lookup import Route
from tunlab.model.trace import BACK, Reason

_KINDS = {"EINVAL": "blackhole", "EHOSTUNREACH": "unreachable", "EACCES": "prohibit"}


def not_sent(ask: Asking, facts: Facts, refused: int | None) -> Reason:
    """`refused`: the errno of sendto(2), if it failed."""
    # A raw socket sends from any address; a route, however, is told only for the node's own.
    route = ask.netlink.route_to(facts.destination, facts.source if _has(ask, facts.source) else None)
    if route.refused:
        return no_route(ask, facts, route)
    if route.kind == "local":
        route = Route(route.kind, route.device or "lo")
    expected = ask.place(route.device, "out")
    if refused == errno.EPERM:
        found = why_firewall.dropped(ask, facts.version, "output", "postrouting")
        return (
            Reason(found.key, expected, found.values)
            if found
            else Reason("why_firewall_refused", expected, (("node", ask.node),))
        )
    if refused == errno.EMSGSIZE and (link := ask.netlink.link(route.device)):
        mtu = min(link.mtu, route.mtu or link.mtu)
        values = (("node", ask.node), ("device", link.name), ("size", str(facts.size)), ("mtu", str(mtu)))
        return Reason("why_too_big" if facts.version == 4 else "why_too_big6", expected, values)
    found = why_device.not_out(ask, facts, route, "output", "postrouting")
    if found.key == "why_unknown" and refused is not None:
        name = errno.errorcode.get(refused, str(refused))
        return Reason("why_send_refused", expected, (("node", ask.node), ("to", facts.destination), ("errno", name)))
    return found


def not_answered(ask: Asking, facts: Facts, *, guess: bool) -> Reason | None:
    """Why an answer to the packet cannot leave the node that it has reached, or None where it could.

    Without `guess`, only what is certain: a firewall that may have dropped it is left out.
    """
    back = facts.answered()
    route = ask.netlink.route_to(back.destination, back.source if _has(ask, back.source) else None)
    if route.refused:
        found = no_route(ask, back, route, back=True)
        return Reason(found.key, found.expected, found.values, BACK)
    reason = why_device.certain(ask, back, route, "output", "postrouting")
    if reason is None and guess:
        reason = why_firewall.suspected(ask, facts.version, "output", "postrouting")
    if reason is None or reason.key == "why_unknown":
        return None
    return Reason(reason.key, ask.place(route.device, "out"), reason.values, BACK)


def no_route(ask: Asking, facts: Facts, route: Route, *, back: bool = False) -> Reason:
    """The sentence for a route that the kernel refuses with ENETUNREACH, or that is made to refuse."""
    here = (("node", ask.node), ("to", facts.destination))
    others = Neighbourhood(ask, facts.version)
    if not back and not others.speaks():
        return Reason("why_no_address", values=here[:1])
    if kind := _KINDS.get(route.refused):
        return Reason("why_refusing_route", values=(*here, ("kind", kind)))
    if device := _down_with(ask, facts.destination):
        return Reason("why_route_down", ask.place(device, "out"), (*here, ("device", device)))
    if device := _down_and_addressed(ask, facts.version):
        return Reason("why_no_route_down", values=(*here, ("device", device)))
    advice = (("network", others.network(facts.destination)), ("gateway", others.gateway(facts.destination)))
    return Reason("why_no_route_back" if back else "why_no_route", values=(*here, *advice))


def _has(ask: Asking, address: str) -> bool:
    return ask.netlink.route_to(address).kind == "local"


def _down_with(ask: Asking, destination: str) -> str | None:
    """A device that is down and has an address of the destination's network: its route went when it did."""
    for link in ask.netlink.links():
        if "UP" not in link.flags and any(
            _in_network(destination, address) for address in ask.netlink.addresses(link.index)
        ):
            return link.name
    return None


def _down_and_addressed(ask: Asking, version: int) -> str | None:
    """A device that is down and has an address: the kernel has deleted whatever routes went through it."""
    for link in ask.netlink.links():
        spoken = any(ip_interface(address).version == version for address in ask.netlink.addresses(link.index))
        if "UP" not in link.flags and link.name != "lo" and spoken:
            return link.name
    return None


def _in_network(destination: str, address: str) -> bool:
    return ip_address(destination) in ip_interface(address).network
