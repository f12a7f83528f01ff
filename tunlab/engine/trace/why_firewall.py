"""Whether a firewall has dropped the packet: certain where a rule counts, possible where it does not."""

from tunlab.engine.trace.asking import Asking
from tunlab.kernel import firewall
from tunlab.model.trace import Reason

_FAMILIES = {4: ("ip", "inet", "netdev", "bridge"), 6: ("ip6", "inet", "netdev", "bridge")}


def dropped(ask: Asking, version: int, *hooks: str) -> Reason | None:
    """A rule at one of these hooks whose counter has grown since the packet was sent."""
    if ask.before is None:
        return None
    earlier = {rule.identity: rule.packets for rule in ask.before.rules}
    for rule in _relevant(ask, version, hooks):
        if rule.packets is not None and rule.packets > (earlier.get(rule.identity) or 0):
            return Reason(
                "why_firewall_dropped",
                values=(
                    ("node", ask.node),
                    ("rule", str(rule.handle)),
                    ("chain", f"{rule.family} {rule.table} {rule.chain}"),
                ),
            )
    return None


def suspected(ask: Asking, version: int, *hooks: str) -> Reason | None:
    """Something at one of these hooks that may have dropped it: nobody counts there."""
    counting = ask.before is not None
    for rule in _relevant(ask, version, hooks):
        if rule.packets is None or not counting:
            key = "why_firewall_suspected" if rule.handle else "why_firewall_policy"
            return Reason(key, values=(("node", ask.node), ("chain", f"{rule.family} {rule.table} {rule.chain}")))
    if firewall.iptables():
        return Reason("why_firewall_iptables", values=(("node", ask.node),))
    return None


def _relevant(ask: Asking, version: int, hooks: tuple[str, ...]) -> list[firewall.Dropper]:
    """Those of a chain that others jump to may be met at any hook."""
    return [rule for rule in ask.now.rules if rule.family in _FAMILIES[version] and rule.hook in ("", *hooks)]
