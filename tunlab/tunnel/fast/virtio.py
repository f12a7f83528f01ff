"""The header in front of a packet at a tun device with IFF_VNET_HDR: struct virtio_net_hdr of linux/virtio_net.h."""

import struct
from typing import NamedTuple

from tunlab.tunnel.fast.shape import TCP, UDP

LENGTH = 10  # bytes, in the host's byte order
NEEDS_CSUM = 1  # flags: the checksum's field holds the pseudo-header's sum only
GSO_NONE, GSO_TCPV4, GSO_UDP, GSO_TCPV6, GSO_UDP_L4 = 0, 1, 3, 4, 5
_GSO_ECN = 0x80
_OF_UDP = 6  # where UDP's header has its checksum
_FIELDS = struct.Struct("=BBHHHH")
NOTHING = bytes(LENGTH)  # of a packet that is just a packet


class Virtio(NamedTuple):
    """`size`: bytes of payload in each packet that is to be made of this one. `start`, `offset`: of the checksum."""

    flags: int
    gso: int
    header: int
    size: int
    start: int
    offset: int

    @property
    def protocol(self) -> int:
        """Of the packets that a packet with `gso` stands for."""
        return UDP if self.gso == GSO_UDP_L4 else TCP

    def packed(self) -> bytes:
        """As it is written."""
        return _FIELDS.pack(*self)

    def complete(self, packet: memoryview) -> None:
        """Put in the checksum that the stack has left to the device; its field holds the pseudo-header's sum."""
        if self.flags & NEEDS_CSUM:
            data = bytes(packet[self.start :])
            sum_ = int.from_bytes(data if len(data) % 2 == 0 else data + b"\0")
            checksum = -sum_ % 0xFFFF or (0xFFFF if self.offset == _OF_UDP else 0)  # RFC 768: 0 says that there is none
            place = self.start + self.offset
            packet[place : place + 2] = checksum.to_bytes(2)


def read(data: bytearray) -> Virtio:
    """As it was read; ECN is no kind of its own here."""
    flags, gso, header, size, start, offset = _FIELDS.unpack(data)
    return Virtio(flags, gso & ~_GSO_ECN, header, size, start, offset)
