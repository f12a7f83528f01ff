"""Why a packet that the kernel has routed to a device was not seen leaving through it."""

from tunlab.engine.trace import why_firewall
from tunlab.engine.trace.asking import Asking
from tunlab.engine.trace.facts import Facts
from tunlab.engine.trace.neighbourhood import Neighbourhood
from tunlab.kernel.link_state import LinkState
from tunlab.kernel.route_lookup import Route
from tunlab.model.trace import Reason

_TUNS = ("tun", "tap")


def not_out(ask: Asking, facts: Facts, route: Route, *hooks: str) -> Reason:
    """The reason; `hooks` of the firewall are those that it had still to pass."""
    reason = certain(ask, facts, route, *hooks) or why_firewall.suspected(ask, facts.version, *hooks)
    reason = reason or Reason("why_unknown", values=(("node", ask.node),))
    return Reason(reason.key, ask.place(route.device, "out"), reason.values)


def certain(ask: Asking, facts: Facts, route: Route, *hooks: str) -> Reason | None:
    """The same, but nothing that is only possible."""
    link = ask.netlink.link(route.device)
    if link is None:  # it has gone since
        return Reason("why_unknown", values=(("node", ask.node),))
    counted = why_firewall.dropped(ask, facts.version, *hooks)
    reason = not_usable(ask, link) or _too_big(ask, facts, route, link) or counted
    return reason or _unresolved(ask, facts, route, link) or _queue(ask, link)


def not_usable(ask: Asking, link: LinkState) -> Reason | None:
    """Whether the device carries nothing: it is down, or there is nothing at its other end."""
    here = (("node", ask.node), ("device", link.name))
    if "UP" not in link.flags:
        return Reason("why_device_down", values=here)
    if "NO-CARRIER" not in link.flags:
        return None
    if link.kind in _TUNS:
        return Reason("why_no_program", values=here)
    peer = ask.peer(link)
    if peer is not None and peer.node and peer.device:
        return Reason("why_peer_down", values=(*here, ("peer_node", peer.node), ("peer_device", peer.device)))
    return Reason("why_no_carrier", values=here)


def _too_big(ask: Asking, facts: Facts, route: Route, link: LinkState) -> Reason | None:
    mtu = min(link.mtu, route.mtu or link.mtu)
    if facts.fragmentable or facts.size <= mtu:
        return None
    values = (("node", ask.node), ("device", link.name), ("size", str(facts.size)), ("mtu", str(mtu)))
    return Reason("why_too_big" if facts.version == 4 else "why_too_big6", values=values)


def _unresolved(ask: Asking, facts: Facts, route: Route, link: LinkState) -> Reason | None:
    neighbour = route.gateway or facts.destination
    if not ask.netlink.unresolved(neighbour, link.index):
        return None
    others = Neighbourhood(ask, facts.version)
    if owner := others.down(neighbour):
        return Reason("why_device_down", values=(("node", owner.node), ("device", owner.device)))
    values = (("node", ask.node), ("device", link.name), ("neighbour", neighbour))
    if ":" in neighbour:
        return Reason("why_no_neighbour6", values=values)
    if not route.gateway:
        return Reason("why_no_neighbour", values=values)
    more = (*values, ("to", facts.destination))
    written = [each.to for each in ask.netlink.routes(link.index) if each.via == neighbour]
    right = "" if others.owned(neighbour) else others.gateway(facts.destination, link.name)
    if right and len(written) == 1:
        return Reason("why_wrong_gateway", values=(*more, ("network", written[0]), ("gateway", right)))
    return Reason("why_no_gateway", values=more)


def _queue(ask: Asking, link: LinkState) -> Reason | None:
    here = (("node", ask.node), ("device", link.name))
    if qdisc := ask.holding_qdisc(link):
        return Reason("why_queue_holds", values=(*here, ("kind", qdisc.kind), ("count", str(qdisc.waiting))))
    if qdisc := ask.dropping_qdisc(link):
        return Reason("why_queue_dropped", values=(*here, ("kind", qdisc.kind)))
    return None
