"""Which kinds of virtual device this kernel has (ip-link(8)), found out by making one."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tunlab.kernel.errno_names import attempting
from tunlab.kernel.namespaces import NetworkNamespace

_ENDS = ("192.0.2.1", "192.0.2.2")
_BELOW = "below"  # the device that a macvlan, an ipvlan or a vlan lies on

KINDS: Mapping[str, Mapping[str, Any]] = {
    "vlan": {"vlan_id": 1, _BELOW: True},
    "macvlan": {"macvlan_mode": "bridge", _BELOW: True},
    "ipvlan": {_BELOW: True},
    "dummy": {},
    "ipip": {"ipip_local": _ENDS[0], "ipip_remote": _ENDS[1]},
    "gre": {"gre_local": _ENDS[0], "gre_remote": _ENDS[1]},
    "vxlan": {"vxlan_id": 1},
    "wireguard": {},
}
# Loading the modules of these puts a device of theirs on the host: dummy0, tunl0, gre0.
_SHOWS_ON_HOST = ("dummy", "ipip", "gre")


def make(kind: str) -> None:
    """Make a device of that kind in a network namespace of its own. Raises KernelError: EOPNOTSUPP, there is none."""
    from pyroute2 import IPRoute
    from pyroute2.netlink.exceptions import NetlinkError

    options = dict(KINDS[kind])
    with attempting(f"ip link add type {kind}"), NetworkNamespace("kinds") as node:
        with node.entered():
            route = IPRoute()
        try:
            if options.pop(_BELOW, False):
                route.link("add", ifname="eth0", kind="veth", peer={"ifname": "eth1"})
                options["link"] = route.link_lookup(ifname="eth0")[0]
            route.link("add", ifname="new0", kind=kind, **options)
        except NetlinkError as error:  # carries the errno, but is no OSError
            raise OSError(error.code, os.strerror(error.code)) from error
        finally:
            route.close()


def module_to_load(kind: str) -> str | None:
    """The module that making the first device of that kind would load, if that puts a device on the host too."""
    if kind not in _SHOWS_ON_HOST:
        return None
    modules = Path("/lib/modules", os.uname().release)
    try:
        aliases = (modules / "modules.alias").read_text().splitlines()
    except OSError:
        return None
    for line in aliases:
        match line.split():
            case ["alias", alias, module] if alias == f"rtnl-link-{kind}":
                return None if Path("/sys/module", module).exists() else module
    return None
