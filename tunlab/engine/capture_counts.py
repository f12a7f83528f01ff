"""What a capture has counted so far, in memory that outlives whoever counts: it may be killed with its sandbox."""

import json
import mmap
import struct
from dataclasses import asdict, dataclass, field
from typing import Any

_SIZE = 1 << 20  # bytes for one state
_HEAD = struct.Struct("=qI")  # bytes written, or less than 0; length of the rest
_LONGEST = 1000  # characters of a name


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
        self._rings = b"[]"

    def keep(self, counted: Counted) -> None:
        """Remember a state. Whoever is killed meanwhile leaves the one before.

        Where there are more devices than there is room for, the counts stay what they were; `written` does not.
        """
        rings = json.dumps([asdict(each) for each in counted.rings]).encode()
        if len(rings) + _HEAD.size <= _SIZE:
            self._rings = rings
        state = _HEAD.pack(-1 if counted.written is None else counted.written, len(self._rings)) + self._rings
        self._at = 1 - self._at
        start = 1 + self._at * _SIZE
        self._memory[start : start + len(state)] = state
        self._memory[0] = self._at

    def kept(self) -> Counted:
        """The state that was remembered last; an empty one where there is none, or where it is not ours.

        Another user's sandbox may write here what it likes.
        """
        start = 1 + (self._memory[0] & 1) * _SIZE
        written, length = _HEAD.unpack_from(self._memory, start)
        begin = start + _HEAD.size
        try:
            rings = [_ring(each) for each in json.loads(self._memory[begin : begin + length])]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return Counted()
        return Counted(written if written >= 0 else None, rings)


def _ring(told: dict[str, Any]) -> RingCount:
    """Raises what `kept` expects where it is none of ours."""
    devices = {_interface(number): _name(name) for number, name in told["devices"].items()}
    captured = {_interface(number): _amount(amount) for number, amount in told["captured"].items()}
    return RingCount(_name(told["name"]), bool(told["of_node"]), _amount(told["dropped"]), devices, captured)


def _interface(told: str) -> int:
    return _amount(int(told), 32)


def _amount(told: Any, bits: int = 64) -> int:
    if type(told) is not int or not 0 <= told < 1 << bits:
        raise ValueError
    return told


def _name(told: Any) -> str:
    if not isinstance(told, str) or len(told) > _LONGEST:
        raise ValueError
    return told
