"""The one loop of a running lab: waits for descriptors, and lets everybody do their part of each turn."""

import selectors
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

TICK = 0.1  # seconds that a turn lasts at most


class Selectable(Protocol):
    """Anything with a descriptor that wakes the loop."""

    def fileno(self) -> int: ...


class Loop:
    """Serves descriptors from one thread. A context manager."""

    def __init__(self) -> None:
        self._at_each_turn: list[Callable[[], object]] = []

    def __enter__(self) -> "Loop":
        self._selector = selectors.DefaultSelector()
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()

    def serve(self, source: Selectable | int, serve: Callable[[], object]) -> None:
        """Call `serve` whenever `source`, or the descriptor of that number, is readable."""
        self._selector.register(source, selectors.EVENT_READ, serve)

    def ignore(self, source: Selectable) -> None:
        """Serve `source` no longer."""
        with suppress(KeyError):
            self._selector.unregister(source)

    def at_each_turn(self, action: Callable[[], object]) -> None:
        """Call `action` at the end of every turn, after those that were named before it."""
        self._at_each_turn.append(action)

    def turn(self, timeout: float = TICK) -> None:
        """Wait up to `timeout` seconds for something to happen, and see to all that did."""
        for key, _ in self._selector.select(timeout):
            key.data()
        for action in self._at_each_turn:
            action()

    def wait(self, until: Callable[[], bool], seconds: float) -> bool:
        """Serve until a state is reached; False when the deadline came first."""
        deadline = time.monotonic() + seconds
        while not until():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.turn(min(left, TICK))
        return True
