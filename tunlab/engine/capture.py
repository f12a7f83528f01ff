"""Captures devices into one pcapng file, until it is told to end."""

import os
import selectors
import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from tunlab.engine.capture_counts import CaptureCounts, Counted
from tunlab.engine.capture_source import HOST, CaptureFile, CaptureSource, Tell
from tunlab.engine.step_times import StepTimes
from tunlab.kernel.holder import heeded
from tunlab.kernel.joined import node_names
from tunlab.kernel.packet_ring import BUFFER, RETIRE_MS
from tunlab.packet.filter import compile_for_all
from tunlab.packet.pcapng import PcapngWriter

Place = tuple[str, str | None]  # a node, and one of its devices; None: all of them
TICK = 0.1  # seconds between two looks at which nodes there are
_HASTE = 0.005  # the same while one of them is missing
_ENDLESS = 1 << 62
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to capture: all devices of all nodes where there are no `places`; `buffer` in bytes a device."""

    places: tuple[Place, ...] = ()
    buffer: int = BUFFER
    expression: str = ""
    most: int | None = None


class Capture:
    """A capture in the sandbox, or on the host. `output` is a descriptor that is open for writing.

    What was counted goes into `counts`; whoever waits for us ends the file (engine/capture_end.py).
    """

    def __init__(self, wanted: Wanted, output: int, counts: CaptureCounts, tell: Tell) -> None:
        self._wanted = wanted
        self._output = output
        self._counts = counts
        self._tell = tell
        self._left = _ENDLESS if wanted.most is None else wanted.most
        self._steps = StepTimes()
        self._sources: dict[Place, CaptureSource] = {}
        self._listening: dict[Place, object] = {}
        self._looked = 0.0
        self._ended_by = 0

    def run(self) -> int:
        """Capture until a signal comes, whose number is returned, or until there is all that was wanted: 0.

        Raises TunlabError where the filter is wrong or the kernel refuses, and OSError where the output refuses.
        """
        self._program = compile_for_all(self._wanted.expression)
        with ExitStack() as stack:
            self._stack = stack
            self._selector = stack.enter_context(selectors.DefaultSelector())
            self._heed_signals()
            self._file = stack.enter_context(os.fdopen(self._output, "wb", closefd=False))
            self._into = CaptureFile(PcapngWriter(self._file))
            with suppress(OSError):  # a pipe tells when its reader has gone; a file has nothing to tell
                self._selector.register(self._output, selectors.EVENT_READ, self._reader_gone)
            for place in self._places():
                self._begin(place)
            self._keep()
            while self._left and not self._ended_by:
                missing = any(not source.ring for source in self._sources.values())
                self._turn(_HASTE if missing else TICK)
            deadline = time.monotonic() + 2 * RETIRE_MS / 1000
            while self._left and time.monotonic() < deadline:  # the kernel still holds the last packets
                self._turn(RETIRE_MS / 1000)
            for source in self._sources.values():
                while self._left and source.behind:
                    self._left -= source.take(self._left, self._steps, reading=False)
            self._keep()
        return self._ended_by

    def _turn(self, seconds: float) -> None:
        behind = [place for place, source in self._sources.items() if source.behind]
        for key, _ in self._selector.select(0 if behind else seconds):
            key.data()
        for place in behind:
            self._serve(place)
        if time.monotonic() - self._looked >= seconds:
            self._looked = time.monotonic()
            self._look()

    def _look(self) -> None:
        """Which nodes are there, and which are new ones? The kernel does not tell."""
        for place in self._places():
            if place not in self._sources:
                self._begin(place)
        for place, source in self._sources.items():
            self._serve(place)
            if source.ring:
                source.forget()

    def _serve(self, place: Place) -> None:
        source = self._sources[place]
        taken = source.take(self._left, self._steps)
        self._left -= taken
        source.follow(self._tell)
        if source.ring is not self._listening.get(place):
            self._listen(place)
        if taken:
            self._keep()

    def _places(self) -> Sequence[Place]:
        return self._wanted.places or [(name, None) for name in node_names()]

    def _begin(self, place: Place) -> None:
        node, device = place
        source = CaptureSource(node, device, self._wanted.buffer, self._program, self._into)
        try:
            granted = source.open() >> 10
        except OSError:  # the node has just gone: it is looked for again
            if self._wanted.places:
                self._sources[place] = source
            return
        self._sources[place] = self._stack.enter_context(source)
        name, devices = source.count.name, ", ".join(present_devices(source))
        if device is None:
            self._tell("capture_node" if node != HOST else "capture_host", name=name, devices=devices, buffer=granted)
        else:
            self._tell("capture_device" if source.there else "capture_waits", name=name, buffer=granted)
        self._listen(place)

    def _listen(self, place: Place) -> None:
        """Wait for the ring of that place, which may be a new one, or for none."""
        before, ring = self._listening.pop(place, None), self._sources[place].ring
        if before:
            self._selector.unregister(before)  # type: ignore[arg-type]
        if ring:
            self._selector.register(ring, selectors.EVENT_READ, lambda: self._serve(place))
            self._listening[place] = ring

    def _keep(self) -> None:
        written = self._file.tell() if self._file.seekable() else None
        self._counts.keep(Counted(written, [source.count for source in self._sources.values()]))

    def _heed_signals(self) -> None:
        """A signal wakes the loop. A second one ends us where we are: the reader of a pipe may be stuck."""
        told, tell = os.pipe()
        self._stack.callback(os.close, told)
        self._stack.callback(os.close, tell)
        self._selector.register(told, selectors.EVENT_READ, lambda: os.read(told, 1))

        def end(signum: int, _: object) -> None:
            if self._ended_by:
                os._exit(128 + signum)
            self._ended_by = signum
            os.write(tell, b"\0")

        for signum in heeded(_ENDS):
            self._stack.callback(signal.signal, signum, signal.signal(signum, end))

    def _reader_gone(self) -> None:
        raise BrokenPipeError


def present_devices(source: CaptureSource) -> list[str]:
    """The names of a source's devices, without their node's."""
    return [name.removeprefix(f"{source.node}:") for name in source.count.devices.values()]
