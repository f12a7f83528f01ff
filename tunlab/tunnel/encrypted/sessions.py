"""The sessions that there are keys for: which one is sent with, when there should be a new one, when one is over."""

import time

from tunlab.tunnel.encrypted.keyring import Held, Keyring
from tunlab.tunnel.encrypted.record import Keys

# A session is replaced after so many seconds (--rekey), by the server after _LATE times that, and not used beyond _END
# times that.
_LATE, _END = 1.25, 1.5
_RECORDS = 1 << 24  # RFC 8446, 5.5: so many full records of AES-GCM have a margin
_MOST = 3


class Sessions:
    """`number`: how many there have been. `confirmed`: the other end has the latest one's keys too."""

    def __init__(self, ring: Keyring, rekey: float) -> None:
        self._ring = ring
        self._rekey = rekey
        self._all: list[tuple[Keys, float]] = []  # and until when; the latest is the last
        self._sending: Keys | None = None
        self._sent_before = 0
        self.number = 0
        self.confirmed = False

    def __bool__(self) -> bool:
        return bool(self._all)

    @property
    def keys(self) -> tuple[Keys, ...]:
        """Of all from which something may come."""
        return tuple(keys for keys, _ in self._all)

    def add(self, keys: Keys, sent: int, send: bool) -> None:
        """A new one, to `send` with at once. `sent`: packets, by all of them."""
        self.number, self.confirmed, self._sent_before = keys.number, False, sent
        self._all = [*self._all, (keys, time.monotonic() + _END * self._rekey)][-_MOST:]
        if send:
            self._sending = keys
        self._publish()

    def confirm(self) -> None:
        """It is known that both ends have the latest one's keys."""
        self.confirmed = True
        self._sending = self._all[-1][0] if self._all else None
        self._publish()
        self._ring.confirmed = self.number

    def drop_old(self, now: float) -> None:
        """Forget those that are over."""
        if self._all and self._all[0][1] < now:
            self._all = [each for each in self._all if each[1] >= now]
            if self._sending not in self.keys:
                self._sending = None
            self._publish()

    def is_due(self, now: float, client: bool, sent: int) -> bool:
        """Whether there should be a new one."""
        if not self._all:
            return True
        left = self._all[-1][1] - now
        late = 1.0 if client else _LATE
        return left < (_END - late) * self._rekey or sent - self._sent_before > _RECORDS

    def _publish(self) -> None:
        self._ring.write(Held(self._sending, self.keys))
