"""What of a namespace's firewall can drop a packet: nftables over netlink, and whether iptables has tables."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tunlab.kernel.netlink_dump import attributes, dump, text

_NETLINK_NETFILTER = 12
_GET_CHAIN, _GET_RULE = 0xA04, 0xA07  # NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN, NFT_MSG_GETRULE
_ASK_ALL = struct.pack("=BBH", 0, 0, 0)  # struct nfgenmsg: every family
_GENERAL = 4  # bytes of struct nfgenmsg in front of the attributes; the first one is the family

# linux/netfilter/nf_tables.h, linux/netfilter.h
_FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
_HOOKS = ("prerouting", "input", "forward", "output", "postrouting", "ingress")
_NETDEV_HOOKS = ("ingress", "egress")
_NF_DROP = 0
_VERDICT = bytes(4)  # NFT_REG_VERDICT, as an attribute of a register


@dataclass(frozen=True, slots=True)
class Dropper:
    """A rule that drops or rejects, or a chain whose policy is to drop (then `handle` is 0).

    `hook` is where its chain is hooked, empty of a chain that others jump to. `packets` have met the rule's counter so
    far; None where it has none.
    """

    family: str
    table: str
    chain: str
    hook: str
    handle: int
    packets: int | None

    @property
    def identity(self) -> tuple[str, str, str, int]:
        """By which it is known again later."""
        return self.family, self.table, self.chain, self.handle


def droppers() -> tuple[Dropper, ...]:
    """All that can drop in this namespace's nftables; none where the kernel has no nftables."""
    try:
        chains = [dict(attributes(each[_GENERAL:])) | {0: each[:1]} for each in _all(_GET_CHAIN)]
        if not chains:
            return ()
        rules = [dict(attributes(each[_GENERAL:])) | {0: each[:1]} for each in _all(_GET_RULE)]
    except OSError:
        return ()
    hooks = {_chain(each, 3): _hook(each) for each in chains}
    by_policy = [
        Dropper(*_chain(each, 3), _hook(each), 0, None) for each in chains if each.get(5) == struct.pack("!I", _NF_DROP)
    ]
    by_rule = []
    for each in rules:
        drops, packets = _read(each.get(4, b""))
        if drops:
            chain = _chain(each, 2)
            by_rule.append(Dropper(*chain, hooks.get(chain, ""), struct.unpack("!Q", each[3])[0], packets))
    return (*by_rule, *by_policy)


def iptables() -> bool:
    """Whether the older iptables (xtables) has tables in this namespace. Which of its rules would drop is not told."""
    for name in ("ip_tables_names", "ip6_tables_names"):
        try:
            if Path("/proc/thread-self/net", name).read_text().strip():
                return True
        except OSError:  # the kernel has none, or it is not ours to see
            continue
    return False


def _all(kind: int) -> Iterator[bytes]:
    return dump(_NETLINK_NETFILTER, kind, _ASK_ALL)


def _chain(told: dict[int, bytes], name: int) -> tuple[str, str, str]:
    """Family, table (attribute 1 of chains and of rules) and chain."""
    return _FAMILIES.get(told[0][0], str(told[0][0])), text(told[1]), text(told[name])


def _hook(chain: dict[int, bytes]) -> str:
    hook = dict(attributes(chain.get(4, b""))).get(1)  # NFTA_CHAIN_HOOK, NFTA_HOOK_HOOKNUM
    if hook is None:
        return ""
    names = _NETDEV_HOOKS if _FAMILIES.get(chain[0][0]) == "netdev" else _HOOKS
    number = struct.unpack("!I", hook)[0]
    return names[number] if number < len(names) else ""


def _read(expressions: bytes) -> tuple[bool, int | None]:
    """Whether the rule can drop, and how many packets its counter has met: those that met all of its conditions."""
    drops, packets = False, None
    for _, element in attributes(expressions):
        expression = dict(attributes(element))  # NFTA_EXPR_NAME, NFTA_EXPR_DATA
        name, data = text(expression.get(1, b"")), dict(attributes(expression.get(2, b"")))
        if name == "counter":
            packets = struct.unpack("!Q", data[2])[0]
        elif name == "reject":
            drops = True
        elif name == "immediate":
            drops = drops or _verdict(data.get(2, b"")) == _NF_DROP
        elif name != "log":  # a condition: what a counter in front of it has met need not have met it
            packets = None
            drops = drops or (name == "lookup" and data.get(3) == _VERDICT)  # a verdict map, with a drop in it perhaps
    return drops, packets


def _verdict(data: bytes) -> int | None:
    verdict = dict(attributes(data)).get(2)  # NFTA_DATA_VERDICT
    code = dict(attributes(verdict)).get(1) if verdict else None
    return struct.unpack("!i", code)[0] if code else None
