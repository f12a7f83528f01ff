"""A packet socket (packet(7)): every packet of a namespace, with the kernel's time stamps and drop counts."""

import socket
import struct
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tunlab.kernel.errno_names import attempting
from tunlab.kernel.socket_filter import ACCEPT, REFUSE, attach

_ETH_P_ALL = 3  # linux/if_ether.h
_SOL_PACKET, _PACKET_STATISTICS = 263, 6  # linux/socket.h, linux/if_packet.h
_SO_TIMESTAMPNS = 35  # asm-generic/socket.h
_PACKET_OTHERHOST, _PACKET_OUTGOING = 3, 4  # linux/if_packet.h
ETHERNET_TYPES = (1, 772)  # linux/if_arp.h: ARPHRD_ETHER and ARPHRD_LOOPBACK; a tun or an ipip device has no header
_SNAP = 65535 + 64  # no packet is longer, offloads included
BUFFER = 4 << 20
_CLOSERS = 32  # threads


@dataclass(frozen=True, slots=True)
class Captured:
    """A packet as the socket saw it: `outgoing` is from the stack to the device; `time_ns` since the epoch.

    `length` is the packet's own where `data` was cut off. With `link_header` it begins with that of Ethernet.
    `for_another`: the frame came in for a MAC that is not the device's, so its stack ignores it.
    """

    device: str
    outgoing: bool
    link_header: bool
    time_ns: int
    data: bytes
    length: int
    for_another: bool = False


class PacketSocket:
    """Captures on all devices of the namespace in which it is opened; a context manager.

    One socket for all sees a device from its first packet on, however it comes into being.
    """

    def __enter__(self) -> "PacketSocket":
        with attempting("socket AF_PACKET"):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self.dropped = 0
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def granted(self) -> int:
        """Bytes of buffer that the kernel granted: at most net.core.rmem_max."""
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)

    def drops(self) -> int:
        """Packets that the kernel dropped because we did not read in time, since the socket was opened."""
        statistics = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)  # reading resets them
        self.dropped += struct.unpack("II", statistics)[1]
        return self.dropped

    def refuse(self) -> None:
        """From here on nothing comes in, which costs the kernel next to nothing."""
        with attempting("setsockopt SO_ATTACH_FILTER"):
            attach(self._socket, REFUSE)

    def accept(self) -> None:
        """Everything comes in again."""
        with attempting("setsockopt SO_ATTACH_FILTER"):
            attach(self._socket, ACCEPT)

    def receive(self) -> Captured | None:
        """The next packet, or None when there is none."""
        try:
            data, ancillary, _, address = self._socket.recvmsg(_SNAP, 64)
        except BlockingIOError:
            return None
        device, _, packet_type, hardware_type, *_ = address
        seconds, nanoseconds = struct.unpack("ll", ancillary[0][2])
        return Captured(
            device=device,
            outgoing=packet_type == _PACKET_OUTGOING,
            link_header=has_ethernet_header(hardware_type),
            time_ns=seconds * 1_000_000_000 + nanoseconds,
            data=data,
            length=len(data),
            for_another=packet_type == _PACKET_OTHERHOST,
        )


def close_all(opened: Collection[PacketSocket]) -> None:
    """All of them at once: each close waits some 10 ms, until no processor uses the socket any more."""
    if opened:
        with ThreadPoolExecutor(min(_CLOSERS, len(opened))) as closers:
            list(closers.map(PacketSocket.close, opened))


def has_ethernet_header(hardware_type: int) -> bool:
    """Whether packets of a device of that type (ARPHRD_) begin with an Ethernet header, or with their IP header."""
    return hardware_type in ETHERNET_TYPES


def endpoint(address: str, port: int, zone: int = 0) -> tuple[str, int] | tuple[str, int, int, int]:
    """What a socket takes; `zone` is the index of the device of a link-local address."""
    return (address, port, 0, zone) if ":" in address else (address, port)


def send_packet(destination: str, packet: bytes, zone: int = 0) -> None:
    """Hand a whole IP packet to the stack of the current namespace, header included (raw(7), IPPROTO_RAW)."""
    family = socket.AF_INET6 if ":" in destination else socket.AF_INET
    with attempting(f"send to {destination}"), socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        raw.sendto(packet, endpoint(destination, 0, zone))
