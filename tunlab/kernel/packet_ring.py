"""A packet ring (TPACKET_V3): packets that the kernel writes into memory shared with us, in blocks."""

import errno
import fcntl
import mmap
import os
import select
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, suppress

from tunlab.kernel.errno_names import attempting
from tunlab.kernel.packet_socket import Captured, has_ethernet_header
from tunlab.kernel.socket_filter import attach, only_interface
from tunlab.kernel.syscalls import bind_packet

# linux/if_packet.h
_SOL_PACKET, _PACKET_RX_RING, _PACKET_STATISTICS, _PACKET_VERSION = 263, 5, 6, 10
_TPACKET_V3 = 2
_STATUS = struct.Struct("=I")  # at 8 of struct tpacket_block_desc
_STATUS_AT, _KERNEL, _USER = 8, 0, 1
_BLOCK = struct.Struct("=12xIII")  # packets, where the first one begins, bytes in use
PACKET_OUTGOING = 4
VLAN_VALID, _VLAN_TPID_VALID = 0x10, 0x40  # of tp_status
_ETHERTYPE_VLAN = 0x8100

# struct tpacket3_hdr and, at 48, struct sockaddr_ll; what changes from packet to packet of one flow is apart from
# FORM and WHERE, which say all else: lengths, status, offsets; device, hardware type, direction.
FRAME = struct.Struct("=III16s24x8s")
FORM = struct.Struct("=IIIHH")  # captured, original length, status, where the packet begins, where its network layer
WHERE = struct.Struct("=iHBx")  # device's number, hardware type, kind of packet
_VLAN_AT, _VLAN = 32, struct.Struct("=IH")  # tag, ethertype

_ETH_P_ALL = 3  # linux/if_ether.h
_RTMGRP_LINK = 1  # linux/rtnetlink.h
_SIOCGIFNAME, _SIOCGIFHWADDR, _SIOCGIFINDEX = 0x8910, 0x8927, 0x8933  # linux/sockios.h
_BLOCK_SIZE = 128 << 10  # the largest packet of a device with offloads fits in
_FRAME_SIZE = 2048  # TPACKET_V3 packs tighter; the kernel only wants the numbers to agree
RETIRE_MS = 60  # after which the kernel hands over a block that is not full
BUFFER = 2 << 20
LEAST_BUFFER, MOST_BUFFER = 2 * _BLOCK_SIZE, 1 << 30


class PacketRing:
    """Captures on one device, or on all, of the network namespace in which it is opened. A context manager.

    All devices are listened to, and a filter in the kernel lets those of `device` through. So a device that is not
    there yet, or that went and came back, is seen from its first packet on. `alive` and `rebind` follow it.

    `buffer` in bytes, at least LEAST_BUFFER; `program` as packet/filter.py compiles it. Raises KernelError where the
    kernel refuses.
    """

    def __init__(self, device: str | None, buffer: int = BUFFER, program: bytes = b"") -> None:
        self.device = device
        self.passed_over = 0  # packets that `unpacked` did not return
        self._blocks = buffer // _BLOCK_SIZE
        self._program = program
        self._index = 0
        self._names: dict[int, str] = {}
        self._dropped = 0
        self._next = 0
        self._stack = ExitStack()

    def __enter__(self) -> "PacketRing":
        with ExitStack() as stack:
            with attempting("socket AF_PACKET", {errno.EPERM: "capture_remedy_raw"}):
                # Protocol 0: nothing arrives before filter and ring are there.
                self._socket = stack.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
                self._socket.setblocking(False)
                self._socket.setsockopt(_SOL_PACKET, _PACKET_VERSION, _TPACKET_V3)
            with attempting("set up a filter of packets", dict.fromkeys((errno.ENOMEM, errno.EINVAL), "filter_remedy")):
                attach(self._socket, self._program)
            size = self.granted()
            with attempting(f"a packet ring of {size >> 10} KiB", {errno.ENOMEM: "capture_remedy_buffer"}):
                frames = size // _FRAME_SIZE
                ring = struct.pack("=7I", _BLOCK_SIZE, self._blocks, _FRAME_SIZE, frames, RETIRE_MS, 0, 0)
                self._socket.setsockopt(_SOL_PACKET, _PACKET_RX_RING, ring)
                self._ring = stack.enter_context(mmap.mmap(self._socket.fileno(), size))
            with attempting("listen to the devices"):
                self._news = stack.enter_context(
                    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
                )
                self._news.setblocking(False)
                self._news.bind((0, _RTMGRP_LINK))
                bind_packet(self._socket.fileno(), 0, _ETH_P_ALL)
                self.rebind()
            self._either = stack.enter_context(select.epoll())
            self._either.register(self._socket, select.EPOLLIN)
            self._either.register(self._news, select.EPOLLIN)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def fileno(self) -> int:
        """Readable when packets arrived, or when devices came, went or were renamed: then ask `alive`."""
        return self._either.fileno()

    def granted(self) -> int:
        """Bytes of the ring: the kernel grants all that was asked for, in whole blocks, or refuses."""
        return self._blocks * _BLOCK_SIZE

    def drops(self) -> int:
        """Packets that found the ring full, since it was opened."""
        statistics = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 12)  # reading resets them
        self._dropped += struct.unpack_from("=4xI", statistics)[0]
        return self._dropped

    def alive(self) -> bool:
        """Whether the device is there; where it has gone, or is another one by now, False until `rebind`.

        Names are looked up anew where there is news of devices.
        """
        self._heed()
        if self.device is None:
            return True
        if self._index and self._index != self._index_of(self.device):
            self._index = 0
            attach(self._socket, self._program)
        return self._index != 0

    def rebind(self) -> bool:
        """Take up the device again; False while there is none of that name."""
        if self.device is not None and (index := self._index_of(self.device)):
            self._index = index
            attach(self._socket, only_interface(index, self._program))
        return self.device is None or self._index != 0

    def filter(self, program: bytes) -> None:
        """Let only these packets through from here on. Raises KernelError where the kernel refuses the program."""
        with attempting("set up a filter of packets", dict.fromkeys((errno.ENOMEM, errno.EINVAL), "filter_remedy")):
            attach(self._socket, only_interface(self._index, program) if self._index else program)
        self._program = program

    def blocks(self) -> Iterator[bytes]:
        """What has arrived, copied out block by block; at most what the ring holds, so that a flood ends too."""
        for _ in range(self._blocks):
            start = self._next * _BLOCK_SIZE
            (status,) = _STATUS.unpack_from(self._ring, start + _STATUS_AT)
            if not status & _USER:
                return
            used = _BLOCK.unpack_from(self._ring, start)[2]
            block = self._ring[start : start + used]
            _STATUS.pack_into(self._ring, start + _STATUS_AT, _KERNEL)
            self._next = (self._next + 1) % self._blocks
            yield block

    def unpacked(self, block: bytes, most: int) -> list[Captured]:
        """The first `most` packets of a block; those behind them are counted in `passed_over`."""
        found: list[Captured] = []
        for offset in offsets(block):
            name = self.name_of(WHERE.unpack_from(block, offset + 52)[0])
            if self.device not in (None, name):
                continue
            if len(found) < most:
                found.append(_captured(block, offset, name))
            else:
                self.passed_over += 1
        return found

    def name_of(self, index: int) -> str:
        """A device's name, also of one that has gone meanwhile; "if7" where we never knew it."""
        if index not in self._names:
            self._look_up(index)
        return self._names.get(index, f"if{index}")

    def _look_up(self, index: int) -> None:
        """Learn its name. One that is no UTF-8 has surrogates, as os.fsdecode makes them."""
        with suppress(OSError):  # it has gone: what we knew stays
            answer = fcntl.ioctl(self._socket, _SIOCGIFNAME, struct.pack("=16si20x", b"", index))
            self._names[index] = os.fsdecode(answer[:16].rstrip(b"\0"))

    def _index_of(self, name: str) -> int:
        """The number of the device in the ring's own namespace, wherever we are; 0 where there is none."""
        try:
            answer = fcntl.ioctl(self._socket, _SIOCGIFINDEX, struct.pack("=16s24x", os.fsencode(name)[:15]))
        except OSError:
            return 0
        index: int = struct.unpack_from("=16xi", answer)[0]
        self._names[index] = name
        return index

    def _heed(self) -> None:
        """Read the news of devices away; what they mean is asked of the kernel."""
        news = False
        while True:
            try:
                self._news.recv(1 << 16)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # some of them were lost: news as well
                    raise
            news = True
        if news:
            for index in self._names:
                self._look_up(index)


def present() -> dict[str, bool]:
    """The devices of the current network namespace, and whether their packets begin with an Ethernet header."""
    found = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            with suppress(OSError):  # it has just gone
                answer = fcntl.ioctl(asking, _SIOCGIFHWADDR, struct.pack("=16s24x", os.fsencode(name)))
                found[name] = has_ethernet_header(struct.unpack_from("=16xH", answer)[0])
    return found


def packets_in(block: bytes) -> tuple[int, int]:
    """How many packets a block holds, and where the first one begins."""
    count, first, _ = _BLOCK.unpack_from(block)
    return count, first


def offsets(block: bytes) -> Iterator[int]:
    """Where each packet's header begins."""
    count, offset = packets_in(block)
    for _ in range(count):
        yield offset
        offset += _STATUS.unpack_from(block, offset)[0]  # tp_next_offset; 0 for the last one


def with_tag(block: bytes, offset: int, data: bytes) -> bytes:
    """The frame with the VLAN tag (IEEE 802.1Q) that the kernel keeps apart."""
    tag, ethertype = _VLAN.unpack_from(block, offset + _VLAN_AT)
    status = FORM.unpack_from(block, offset + 12)[2]
    return data[:12] + struct.pack("!HH", ethertype if status & _VLAN_TPID_VALID else _ETHERTYPE_VLAN, tag) + data[12:]


def cut_out(form: bytes, where: bytes) -> tuple[int, int, int]:
    """Where in its frame a packet begins and ends, and its original length, by FORM and WHERE.

    A link-layer header other than Ethernet's is left out: then the packet begins with its network layer.
    """
    size, length, _, start, network = FORM.unpack(form)
    skipped = 0 if has_ethernet_header(WHERE.unpack(where)[1]) else min(network - start, size)
    return start + skipped, start + size, length - skipped


def _captured(block: bytes, offset: int, name: str) -> Captured:
    _, seconds, nanoseconds, form, where = FRAME.unpack_from(block, offset)
    start, end, length = cut_out(form, where)
    data = block[offset + start : offset + end]
    _, hardware_type, kind = WHERE.unpack(where)
    if FORM.unpack(form)[2] & VLAN_VALID:
        data, length = with_tag(block, offset, data), length + 4
    return Captured(
        device=name,
        outgoing=kind == PACKET_OUTGOING,
        link_header=has_ethernet_header(hardware_type),
        time_ns=seconds * 1_000_000_000 + nanoseconds,
        data=data,
        length=length,
    )
