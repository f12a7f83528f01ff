"""One device under observation: what it is, what it counts, and the packets that it carries."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from queue import SimpleQueue
from typing import BinaryIO, Protocol, Self

from tunlab.engine.capture_source import CaptureFile
from tunlab.engine.device_reader import DeviceReader
from tunlab.engine.loop import Loop
from tunlab.engine.step_times import StepTimes
from tunlab.errors import KernelError, TunlabError
from tunlab.kernel.errno_names import name_of
from tunlab.kernel.joined import enter_node
from tunlab.kernel.namespaces import identity, own_inode
from tunlab.kernel.packet_ring import WHERE, PacketRing
from tunlab.kernel.packet_socket import Captured, has_ethernet_header
from tunlab.model.device import DeviceDetails
from tunlab.model.events import Counters
from tunlab.model.packet import LinkType
from tunlab.packet.filter import compile_for_all
from tunlab.packet.pcapng import PcapngWriter
from tunlab.packet.ring_blocks import packet_blocks
from tunlab.packet.summary import summary

LOOK = 0.5  # seconds between two looks at the counters
_HASTE = 0.02  # and at whether it is back
_AT_ONCE = 200  # packets handed on in one turn: nobody reads more, and keys must not wait for a flood to end
_ALL = 1 << 62
_REFUSED = ("EPERM", "EACCES")


@dataclass(frozen=True)
class Arrived:
    """A packet of the device: its number since we looked, the seconds since the one before it, and its step."""

    number: int
    after: float
    packet: Captured
    step: str

    @property
    def link(self) -> LinkType:
        """What the packet begins with."""
        return LinkType.ETHERNET if self.packet.link_header else LinkType.RAW

    @cached_property
    def summary(self) -> str:
        """Made when it is wanted: in a flood most packets are never looked at."""
        return summary(self.packet.data, self.link)


@dataclass(frozen=True, slots=True)
class Rates:
    """Packets a second between the last two looks at the counters."""

    rx: float
    tx: float


class Audience(Protocol):
    """Who is told what is seen of the device."""

    def described(self, details: DeviceDetails) -> None:
        """What the device is: at first, and whenever that has changed."""

    def vanished(self) -> None:
        """The device is not there any more."""

    def counted(self, counters: Counters, rates: Rates | None) -> None:
        """Its counters, at every look; the first time there are no rates."""

    def arrived(self, packets: Sequence[Arrived]) -> None:
        """Packets that it carried."""


class _Open:
    """What is open in the network namespace in which this thread is: to be closed when another one takes its place."""

    def __init__(self, node: str, device: str, host_proc: int | None, program: bytes) -> None:
        self.namespace = own_inode()
        self.ring: PacketRing | None = None
        self.refused: KernelError | None = None
        with ExitStack() as stack:
            self.reader = stack.enter_context(DeviceReader(node, host_proc))
            try:
                self.ring = stack.enter_context(PacketRing(device, program=program))
            except KernelError as error:
                if error.errno_name not in _REFUSED:
                    raise
                self.refused = error
            self._stack = stack.pop_all()

    def close(self) -> None:
        self._stack.close()


class Inspection:
    """Looks at a device, and changes nothing. A context manager. `node` is empty for the namespace that we are in.

    A lab that is rebuilt has another node of that name: it is followed there, by the one thread that opened this.

    Where packets may not be captured, `refused` says why, and all the rest is there. `captured` counts the packets that
    passed the filter, `not_shown` those of them that came too fast to be handed on; in the file they are all. `dropped`
    counts those that the kernel dropped because we did not read in time.

    It belongs to the thread that opened it; others `ask` it to do something. Raises TunlabError where the expression is
    wrong.
    """

    def __init__(self, node: str, device: str, host_proc: int | None, expression: str = "") -> None:
        self.node = node
        self.device = device
        self._host_proc = host_proc
        self._steps = StepTimes()
        self._open: _Open | None = None
        self._lost_before = 0, 0  # by rings that are closed: dropped, and not shown
        self._file: CaptureFile | None = None
        self._into: BinaryIO | None = None
        self._file_name = ""
        self._asked: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._counted_at = 0.0
        self._last_ns = 0
        self._told = False  # whether the device is there
        self._program = compile_for_all(expression)
        self.refused: KernelError | None = None
        self.details: DeviceDetails | None = None
        self.counters: Counters | None = None
        self.filter = expression
        self.captured = self.not_shown = self.dropped = 0

    def __enter__(self) -> Self:
        self._enter()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._bell)
        self._leave()

    def begin(self, audience: Audience, loop: Loop) -> None:
        """Look for the first time, and have `loop` wait for what happens. Call `look` every `patience` seconds then."""
        self._audience, self._loop = audience, loop
        loop.serve(self._bell, self._answer)
        self._serve()
        self.look()

    @property
    def patience(self) -> float:
        """Seconds until the next look. One that is waited for is looked for more often: its first packets count."""
        return LOOK if self.details else _HASTE

    def look(self) -> None:
        """Look at the counters, and at all else where it has changed."""
        self._follow()
        if self._open is None:
            return
        self._count_losses()
        counters = self._open.reader.counters(self.device)
        now = time.monotonic()
        if counters is not None:
            before, seconds = self.counters, now - self._counted_at
            rates = None if before is None else _rates(before, counters, seconds)
            self.counters, self._counted_at = counters, now
            self._audience.counted(counters, rates)
        self._heed()

    def _follow(self) -> None:
        """Go to the node that is called so now."""
        if not self.node or (self._open and identity(self.node) in (0, self._open.namespace)):
            return
        if self._open:
            self._take()
            self._loop.ignore(self._open.reader)
            if self._open.ring:
                self._loop.ignore(self._open.ring)
            self._leave()
            self._describe(None)
        with suppress(KernelError):  # it has just gone again: look later
            self._enter()
            self._serve()

    def _enter(self) -> None:
        if self.node and identity(self.node) != own_inode():
            enter_node(self.node)
        self._open = _Open(self.node, self.device, self._host_proc, self._program)
        self.refused = self._open.refused

    def _leave(self) -> None:
        if self._open:
            self._count_losses()
            self._lost_before = self.dropped, self.not_shown
            self._open.close()
        self._open = None

    def _serve(self) -> None:
        if self._open:
            self._loop.serve(self._open.reader, self._heed)
            if self._open.ring:
                self._loop.serve(self._open.ring, self._take)

    def ask(self, action: Callable[[], object]) -> None:
        """Have `action` called by the thread that looks at the device. May be called by any thread."""
        self._asked.put(action)
        os.eventfd_write(self._bell, 1)

    def filter_by(self, expression: str) -> None:
        """From now on only these packets. Raises TunlabError where the expression is wrong."""
        program = compile_for_all(expression)
        if self._open and self._open.ring:
            self._take()
            self._open.ring.filter(program)
        self._program, self.filter = program, expression

    def write_to(self, file: BinaryIO, name: str, kept: Sequence[Arrived] = ()) -> None:
        """From now on write every packet into a pcapng file, those that were `kept` first. It stays the caller's.

        `name` is for the words where it fails. A file that refuses is closed, and TunlabError raised: here, or by what
        hands packets on later.
        """
        with _writing(file, name):
            writer = PcapngWriter(file)
            into = CaptureFile(writer)
            for each in kept:
                number = into.interface(self.name, each.packet.link_header)
                packet = each.packet
                writer.packet(number, packet.time_ns, packet.data, packet.length, self._comment(packet.time_ns) or None)
        self._file, self._into, self._file_name = into, file, name

    @property
    def name(self) -> str:
        """`h1:tun0`, or `tun0` on the host."""
        return f"{self.node}:{self.device}" if self.node else self.device

    def _answer(self) -> None:
        """Do what other threads have asked for."""
        os.eventfd_read(self._bell)
        while not self._asked.empty():
            self._asked.get()()

    def _heed(self) -> None:
        """Describe the device again where it has changed, or is another one."""
        assert self._open
        changed = self._open.reader.heed()
        ring = self._open.ring
        if ring and not ring.alive():
            changed |= ring.rebind()
        if changed or self.details is None:
            self._describe(self._open.reader.details(self.device))

    def _describe(self, details: DeviceDetails | None) -> None:
        if details == self.details and self._told:
            return
        self.details, self._told = details, True
        if details is None:
            self.counters = None
            self._audience.vanished()
        else:
            self._audience.described(details)

    def _take(self) -> None:
        """Hand on what has arrived; in a flood, some of it, and count the rest."""
        ring = self._open.ring if self._open else None
        room = _AT_ONCE
        for block in ring.blocks() if ring else ():
            assert ring
            self._steps.catch_up()
            passed_over = ring.passed_over
            packets = ring.unpacked(block, room)
            room -= len(packets)
            if self._file:
                assert self._into
                with _writing(self._into, self._file_name):
                    self._file.write(packet_blocks(block, _ALL, self._interface_of, self._steps.span_at)[0])
            if packets:
                self._audience.arrived([self._arrived(packet) for packet in packets])
            self.captured += ring.passed_over - passed_over
        self._count_losses()
        self._heed()

    def _count_losses(self) -> None:
        ring = self._open.ring if self._open else None
        if ring:
            self.dropped = self._lost_before[0] + ring.drops()
            self.not_shown = self._lost_before[1] + ring.passed_over

    def _arrived(self, packet: Captured) -> Arrived:
        self.captured += 1
        after = (packet.time_ns - self._last_ns) / 1e9 if self._last_ns else 0.0
        self._last_ns = packet.time_ns
        step = self._comment(packet.time_ns).rpartition(" ")[2]
        return Arrived(self.captured, after, packet, step)

    def _comment(self, time_ns: int) -> str:
        return self._steps.span_at(time_ns).comment

    def _interface_of(self, where: bytes) -> int | None:
        index, hardware_type, _ = WHERE.unpack(where)
        assert self._open and self._open.ring and self._file
        if self._open.ring.name_of(index) != self.device:
            return None
        return self._file.interface(self.name, has_ethernet_header(hardware_type))


@contextmanager
def _writing(file: BinaryIO, name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        with suppress(OSError):  # what it has not taken is tried once more
            file.close()
        raise TunlabError("capture_failed", file=name, problem=name_of(error)) from error


def _rates(before: Counters, now: Counters, seconds: float) -> Rates:
    """Of a device that was made anew meanwhile, whose counters began at 0 again, nothing is told."""
    rx, tx = now.rx_packets - before.rx_packets, now.tx_packets - before.tx_packets
    return Rates(max(0, rx) / seconds, max(0, tx) / seconds)


def watch(inspection: Inspection, audience: Audience, until: Callable[[], bool]) -> None:
    """Have `audience` told of all that is seen, until it has enough."""
    with Loop() as loop:
        inspection.begin(audience, loop)
        looked = time.monotonic()
        while not until():
            loop.turn(inspection.patience)
            if time.monotonic() - looked >= inspection.patience:
                looked = time.monotonic()
                inspection.look()
