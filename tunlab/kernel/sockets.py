"""Who waits for a packet at a port: /proc/net/udp and its kind, and the processes behind (proc_pid_net(5))."""

import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LISTENING = "0A"  # TCP_LISTEN in net/tcp_states.h
_ANY = ("0.0.0.0", "::")  # of IPv4, and of both


@dataclass(frozen=True, slots=True)
class Waiting:
    """A socket bound to the port; `unread` are the bytes (UDP) or connections (TCP) that nobody has taken yet.

    `peer` is the address and the port that it is connected to, None where it hears everybody.
    """

    address: str
    peer: tuple[str, int] | None
    inode: int
    unread: int


def waiting(protocol: str, address: str, port: int, source: str, source_port: int) -> Waiting | None:
    """The socket of this namespace that gets what comes to that address and port from that source, or None.

    `protocol`: udp or tcp. One that is connected to the source comes before one that hears everybody
    (compute_score() of net/ipv4/udp.c). One bound to `::` counts for IPv4 too, as it is one without IPV6_V6ONLY.
    """
    old = ":" not in address
    taking = (address, f"::ffff:{address}", *_ANY) if old else (address, "::")
    found = [
        each
        for name in ((protocol, f"{protocol}6") if old else (f"{protocol}6",))
        for each in _sockets(name, port, listening=protocol == "tcp")
        if each.address in taking and each.peer in (None, (source, source_port), (f"::ffff:{source}", source_port))
    ]
    return max(found, key=lambda each: (each.peer is not None, each.address not in _ANY), default=None)


def owner(inode: int) -> tuple[int, str] | None:
    """The pid and the command of a process that has that socket open, as far as we may see."""
    wanted = f"socket:[{inode}]"
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal():
            continue
        with suppress(OSError):  # it ended, or it is not ours to see
            if any(str(fd.readlink()) == wanted for fd in (process / "fd").iterdir()):
                return int(process.name), _command(process)
    return None


def _sockets(name: str, port: int, *, listening: bool) -> list[Waiting]:
    found = []
    with suppress(OSError):  # without IPv6 there is no udp6
        for line in Path("/proc/thread-self/net", name).read_text().splitlines()[1:]:
            columns = line.split()
            address, _, number = columns[1].partition(":")
            if int(number, 16) == port and (not listening or columns[3] == _LISTENING):
                unread = int(columns[4].partition(":")[2], 16)
                far, _, far_port = columns[2].partition(":")
                peer = (_address(far), int(far_port, 16)) if int(far_port, 16) else None
                found.append(Waiting(_address(address), peer, int(columns[9]), unread))
    return found


def _address(hexadecimal: str) -> str:
    """Words of 4 bytes, each written as this machine counts."""
    words = [int(hexadecimal[at : at + 8], 16) for at in range(0, len(hexadecimal), 8)]
    return socket.inet_ntop(
        socket.AF_INET if len(words) == 1 else socket.AF_INET6, b"".join(struct.pack("=I", word) for word in words)
    )


def _command(process: Path) -> str:
    words = (process / "cmdline").read_bytes().split(b"\0")
    return b" ".join(word for word in words if word).decode(errors="replace")
