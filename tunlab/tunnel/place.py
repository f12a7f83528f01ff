"""Where an end of the tunnel is on the underlay: `ADDRESS:PORT`, or `[ADDRESS]:PORT` for IPv6."""

import re
import socket
from dataclasses import dataclass
from typing import Any

from tunlab.errors import Status, TunlabError

_WRITTEN = re.compile(r"(?:\[(?P<six>[^\[\]]+)\]|(?P<four>[^\[\]:]+)):(?P<port>\d{1,5})")


@dataclass(frozen=True, slots=True)
class Place:
    """A socket address as bind(2) and connect(2) take it; `text` is how it was written."""

    text: str
    family: socket.AddressFamily
    sockaddr: tuple[Any, ...]


def read_place(text: str, option: str) -> Place:
    """Raises TunlabError, which names the option, for what is no numeric address with a port from 1 on."""
    found = _WRITTEN.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise TunlabError("tunnel_bad_place", Status.USAGE, option=option, text=text)
    family = socket.AF_INET6 if found["six"] else socket.AF_INET
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    try:
        answer = socket.getaddrinfo(
            found["six"] or found["four"], found["port"], family, socket.SOCK_DGRAM, flags=numeric
        )
    except (OSError, UnicodeError) as error:  # gaierror is an OSError
        raise TunlabError("tunnel_bad_place", Status.USAGE, option=option, text=text) from error
    return Place(text, family, answer[0][4])
