"""From records to packets: what the process that receives does. Nothing comes out of it whose tag does not hold."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from cryptography.exceptions import InvalidTag

from tunlab.tunnel import counts
from tunlab.tunnel.encrypted.keyring import Keyring
from tunlab.tunnel.encrypted.record import HEADER, LAST_COUNTER, OVERHEAD, SPI, TAG, Aead, is_handshake
from tunlab.tunnel.encrypted.replay_window import ReplayWindow
from tunlab.tunnel.rows import Packet, Rows, rows_of
from tunlab.tunnel.whole import Malformed, whole

_LONGEST = 65535


class _Session(NamedTuple):
    number: int
    aead: Aead
    salt: bytes
    window: ReplayWindow


class Opening:
    """`hand_over` gets what is not a record but DTLS."""

    def __init__(self, ring: Keyring, hand_over: Callable[[Packet], None]) -> None:
        self._ring = ring
        self._hand_over = hand_over
        self._revision = -1
        self._sessions: dict[bytes, _Session] = {}
        self.view: memoryview | None = memoryview(bytearray(2 * _LONGEST))

    def unwrap(self, datagram: Packet) -> Packet:
        return whole(self._opened(datagram))

    def unwrap_all(self, rows: Rows, refused: Callable[[Malformed], None]) -> Iterable[tuple[int, Rows]]:
        assert self.view is not None
        done = self._in_order(rows, self.view)
        if done:
            size = rows.size - OVERHEAD
            yield 0, Rows(self.view[: min(done * size, len(rows.data) - done * OVERHEAD)], size)
        if done < rows.count:
            rest = Rows(rows.data[done * rows.size :], rows.size)
            for start, packets in rows_of(self._all(rest, refused), self.view):
                yield done + start, packets

    def _in_order(self, rows: Rows, view: memoryview) -> int:
        """Nearly always all are new, and count up: so they take half the time. How many from the first on are so."""
        self._look()
        data, size = bytes(rows.data), rows.size
        spi, at, counter = data[:SPI], 0, int.from_bytes(data[SPI:HEADER])
        session = self._sessions.get(spi)
        if session is None or not session.window.highest < counter < LAST_COUNTER:
            return 0
        _, aead, salt, window = session
        first, decrypt = counter, aead.decrypt_into
        for start in range(0, len(data), size):
            count = counter.to_bytes(8)
            header = spi + count
            body, end = start + HEADER, start + size
            sealed = data[body:end]
            length = len(sealed) - TAG
            if data[start:body] != header or length <= 0:
                break
            try:
                decrypt(salt + count, sealed, header, view[at : at + length])
            except InvalidTag:
                break
            at += length
            counter += 1
        if counter > first:
            window.seen(first, counter - first)
        return counter - first

    def _all(self, rows: Rows, refused: Callable[[Malformed], None]) -> Iterator[bytes | None]:
        for each in rows:
            try:
                yield self._opened(each)
            except Malformed as fault:
                refused(fault)
                yield None

    def _opened(self, datagram: Packet) -> bytes:
        self._look()
        header = bytes(datagram[:HEADER])
        session = self._sessions.get(header[:SPI])
        if session is None:
            if is_handshake(header):
                self._hand_over(datagram)
                raise Malformed(counts.HANDSHAKE)
            raise Malformed(counts.NO_SESSION)
        if len(datagram) <= OVERHEAD:
            raise Malformed(counts.UNAUTHENTIC)
        count = header[SPI:]
        counter = int.from_bytes(count)
        if not session.window.is_new(counter):
            raise Malformed(counts.REPLAYED)
        try:
            packet = session.aead.decrypt(session.salt + count, datagram[HEADER:], header)
        except InvalidTag:
            raise Malformed(counts.UNAUTHENTIC) from None
        session.window.seen(counter)
        return packet

    def _look(self) -> None:
        """Whether there are other keys by now; a session that goes on keeps its window."""
        if self._ring.revision == self._revision:
            return
        self._revision, (_, sessions) = self._ring.read()
        before = {each.number: each for each in self._sessions.values()}
        self._sessions = {
            keys.receiving.spi: before.get(keys.number)
            or _Session(keys.number, keys.receiving.aead(), keys.receiving.salt, ReplayWindow())
            for keys in sessions
        }
