"""The keys in memory that an endpoint's processes share: one of them agrees on keys, the two others use them."""

import hashlib
import mmap
import struct
from typing import NamedTuple

from tunlab.tunnel.encrypted.record import CIPHERS, SPI, Key, Keys

_BOTH = struct.Struct("=QQ")
_PLACES = 4  # sessions that may be in use at the same time: the latest, one before it, and two whose end was not seen
_KEY = struct.Struct(f"={SPI}s4s32s")
_SLOT = struct.Struct(f"=QB7x{_KEY.size}s{_KEY.size}s")
_DIGEST = 16
_START = 24 + _DIGEST  # bytes: three numbers
_SIZE = _START + _PLACES * _SLOT.size


class Held(NamedTuple):
    """`sending`: the session to send with, if there is one. `sessions`: all from which something may come."""

    sending: Keys | None
    sessions: tuple[Keys, ...]


class Keyring:
    """One process writes, the others read; a look at `revision` tells whether anything has changed.

    While the revision is odd, it is being written. A processor that lets others see in another order what has been
    written (ARM's may) cannot make them take half of a key for one: there is a digest.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SIZE)
        self._numbers = memoryview(self._memory)[:24].cast("Q")

    @property
    def revision(self) -> int:
        return self._numbers[0]

    @property
    def confirmed(self) -> int:
        """The number of the latest session of which it is known that both ends have its keys; 0: none."""
        return self._numbers[2]

    @confirmed.setter
    def confirmed(self, number: int) -> None:
        self._numbers[2] = number

    def write(self, held: Held) -> None:
        """From now on it is these."""
        self._numbers[0] += 1
        self._numbers[1] = held.sending.number if held.sending else 0
        data = b"".join(map(_packed, held.sessions)).ljust(_PLACES * _SLOT.size, b"\0")
        self._memory[24:_SIZE] = _digest(self._numbers[0] + 1, self._numbers[1], data) + data
        self._numbers[0] += 1

    def read(self) -> tuple[int, Held]:
        """What there is, and its revision."""
        while (found := self._at_once()) is None:
            pass
        return found

    def _at_once(self) -> tuple[int, Held] | None:
        """None while it is being written."""
        revision, number = self._numbers[:2]
        digest, data = self._memory[24:_START], self._memory[_START:_SIZE]
        is_one = revision % 2 == 0 and self._numbers[0] == revision
        if not is_one or (revision and digest != _digest(revision, number, data)):
            return None
        sessions = tuple(_unpacked(*fields) for fields in _SLOT.iter_unpack(data) if fields[0])
        return revision, Held(next((each for each in sessions if each.number == number), None), sessions)


def _digest(revision: int, number: int, data: bytes) -> bytes:
    return hashlib.blake2b(_BOTH.pack(revision, number) + data, digest_size=_DIGEST).digest()


def _packed(keys: Keys) -> bytes:
    both = (_KEY.pack(each.spi, each.salt, each.secret) for each in (keys.sending, keys.receiving))
    return _SLOT.pack(keys.number, CIPHERS.index(keys.sending.cipher), *both)


def _unpacked(number: int, cipher: int, sending: bytes, receiving: bytes) -> Keys:
    return Keys(number, _key(cipher, sending), _key(cipher, receiving))


def _key(cipher: int, data: bytes) -> Key:
    spi, salt, secret = _KEY.unpack(data)
    name = CIPHERS[cipher]
    return Key(name, spi, salt, secret[:16] if name == "AES-128-GCM" else secret)
