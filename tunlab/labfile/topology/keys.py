"""The keys of a topology, by where they stand, and those of containerlab's that mean nothing here."""

from collections.abc import Mapping

from tunlab.labfile.cursor import Value, is_empty
from tunlab.labfile.problems import shown

FILE = ("name", "topology")
TOPOLOGY = ("nodes", "links", "defaults", "kinds")
KIND = ("env", "exec", "sysctl", "devices")  # of `kinds`
NODE = ("kind", *KIND)  # of a node, and of `defaults`
INTERFACE = ("mtu", "mac", "ipv4", "ipv6", "master", "state")
ENDPOINT = ("node", "interface", *INTERFACE)
LINK = ("endpoints", "type", "mtu", "ipv4", "ipv6", "rate", "netem")
NETEM = ("delay", "jitter", "loss", "duplicate", "reorder", "corrupt", "limit")
PROGRAM = ("module", "arguments", "words", "ready")
PEER = ("public_key", "allowed_ips", "endpoint", "keepalive")

TUN = ("program", "persistent", "packet_information", "multi_queue", "vnet_header", "owner")
DEVICES: Mapping[str, tuple[str, ...]] = {
    "tun": TUN,
    "tap": TUN,
    "bridge": ("stp", "vlan_filtering"),
    "vxlan": ("id", "remote", "group", "local", "port", "dev"),
    "macvlan": ("link", "mode"),
    "ipvlan": ("link", "mode"),
    "vlan": ("link", "id"),
    "dummy": (),
    "ipip": ("remote", "local", "ttl", "dev"),
    "gre": ("remote", "local", "ttl", "key", "dev"),
    "wireguard": ("private_key", "port", "peers"),
}

# Of clab.schema.json: they are about containers and images, about the machine's own network, or about drawings.
_FOREIGN_FILE = ("prefix", "mgmt", "settings", "debug")
_FOREIGN_TOPOLOGY = ("groups",)
_FOREIGN_NODE = (
    "aliases", "auto-remove", "binds", "cap-add", "certificate", "cgroup-parent", "cgroupns-mode", "cmd", "components",
    "config", "cpu", "cpu-set", "credentials", "dns", "enforce-startup-config", "entrypoint", "env-files", "extras",
    "group", "healthcheck", "hostname", "image", "image-pull-policy", "labels", "license", "link-apply-mode", "memory",
    "mgmt-ipv4", "mgmt-ipv6", "network-mode", "pid-mode", "ports", "position", "privileged", "publish",
    "restart-policy", "runtime", "security-opts", "shm-size", "stages", "startup-config", "startup-delay",
    "suppress-startup-config", "tmpfs", "type", "user", "volumes",
)  # fmt: skip
_FOREIGN_LINK = ("endpoint", "host-interface", "labels", "mode", "remote", "vars", "vni", "dst-port", "src-port")
_FOREIGN = {FILE: _FOREIGN_FILE, TOPOLOGY: _FOREIGN_TOPOLOGY, NODE: _FOREIGN_NODE, KIND: _FOREIGN_NODE}
_FOREIGN |= {LINK: _FOREIGN_LINK, ENDPOINT: ("vars",)}


def fields(value: Value, keys: tuple[str, ...], *required: str) -> dict[str, Value]:
    """The values of a mapping with these keys only. One without a required key may hold nothing at all."""
    if not required and is_empty(value):
        return {}
    for name, each in value.entries().items():
        if name in _FOREIGN.get(keys, ()):
            raise each.error("topology_foreign", name=shown(name))
    return value.fields(required, [key for key in keys if key not in required])
