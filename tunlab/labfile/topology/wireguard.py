"""A wireguard device and its peers, with the words of wg(8)."""

import re
from collections.abc import Mapping

from tunlab.labfile.cursor import Value, if_there, one_or_more
from tunlab.labfile.problems import shown
from tunlab.labfile.topology import keys
from tunlab.labfile.topology.scalars import wireguard_key
from tunlab.labfile.values import is_address, prefix
from tunlab.model.interface import Interface
from tunlab.model.node_devices import WireguardDevice, WireguardPeer

_KEEPALIVE_MOST = 65535


def read_wireguard(value: Value, fields: Mapping[str, Value], interface: Interface, _node: str) -> WireguardDevice:
    """The device with its key, port and peers."""
    peers = fields["peers"].items() if "peers" in fields else ()
    return WireguardDevice(
        value.name,
        interface,
        if_there(fields.get("private_key"), wireguard_key),
        if_there(fields.get("port"), lambda port: port.integer(1, 65535)),
        tuple(_peer(peer) for peer in peers),
    )


def _peer(value: Value) -> WireguardPeer:
    fields = keys.fields(value, keys.PEER, "public_key", "allowed_ips")
    return WireguardPeer(
        wireguard_key(fields["public_key"]),
        tuple(_allowed(item) for item in one_or_more(fields["allowed_ips"])),
        if_there(fields.get("endpoint"), _endpoint),
        if_there(fields.get("keepalive"), lambda seconds: seconds.integer(1, _KEEPALIVE_MOST)),
    )


def _allowed(value: Value) -> str:
    if value.text() == "default":
        raise value.error("topology_default_prefix")
    return prefix(value)


def _endpoint(value: Value) -> str:
    """ADDRESS:PORT, an IPv6 address in brackets; no name, which nobody would look up in a node."""
    text = value.text()
    found = re.fullmatch(r"(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})", text)
    if not found or not is_address(found[1] or found[2]) or not 0 < int(found[3]) < 65536:
        raise value.error("topology_bad_peer", value=shown(text))
    return text
