"""From packets to records: what the process that sends does."""

import errno
import os
from collections.abc import Iterable

from tunlab.tunnel.encrypted.keyring import Keyring
from tunlab.tunnel.encrypted.record import HEADER, LAST_COUNTER, OVERHEAD, TAG, Aead
from tunlab.tunnel.rows import Packet, Rows

_LONGEST = 65535


class Sealing:
    """The only one that counts: so no counter is used twice with the same key.

    It raises OSError with ENOKEY while there is no key, as the kernel's wireguard does.
    """

    def __init__(self, ring: Keyring) -> None:
        self._ring = ring
        self._revision = -1
        self._number = 0
        self._counter = LAST_COUNTER
        self._aead: Aead | None = None
        self._spi = self._salt = b""
        self._view = memoryview(bytearray(2 * _LONGEST))

    def wrap(self, packet: Packet) -> Packet:
        aead, counter = self._take(1)
        count = counter.to_bytes(8)
        header = self._spi + count
        return header + aead.encrypt(self._salt + count, packet, header)

    def wrap_all(self, rows: Rows) -> Iterable[Rows]:
        aead, counter = self._take(rows.count)
        seal, spi, salt, view = aead.encrypt_into, self._spi, self._salt, self._view
        size = rows.size + OVERHEAD
        start = 0
        for packet in rows:
            count = counter.to_bytes(8)
            header = spi + count
            body = start + HEADER
            view[start:body] = header
            seal(salt + count, packet, header, view[body : body + len(packet) + TAG])
            counter += 1
            start += size
        return (Rows(view[: len(rows.data) + rows.count * OVERHEAD], size),)

    def _take(self, count: int) -> tuple[Aead, int]:
        """The first of so many counters that nobody else has."""
        if self._ring.revision != self._revision:
            self._renew()
        first = self._counter
        if self._aead is None or first + count > LAST_COUNTER:
            raise OSError(errno.ENOKEY, os.strerror(errno.ENOKEY))
        self._counter += count
        return self._aead, first

    def _renew(self) -> None:
        self._revision, (keys, _) = self._ring.read()
        if keys is None:
            self._aead = None
        elif keys.number > self._number:  # never one before: its counters may have been used
            self._number, self._counter = keys.number, 0
            self._aead, self._spi, self._salt = keys.sending.aead(), keys.sending.spi, keys.sending.salt
        elif keys.number < self._number:
            self._aead = None
