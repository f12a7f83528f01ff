"""Why a packet that came in at a bridge's port, or went out at the bridge, came out of no port."""

from tunlab.engine.trace import why_firewall
from tunlab.engine.trace.asking import Asking
from tunlab.engine.trace.facts import Facts
from tunlab.engine.trace.why_device import not_usable
from tunlab.kernel.link_info import data_of
from tunlab.kernel.link_state import LinkState
from tunlab.model.device import BridgePort, FdbEntry
from tunlab.model.trace import Reason

_Values = tuple[tuple[str, str], ...]


def not_switched(ask: Asking, facts: Facts, bridge: LinkState, port: str) -> Reason:
    """`port`: where it came in, or empty where the node itself sends it through the bridge."""
    ports = {each.device: each for each in ask.netlink.ports(bridge.index)}
    here = (("node", ask.node), ("bridge", bridge.name))
    if "UP" not in bridge.flags:
        return Reason("why_device_down", values=(("node", ask.node), ("device", bridge.name)))
    if port in ports and ports[port].state != "forwarding":
        return Reason("why_port_state", values=(*here, ("port", port), ("state", ports[port].state)))
    entry = _known(ask, bridge, facts.mac)
    if port and (facts.mac == bridge.address or _is_own(ask, entry)):
        return _to_node(ask, facts, bridge, here)
    if entry is not None and entry.port in ports:
        return _to_port(ask, facts, bridge, ports[entry.port], port, here)
    others = [each for name, each in ports.items() if name != port]
    if not others:
        return Reason("why_no_other_port", values=here)
    if reason := why_firewall.dropped(ask, facts.version, "ingress", "prerouting", "forward", "postrouting"):
        return reason
    if len(others) == 1:
        return _to_port(ask, facts, bridge, others[0], port, here)
    return why_firewall.suspected(ask, facts.version, "forward") or _perhaps(ask, bridge, here)


def _to_node(ask: Asking, facts: Facts, bridge: LinkState, here: _Values) -> Reason:
    """A frame for the bridge's own MAC, or a port's, goes up to the node."""
    hooks = ("ingress", "prerouting", "input")
    reason = why_firewall.dropped(ask, facts.version, *hooks) or why_firewall.suspected(ask, facts.version, *hooks)
    reason = reason or _perhaps(ask, bridge, here)
    return Reason(reason.key, ask.place(bridge.name, "in"), reason.values)


def _is_own(ask: Asking, entry: FdbEntry | None) -> bool:
    if entry is None or entry.state != "permanent" or entry.port is None:
        return False
    link = ask.netlink.link(entry.port)
    return link is not None and link.address == entry.mac


def _perhaps(ask: Asking, bridge: LinkState, here: _Values) -> Reason:
    """Which VLANs a port takes the kernel tells, but not which of them the frame would have had to be of."""
    message = ask.netlink.message(bridge.name)
    filters = message is not None and bool(data_of(message).get("br_vlan_filtering"))
    return Reason("why_vlan_filtering" if filters else "why_unknown_bridge", values=here)


def _known(ask: Asking, bridge: LinkState, mac: str) -> FdbEntry | None:
    return next((each for each in ask.netlink.fdb(bridge.index) if each.mac == mac and not each.remote), None)


def _to_port(ask: Asking, facts: Facts, bridge: LinkState, to: BridgePort, came: str, here: _Values) -> Reason:
    if to.device == came:
        return Reason("why_hairpin", values=(*here, ("port", came), ("mac", facts.mac)))
    expected = ask.place(to.device, "out")
    link = ask.netlink.link(to.device)
    reason = not_usable(ask, link) if link else None
    if reason is None and to.state != "forwarding":
        reason = Reason("why_port_state", values=(*here, ("port", to.device), ("state", to.state)))
    if reason is None and link is not None and facts.size > link.mtu:
        values = (*here, ("port", to.device), ("size", str(facts.size)), ("mtu", str(link.mtu)))
        reason = Reason("why_bridge_too_big", values=values)
    if reason is None and link is not None and (qdisc := ask.dropping_qdisc(link)):
        values = (("node", ask.node), ("device", link.name), ("kind", qdisc.kind))
        reason = Reason("why_queue_dropped", values=values)
    reason = reason or why_firewall.dropped(ask, facts.version, "forward", "postrouting")
    reason = reason or why_firewall.suspected(ask, facts.version, "forward", "postrouting")
    reason = reason or _perhaps(ask, bridge, here)
    return Reason(reason.key, expected, reason.values)
