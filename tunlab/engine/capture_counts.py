"""What a capture has counted so far, in memory that outlives whoever counts: it may be killed with its sandbox."""

import json
import mmap
import struct
from dataclasses import asdict, dataclass, field
from typing import Any

_SIZE = 1 << 20  # bytes for one state
_LENGTH = struct.Struct("=I")


@dataclass
class RingCount:
    """One ring: on a device, or on all devices of a node; each device by the number of its interface in the file."""

    name: str
    of_node: bool
    dropped: int = 0
    devices: dict[int, str] = field(default_factory=dict)
    captured: dict[int, int] = field(default_factory=dict)


@dataclass
class Counted:
    """A whole capture. `written` is the size in bytes of what was written whole; None in a pipe."""

    written: int | None = None
    rings: list[RingCount] = field(default_factory=list)


class CaptureCounts:
    """Kept by the process that captures, and read by the one that waits for it. Made before the one forks the other."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 1 + 2 * _SIZE)
        self._at = 0

    def keep(self, counted: Counted) -> None:
        """Remember a state. Whoever is killed meanwhile leaves the one before."""
        said = json.dumps(asdict(counted)).encode()
        if len(said) + _LENGTH.size > _SIZE:
            return
        self._at = 1 - self._at
        start = 1 + self._at * _SIZE
        self._memory[start : start + _LENGTH.size + len(said)] = _LENGTH.pack(len(said)) + said
        self._memory[0] = self._at

    def kept(self) -> Counted:
        """The state that was remembered last; an empty one where there is none, or where it is not ours.

        Another user's sandbox may write here what it likes.
        """
        start = 1 + self._memory[0] * _SIZE
        (length,) = _LENGTH.unpack_from(self._memory, start)
        if not length:
            return Counted()
        begin = start + _LENGTH.size
        try:
            told = json.loads(self._memory[begin : begin + length])
            return Counted(told["written"], [_ring(each) for each in told["rings"]])
        except (ValueError, TypeError, KeyError, AttributeError):
            return Counted()


def _ring(told: dict[str, Any]) -> RingCount:
    devices, captured = (
        {int(number): value for number, value in told[name].items()} for name in ("devices", "captured")
    )
    return RingCount(told["name"], told["of_node"], told["dropped"], devices, captured)
