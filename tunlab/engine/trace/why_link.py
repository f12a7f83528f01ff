"""Why a packet that went out at a device did not come in at the other end."""

from contextlib import suppress
from ipaddress import ip_address

from tunlab.engine.trace.asking import Asking
from tunlab.engine.trace.facts import Facts
from tunlab.engine.trace.why_device import not_usable
from tunlab.errors import KernelError
from tunlab.kernel.link_state import LinkState
from tunlab.model.trace import Reason

_VLAN = 4  # bytes that a frame may always be longer (__is_skb_forwardable() of linux/netdevice.h)


def not_arrived(ask: Asking, facts: Facts, link: LinkState) -> Reason:
    """Of a veth, by its peer; of a VXLAN, by where it would be wrapped for; of other devices nothing is known."""
    here = (("node", ask.node), ("device", link.name))
    if link.kind == "loopback":
        return Reason("why_unknown", ask.place(link.name, "in"), here[:1])
    if link.kind == "veth":
        return _through_pair(ask, facts, link, here)
    if link.kind == "vxlan":
        return _wrapped(ask, facts, link, here)
    return not_usable(ask, link) or Reason("why_leaves", values=(*here, ("kind", link.kind)))


def _through_pair(ask: Asking, facts: Facts, link: LinkState, here: tuple[tuple[str, str], ...]) -> Reason:
    peer = ask.peer(link)
    if peer is None or not peer.node or not peer.device:
        return Reason("why_peer_unseen", values=here)
    expected = f"{peer.node}:{peer.device} in"
    reason = not_usable(ask, link)
    if reason is None:
        values = (*here, ("peer_node", peer.node), ("peer_device", peer.device))
        mtu = ask.mtu(peer)
        if mtu is not None and mtu + _VLAN < facts.size <= link.mtu:
            reason = Reason("why_peer_mtu", values=(*values, ("size", str(facts.size)), ("mtu", str(mtu))))
        else:
            reason = Reason("why_link_lost", values=values)
    return Reason(reason.key, expected, reason.values)


def _wrapped(ask: Asking, facts: Facts, link: LinkState, here: tuple[tuple[str, str], ...]) -> Reason:
    """The forwarding database tells the remote of a MAC; the entry of all zeroes that of all others."""
    entries = {each.mac: each.remote for each in ask.netlink.fdb(link.index) if each.remote}
    remote = entries.get(facts.mac) or entries.get("00:00:00:00:00:00")
    if remote is None:
        return Reason("why_vxlan_no_remote", values=(*here, ("mac", facts.mac)))
    with suppress(KernelError, ValueError):
        route = ask.netlink.route_to(str(ip_address(remote)))
        if route.refused:
            return Reason("why_vxlan_no_route", values=(*here, ("remote", remote)))
        return Reason("why_vxlan_lost", ask.place(route.device, "out"), (*here, ("remote", remote)))
    return Reason("why_unknown", values=here[:1])
