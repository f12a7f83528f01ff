"""Sends a probe from a node: with an address of the kernel's choice, from a port that is nobody else's meanwhile."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tunlab.errors import KernelError
from tunlab.kernel.errno_names import attempting
from tunlab.kernel.packet_socket import endpoint, send_packet
from tunlab.model.trace import Probe

_NUMBERS = {"icmp": {4: 1, 6: 58}, "udp": {4: 17, 6: 17}, "tcp": {4: 6, 6: 6}}
_HEADER = {4: 20, 6: 40}
_IP_MTU_DISCOVER, _IP_PMTUDISC_DONT = 10, 0  # linux/in.h
_IPV6_MTU_DISCOVER = 23  # linux/in6.h


def source_for(destination: str, zone: int = 0) -> tuple[str, int | None]:
    """The address from which the current namespace would send there, and None; or no address, and the errno.

    A UDP socket that is connected has asked for the route and sent nothing (connect(2)).
    """
    family = _family(destination)
    with attempting("socket"), socket.socket(family, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(endpoint(destination, 9, zone))  # any port
        except OSError as error:
            return ("::" if family == socket.AF_INET6 else "0.0.0.0"), error.errno
        return str(asking.getsockname()[0]).partition("%")[0], None


@contextmanager
def own_port(protocol: str, source: str, zone: int = 0) -> Iterator[int]:
    """A source port for the block, held so that the kernel does not answer for it; of an echo, an identifier."""
    if protocol == "icmp":
        yield int.from_bytes(os.urandom(2)) or 1
        return
    kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
    with attempting("bind"), socket.socket(_family(source), kind) as held:
        held.bind(endpoint(source, 0, zone))
        yield int(held.getsockname()[1])


def send_probe(probe: Probe, packet: bytes, zone: int = 0) -> int | None:
    """Hand it, as a whole IP packet, to the stack of the current namespace; the errno where it refuses.

    One that is longer than the first link's MTU is not taken with its header (raw(7)): the kernel makes it anew then,
    and breaks it into fragments, unless it must not.
    """
    try:
        send_packet(probe.destination, packet, zone)
    except KernelError as error:
        number = int(getattr(errno, error.errno_name, errno.EINVAL))
        if number == errno.EMSGSIZE and not probe.df:
            return _sent_in_fragments(probe, packet, zone)
        return number
    return None


def _sent_in_fragments(probe: Probe, packet: bytes, zone: int) -> int | None:
    version = 6 if ":" in probe.destination else 4
    with (
        attempting("socket SOCK_RAW"),
        socket.socket(_family(probe.destination), socket.SOCK_RAW, _NUMBERS[probe.protocol][version]) as raw,
    ):
        try:
            raw.bind(endpoint(probe.source, 0, zone))
            if version == 4:
                raw.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, probe.ttl)
                raw.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_DONT)
            else:
                raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, probe.ttl)
                raw.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _IP_PMTUDISC_DONT)
            raw.sendto(packet[_HEADER[version] :], endpoint(probe.destination, 0, zone))
        except OSError as error:
            return error.errno
    return None


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
