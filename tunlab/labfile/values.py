"""Texts with a meaning to the kernel: names, endpoints, addresses, prefixes and sysctl keys."""

import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from tunlab.labfile.cursor import Value
from tunlab.labfile.problems import shown
from tunlab.model.program import Program
from tunlab.model.topology import Endpoint

_SYSCTL = r"net(\.[A-Za-z0-9_-]+)+"
LAB_ID = r"[a-z0-9][a-z0-9.-]{0,63}"
_LONGEST_DEVICE = 15  # IFNAMSIZ without the NUL at its end


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that a lab's steps may use; of claims any, where its section lists none."""

    nodes: Collection[str]
    programs: Mapping[str, Program]
    claims: Collection[str] | None = None


def lab_id(value: Value) -> str:
    """The name of a lab or section: also a folder's name, so it cannot climb out of one."""
    return _matching(value, LAB_ID, "lab_bad_id")


def slug(value: Value) -> str:
    """The name of a step or check: lower-case letters, digits and hyphens."""
    return _matching(value, r"[a-z0-9-]{1,64}", "lab_bad_slug")


def kernel_release(value: Value) -> str:
    """The first two numbers of a kernel's release."""
    return _matching(value, r"[0-9]{1,2}\.[0-9]{1,3}", "lab_bad_kernel")


def identifier(value: Value) -> str:
    """The key of a mapping as an id: lower-case letters, digits and hyphens."""
    if not re.fullmatch(r"[a-z0-9-]{1,64}", value.name):
        raise value.error("lab_bad_slug", value=shown(value.name))
    return value.name


def claim(value: Value) -> str:
    """The number of a sentence of the textbook, C01 to C99."""
    return _matching(value, r"C(0[1-9]|[1-9][0-9])", "lab_bad_claim")


def is_sysctl(key: str) -> bool:
    """Whether a lab may set this key: under net, since a root sandbox has no user namespace to protect the rest."""
    return re.fullmatch(_SYSCTL, key) is not None


def sysctl_key(value: Value) -> str:
    """A key that a lab may set."""
    return _matching(value, _SYSCTL, "lab_bad_sysctl")


def declared_name(value: Value) -> str:
    """The key of a mapping as the name of a node or program: also a file's name and a host's."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", value.name):
        raise value.error("lab_bad_name", name=shown(value.name))
    return value.name


def device_name(value: Value, name: str | None = None) -> str:
    """A name that the kernel takes for a device: the value's text, unless it is told."""
    return _device(value, value.text() if name is None else name)


def node_name(value: Value, nodes: Collection[str], name: str | None = None) -> str:
    """A node of the topology: the value's text, unless it is told."""
    return _node(value, value.text() if name is None else name, nodes)


def endpoint(value: Value, nodes: Collection[str]) -> Endpoint:
    """`node:device` with a node of the topology."""
    node, device = split_endpoint(value)
    return Endpoint(_node(value, node, nodes), _device(value, device))


def split_endpoint(value: Value) -> tuple[str, str]:
    """`node:device` as its two names, neither of them looked at yet."""
    node, colon, device = value.text().partition(":")
    if not (node and colon and device):
        raise value.error("lab_bad_endpoint", value=shown(value.text()))
    return node, device


def traced_place(value: Value, nodes: Collection[str]) -> str:
    """A place of a packet's path, `h1:eth0 out`."""
    at, _, direction = value.text().partition(" ")
    node, _, device = at.partition(":")
    if not (node and device and direction in ("out", "in")):
        raise value.error("lab_traced_place", value=shown(value.text()))
    return f"{_node(value, node, nodes)}:{_device(value, device)} {direction}"


def header_field(value: Value) -> str:
    """A field of a header, each by the name that scapy gives it: `IP.ttl`."""
    return _matching(value, r"\w+\.\w+", "lab_bad_field")


def program(value: Value, scope: Scope) -> Program:
    """A program of the lab."""
    name = value.text()
    if name not in scope.programs:
        raise value.unknown("lab_unknown_program", name, scope.programs)
    return scope.programs[name]


def address(value: Value) -> str:
    """An IPv4 or IPv6 address alone."""
    text = value.text()
    if not is_address(text):
        raise value.error("lab_bad_address", value=shown(text))
    return text


def is_address(text: str) -> bool:
    """Whether it is an IPv4 or IPv6 address, without a zone."""
    try:
        ipaddress.ip_address(_unscoped(text))
    except ValueError:
        return False
    return True


def interface_address(value: Value) -> str:
    """An address with its prefix length."""
    text = value.text()
    try:
        if not re.fullmatch("[^/]+/[0-9]+", text):
            raise ValueError
        parsed_interface(_unscoped(text))
    except ValueError:
        raise value.error("lab_bad_interface_address", value=shown(text)) from None
    return text


@lru_cache(maxsize=4096)
def parsed_interface(text: str) -> ipaddress.IPv4Interface | ipaddress.IPv6Interface:
    """The address taken apart, once: parsing hundreds of them takes longer than the rest of a file."""
    return ipaddress.ip_interface(text)


def prefix(value: Value) -> str:
    """Where a route leads: `default`, a prefix, or a single address."""
    text = value.text()
    if text == "default":
        return text
    try:
        if not re.fullmatch("[^/]+(/[0-9]+)?", text):
            raise ValueError
        network = ipaddress.ip_network(_unscoped(text), strict=False)
    except ValueError:
        raise value.error("lab_bad_prefix", value=shown(text)) from None
    if ipaddress.ip_interface(text).ip != network.network_address:
        raise value.error("lab_host_bits", value=text, meant=network)
    return text


def _matching(value: Value, pattern: str, error: str) -> str:
    text = value.text()
    if not re.fullmatch(pattern, text):
        raise value.error(error, value=shown(text))
    return text


def _node(value: Value, name: str, nodes: Collection[str]) -> str:
    if name not in nodes:
        raise value.unknown("lab_unknown_node", name, nodes)
    return name


def _device(value: Value, name: str) -> str:
    # dev_valid_name() of the kernel; a % would make it choose a number of its own.
    wrong = not name.isprintable() or name in ("", ".", "..") or re.search(r"[\s/:%]", name)
    if wrong or len(name.encode()) > _LONGEST_DEVICE:
        raise value.error("lab_bad_device", name=shown(name))
    return name


def _unscoped(text: str) -> str:
    """The text, unless it has a zone (fe80::1%eth0), which belongs to no address that a verb sets."""
    if "%" in text:
        raise ValueError
    return text
