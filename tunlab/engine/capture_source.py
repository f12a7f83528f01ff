"""One part of a capture: a device, or all devices of a node, for as long as it takes."""

from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, nullcontext, suppress

from tunlab.engine.capture_counts import RingCount
from tunlab.engine.step_times import StepTimes
from tunlab.kernel.namespaces import identity, visited
from tunlab.kernel.packet_ring import MOST_BUFFER, WHERE, PacketRing, present
from tunlab.kernel.packet_socket import has_ethernet_header
from tunlab.model.packet import LinkType
from tunlab.packet.pcapng import PcapngWriter
from tunlab.packet.ring_blocks import packet_blocks

Tell = Callable[..., None]  # a sentence's key, and what fills its gaps
_UNWRITTEN = 64 << 20  # bytes that are kept in our own memory where writing is slower than a flood
_AT_ONCE = 16  # blocks written before signals and others have their turn
HOST = ""  # the node that is the host's own namespace


class CaptureFile:
    """The pcapng file, and its interfaces: a device that went and came back is still the same one."""

    def __init__(self, writer: PcapngWriter) -> None:
        self.write = writer.packets
        self._writer = writer
        self._numbers: dict[tuple[str, LinkType], int] = {}

    def interface(self, name: str, link_header: bool) -> int:
        """The number of that device; a new one is declared first."""
        link = LinkType.ETHERNET if link_header else LinkType.RAW
        if (name, link) not in self._numbers:
            self._numbers[name, link] = self._writer.interface(name, link)
        return self._numbers[name, link]


class _Tap:
    """A ring that is open in a node."""

    def __init__(self, ring: PacketRing, node: int) -> None:
        self.node = node
        with ExitStack() as stack:
            self.ring = stack.enter_context(ring)
            self._stack = stack.pop_all()

    def close(self) -> int:
        """The packets that it has dropped in all."""
        with self._stack:
            return self.ring.drops()


class CaptureSource:
    """A node's device, or all of its devices (`device` None). A context manager.

    A node of a lab may go and come back as another one: then the ring is opened anew in that one. The old one is read
    once more, because the kernel hands its last packets over late.
    """

    def __init__(self, node: str, device: str | None, buffer: int, program: bytes, file: CaptureFile) -> None:
        self.node = node
        self.device = device
        self.count = RingCount(self._named(device) if device else node, of_node=device is None)
        self._buffer = buffer
        self._program = program
        self._file = file
        self._tap: _Tap | None = None
        self._leaving: _Tap | None = None
        self._dropped_before = 0
        self._read: deque[tuple[_Tap, bytes]] = deque()  # blocks that are not written yet
        self._unwritten = 0  # bytes of them
        self.there = False  # the node, and the device if it is one's

    def __enter__(self) -> "CaptureSource":
        return self

    def __exit__(self, *_: object) -> None:
        for tap in filter(None, (self._tap, self._leaving)):
            tap.close()

    @property
    def ring(self) -> PacketRing | None:
        """What to wait for; None while the node is not there."""
        return self._tap.ring if self._tap else None

    def open(self) -> int:
        """Open the ring, and tell the bytes that were granted. Raises OSError where the node is not there."""
        ring = self._open()
        self.there = ring.alive()
        return ring.granted()

    def _open(self) -> PacketRing:
        """The ring, in the node that is called so now, with an interface for each device that is there already."""
        node = identity(self.node) if self.node != HOST else 0
        with visited(self.node) if self.node != HOST else nullcontext():
            devices = present()
            share = 1 if self.device else max(1, len(devices))
            self._tap = _Tap(PacketRing(self.device, min(self._buffer * share, MOST_BUFFER), self._program), node)
        for name, link_header in devices.items():
            if self.device in (None, name):
                self._declare(name, link_header)
        return self._tap.ring

    @property
    def behind(self) -> bool:
        """Whether there is more to write than was written."""
        return bool(self._read)

    def take(self, most: int, steps: StepTimes, reading: bool = True) -> int:
        """Write at most `most` of the packets that have arrived; how many there were. The next call goes on.

        The ring is emptied first, which is quick, and once more behind each block that is written, which is not.
        """
        taken = 0
        for _ in range(_AT_ONCE):
            if reading:
                self._empty_rings()
            if not self._read or taken >= most:
                break
            taken += self._write(*self._read.popleft(), most - taken, steps)
        open_taps = filter(None, (self._tap, self._leaving))
        self.count.dropped = self._dropped_before + sum(each.ring.drops() for each in open_taps)
        return taken

    def follow(self, tell: Tell) -> None:
        """Look whether the device, or the whole node, has gone or come back."""
        if self.node != HOST and self._tap and not self._leaving and identity(self.node) != self._tap.node:
            self._leaving, self._tap = self._tap, None
            self._tell(False, tell)
        if not self._tap and identity(self.node):
            with suppress(OSError):  # it has just gone again
                self._tell(self._open().alive(), tell)
        elif self._tap:
            self._tell(self._tap.ring.alive(), tell)
            self._tell(self._tap.ring.alive() or self._tap.ring.rebind(), tell)

    def forget(self) -> None:
        """Close the ring of the node that has gone, once all of it is written."""
        if self._leaving and all(tap is not self._leaving for tap, _ in self._read):
            self._dropped_before += self._leaving.close()
            self._leaving = None

    def _tell(self, there: bool, tell: Tell) -> None:
        if there != self.there:
            tell("capture_back" if there else "capture_gone", name=self.count.name)
        self.there = there

    def _empty_rings(self) -> None:
        for tap in filter(None, (self._leaving, self._tap)):
            if self._unwritten < _UNWRITTEN:
                for block in tap.ring.blocks():
                    self._read.append((tap, block))
                    self._unwritten += len(block)

    def _write(self, tap: _Tap, block: bytes, most: int, steps: StepTimes) -> int:
        self._unwritten -= len(block)
        steps.catch_up()
        blocks, counts = packet_blocks(block, most, lambda where: self._interface_of(tap, where), steps.span_at)
        self._file.write(blocks)
        for number, amount in counts.items():
            self.count.captured[number] += amount
        return counts.total()

    def _interface_of(self, tap: _Tap, where: bytes) -> int | None:
        """The interface of a device by what the ring says of it; None where it is another device than ours."""
        index, hardware_type, _ = WHERE.unpack(where)
        name = tap.ring.name_of(index)
        return self._declare(name, has_ethernet_header(hardware_type)) if self.device in (None, name) else None

    def _declare(self, device: str, link_header: bool) -> int:
        number = self._file.interface(self._named(device), link_header)
        self.count.devices[number] = self._named(device)
        self.count.captured.setdefault(number, 0)
        return number

    def _named(self, device: str) -> str:
        return f"{self.node}:{device}" if self.node != HOST else device
