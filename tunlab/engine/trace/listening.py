"""Hears every node's devices, and our programs, while a packet is on its way."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from tunlab.engine.loop import Loop
from tunlab.engine.reports import Reports, Teller
from tunlab.engine.trace.place import Seen
from tunlab.kernel.namespaces import inside
from tunlab.kernel.packet_socket import PacketSocket, close_all

_STAMPING = (
    0.02  # seconds; once a socket wants time stamps, the kernel begins with them a moment later, and tells nobody
)
MOST = 20_000  # packets kept of one trace: a flood beside it is not looked at any further


@dataclass(frozen=True, slots=True)
class Report:
    """What a program of ours said of a packet; anybody in the sandbox may have said it."""

    teller: Teller
    fields: dict[str, Any]


class Listening:
    """A context manager. `seen` are all packets since `forget()`, ours and strangers'; `reports` what was said."""

    def __init__(self, nodes: Mapping[str, int], loop: Loop, reports: bool) -> None:
        self._nodes = nodes
        self._loop = loop
        self._wanted = reports
        self._stack = ExitStack()
        self.seen: list[Seen] = []
        self.reports: list[Report] = []

    def __enter__(self) -> "Listening":
        opened: list[PacketSocket] = []
        with ExitStack() as stack:
            stack.callback(close_all, opened)
            for name, descriptor in self._nodes.items():
                with inside(descriptor):
                    heard = PacketSocket().__enter__()
                opened.append(heard)
                self._loop.serve(heard, partial(self._drain, name, heard))
                stack.callback(self._loop.ignore, heard)
            if self._wanted:
                stack.enter_context(Reports(self._loop, self._told, f"trace-{os.getpid()}"))
            self._loop.wait(lambda: False, _STAMPING)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def forget(self) -> None:
        """Begin anew with an empty list."""
        self.seen, self.reports = [], []

    def count(self) -> int:
        """Packets and reports."""
        return len(self.seen) + len(self.reports)

    def has_more_than(self, count: int) -> bool:
        """Whether something has come since there were so many."""
        return self.count() > count

    def _drain(self, name: str, heard: PacketSocket) -> None:
        for _ in range(256):  # the others wait
            captured = heard.receive()
            if captured is None:
                return
            if len(self.seen) < MOST:
                self.seen.append(Seen(name, captured))

    def _told(self, teller: Teller, fields: dict[str, Any]) -> None:
        if len(self.reports) < MOST:
            self.reports.append(Report(teller, fields))
