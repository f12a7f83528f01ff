"""An expression of pcap-filter(7) becomes a program for the kernel, by libpcap."""

import os
import re

from tunlab.errors import Status, TunlabError
from tunlab.kernel.packet_socket import ETHERNET_TYPES
from tunlab.kernel.socket_filter import MOST_INSTRUCTIONS, REFUSE, by_link_header, length, whole_packets
from tunlab.model.packet import LinkType
from tunlab.packet.scapy_loader import load_scapy

_LONGEST = 4096  # characters; libpcap's time grows faster than the expression
_VLAN = re.compile(r"\bvlan\b")
# resolv.conf(5): names are asked for once, and for a second; a lab's network seldom has who would answer.
_IMPATIENT = "timeout:1 attempts:1"


def load_libpcap() -> None:
    """Load scapy and libpcap, which takes 0.3 s; to be done before a sandbox is joined, where files may be others.

    Raises TunlabError where there is no libpcap.
    """
    load_scapy()
    try:
        import scapy.libs.winpcapy  # noqa: F401
    except OSError as error:
        raise TunlabError("filter_no_libpcap") from error


def compile_filter(expression: str, link: LinkType) -> bytes:
    """The program (struct sock_filter) that lets such packets through; an empty expression lets all through: b"".

    Names of hosts are looked up where the process is: in the sandbox's own namespace /etc/hosts has the nodes, and DNS
    fails at once. Raises TunlabError with libpcap's words where it does not understand.
    """
    if not expression.strip():
        return b""
    if len(expression) > _LONGEST:
        raise TunlabError("filter_long", Status.USAGE, most=_LONGEST)
    if not expression.isascii() or not expression.isprintable():
        raise TunlabError("filter_characters", Status.USAGE, expression=ascii(expression))
    if _VLAN.search(expression):
        raise TunlabError("filter_vlan", Status.USAGE, expression=expression)
    load_libpcap()
    program = whole_packets(_compiled(expression, link))
    if length(program) > MOST_INSTRUCTIONS:
        raise TunlabError("filter_long", Status.USAGE, most=_LONGEST)
    return program


def compile_for_all(expression: str) -> bytes:
    """The program for devices of every kind: one for those with an Ethernet header, one for those without.

    Where an expression has a meaning for one of them only, such as `ether host`, the others' packets are left out.
    """
    ethernet, ethernet_error = _attempt(expression, LinkType.ETHERNET)
    raw, raw_error = _attempt(expression, LinkType.RAW)
    if ethernet_error and raw_error:
        raise ethernet_error
    if not ethernet and not raw:
        return b""
    program = by_link_header(ETHERNET_TYPES, ethernet or REFUSE, raw or REFUSE)
    if length(program) > MOST_INSTRUCTIONS:
        raise TunlabError("filter_long", Status.USAGE, most=_LONGEST)
    return program


def _attempt(expression: str, link: LinkType) -> tuple[bytes, TunlabError | None]:
    try:
        return compile_filter(expression, link), None
    except TunlabError as error:
        if error.key != "filter_bad":
            raise
        return b"", error


def _compiled(expression: str, link: LinkType) -> bytes:
    from ctypes import string_at

    from scapy.arch.common import compile_filter, free_filter
    from scapy.error import Scapy_Exception

    before = os.environ.get("RES_OPTIONS")
    os.environ["RES_OPTIONS"] = _IMPATIENT
    try:
        program = compile_filter(expression, linktype=int(link))
    except Scapy_Exception as error:
        said = str(error).removeprefix(f"Failed to compile filter expression {expression!r} (").removesuffix(")")
        raise TunlabError("filter_bad", Status.USAGE, expression=expression, said=said) from error
    finally:
        if before is None:
            del os.environ["RES_OPTIONS"]
        else:
            os.environ["RES_OPTIONS"] = before
    try:
        return string_at(program.bf_insns, program.bf_len * 8)
    finally:
        free_filter(program)
