"""Sends a probe from a node: with an address of the kernel's choice, from a port that is nobody else's meanwhile."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tunlab.errors import KernelError
from tunlab.kernel.errno_names import attempting
from tunlab.kernel.packet_socket import send_packet

_NUMBERS = {"icmp": {4: 1, 6: 58}, "udp": {4: 17, 6: 17}, "tcp": {4: 6, 6: 6}}
_HEADER = {4: 20, 6: 40}
_IP_MTU_DISCOVER, _IP_PMTUDISC_DONT = 10, 0  # linux/in.h
_IPV6_MTU_DISCOVER = 23  # linux/in6.h


def source_for(destination: str) -> tuple[str, int | None]:
    """The address from which the current namespace would send there, and None; or no address, and the errno.

    A UDP socket that is connected has asked for the route and sent nothing (connect(2)).
    """
    family = _family(destination)
    with attempting("socket"), socket.socket(family, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((destination, 9))  # any port
        except OSError as error:
            return ("::" if family == socket.AF_INET6 else "0.0.0.0"), error.errno
        return str(asking.getsockname()[0]).partition("%")[0], None


@contextmanager
def own_port(protocol: str, source: str) -> Iterator[int]:
    """A source port for the block, held so that the kernel does not answer for it; of an echo, an identifier."""
    if protocol == "icmp":
        yield int.from_bytes(os.urandom(2)) or 1
        return
    kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
    with attempting("bind"), socket.socket(_family(source), kind) as held:
        held.bind((source, 0))
        yield int(held.getsockname()[1])


def send_probe(protocol: str, source: str, destination: str, ttl: int, packet: bytes) -> int | None:
    """Hand a whole IP packet to the stack of the current namespace; the errno where it refuses.

    One that is longer than the first link's MTU is not taken with its header (raw(7)): the kernel makes it anew then,
    and breaks it into fragments.
    """
    try:
        send_packet(destination, packet)
    except KernelError as error:
        number = int(getattr(errno, error.errno_name, errno.EINVAL))
        if number == errno.EMSGSIZE:
            return _sent_in_fragments(protocol, source, destination, ttl, packet)
        return number
    return None


def _sent_in_fragments(protocol: str, source: str, destination: str, ttl: int, packet: bytes) -> int | None:
    version = 6 if ":" in destination else 4
    with (
        attempting("socket SOCK_RAW"),
        socket.socket(_family(destination), socket.SOCK_RAW, _NUMBERS[protocol][version]) as raw,
    ):
        try:
            raw.bind((source, 0))
            if version == 4:
                raw.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
                raw.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_DONT)
            else:
                raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
                raw.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _IP_PMTUDISC_DONT)
            raw.sendto(packet[_HEADER[version] :], (destination, 0))
        except OSError as error:
            return error.errno
    return None


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
