"""Why a packet went no further than where it was last seen: the kernel is asked there, live."""

from collections.abc import Mapping
from dataclasses import replace

from tunlab.engine.trace import why_bridge, why_delivered, why_firewall, why_forwarded, why_link, why_program, why_sent
from tunlab.engine.trace.asking import Asking
from tunlab.engine.trace.counts import Counts
from tunlab.engine.trace.facts import Facts, facts_of
from tunlab.engine.trace.last_seen import LastSeen
from tunlab.engine.trace.neighbourhood import Neighbourhood
from tunlab.kernel.conntrack import Flow, translated
from tunlab.kernel.link_state import LinkState
from tunlab.model.trace import Reason


def why(last: LastSeen, nodes: Mapping[str, int], before: Counts | None = None) -> Reason:
    """The reason, as far as the kernel tells one.

    `nodes` are descriptors of the namespaces by name, `before` is what was counted before the packet was sent; without
    it a drop of long ago may be taken for this one. Raises KernelError where the node's namespace cannot be entered.
    """
    facts = facts_of(last.data, last.link)
    if facts is None or last.node not in nodes:
        return Reason("why_unknown", values=(("node", last.node),))
    with Asking(last.node, nodes, before) as ask:
        if not last.device:
            return why_sent.not_sent(ask, facts, last.refused)
        link = ask.netlink.link(last.device)
        if link is None:
            return Reason("why_device_gone", values=(("node", last.node), ("device", last.device)))
        if last.to_nobody:
            if owner := Neighbourhood(ask, facts.version).down(facts.destination):
                return Reason("why_device_down", values=(("node", owner.node), ("device", owner.device)))
            return Reason("why_flooded", values=(("node", last.node), ("mac", facts.mac)))
        if last.direction == "out":
            return _beyond(ask, facts, last, link)
        return _inside(ask, facts, link, last.came_back)


def _beyond(ask: Asking, facts: Facts, last: LastSeen, link: LinkState) -> Reason:
    if link.kind in ("tun", "tap"):
        return why_program.not_passed_on(ask, last, link)
    if link.kind == "bridge":
        return why_bridge.not_switched(ask, facts, link, "")
    return why_link.not_arrived(ask, facts, link)


def _inside(ask: Asking, facts: Facts, link: LinkState, came_back: bool) -> Reason:
    bridge = _bridge_of(ask, link)
    if bridge is not None:
        return why_bridge.not_switched(ask, facts, bridge, link.name)
    if link.kind != "bridge" and _for_another(facts, link):
        values = (("node", ask.node), ("device", link.name), ("mac", facts.mac), ("own", link.address))
        return Reason("why_other_mac", values=values)
    if facts.version == 4 and ask.grown("IpExtInCsumErrors"):
        return Reason("why_checksum", values=(("node", ask.node), ("protocol", "IP")))
    facts = _translated(facts)
    route = ask.netlink.route_to(facts.destination, facts.source, link.name)
    if counted := why_firewall.dropped(ask, facts.version, "ingress", "prerouting"):  # before the routes are looked at
        return replace(counted, expected=ask.place(route.device, "out") if route.kind == "unicast" else "")
    if route.refused:
        return why_forwarded.not_accepted(ask, facts, link.name, route)
    if route.kind in ("local", "broadcast", "anycast", "multicast"):
        return why_delivered.not_answered(ask, facts, came_back)
    return why_forwarded.not_forwarded(ask, facts, link.name, route)


def _translated(facts: Facts) -> Facts:
    """With the destination that NAT gives it before the kernel looks for its route."""
    found = translated(Flow(facts.protocol, facts.source, facts.destination, facts.source_port, facts.port))
    return facts if found is None else replace(facts, destination=found[0], port=found[1])


def _for_another(facts: Facts, link: LinkState) -> bool:
    """Whether the frame's MAC is another device's: the stack drops such a one (PACKET_OTHERHOST)."""
    several = bool(facts.mac) and int(facts.mac[:2], 16) & 1
    return bool(facts.mac and link.address) and link.kind != "loopback" and not several and facts.mac != link.address


def _bridge_of(ask: Asking, link: LinkState) -> LinkState | None:
    message = ask.netlink.message(link.name)
    master = message.get("master") if message is not None else None
    name = ask.netlink.name_of(int(master)) if master else None
    above = ask.netlink.link(name) if name else None
    return above if above is not None and above.kind == "bridge" else None
