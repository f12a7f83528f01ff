"""How packets get from device to socket and back: one by one, or many at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from socket import socket
from typing import NoReturn

from tunlab.kernel.tuntap import Flags, Tun
from tunlab.tunnel import simple
from tunlab.tunnel.mode import Mode
from tunlab.tunnel.receiving import Receiving
from tunlab.tunnel.sending import Sending


@dataclass(frozen=True, slots=True)
class Path:
    """`outwards` and `inwards` are what the two processes do. `uses` and `lacks`: names of the kernel's offloads.
    `front`: what the device wants before a packet."""

    outwards: Callable[[Sending], NoReturn]
    inwards: Callable[[Receiving], NoReturn]
    uses: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    front: bytes = b""


def device(name: str, path: str) -> Tun:
    """The tun device as that path wants it."""
    return Tun(name, Flags.TUN | Flags.NO_PI | (Flags.VNET_HDR if path == "fast" else Flags(0)))


@contextmanager
def opened(path: str, tun: Tun, wire: socket, mode: Mode) -> Iterator[Path]:
    """`simple` or `fast`. In the block, the kernel's offloads are as the path wants them."""
    if path == "simple":
        yield Path(
            partial(simple.outwards, tun.fd, wire, mode.wrapping),
            partial(simple.inwards, tun.fd, wire, mode.unwrapping),
        )
        return
    # numpy takes its time.
    from tunlab.tunnel.fast.inwards import inwards
    from tunlab.tunnel.fast.offloads import taken_over
    from tunlab.tunnel.fast.outwards import outwards
    from tunlab.tunnel.fast.virtio import NOTHING

    with taken_over(tun, wire) as (has, lacks):
        yield Path(
            partial(outwards, tun.fd, wire, mode.wrapping, segments="UDP_SEGMENT" in has),
            partial(inwards, tun.fd, wire, mode.unwrapping, joins_udp="USO4" in has),
            has,
            lacks,
            NOTHING,
        )
