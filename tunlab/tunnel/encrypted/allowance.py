"""How often something may be done that strangers can cause: a bucket of tokens that fills up again with time."""

import time


class Allowance:
    """At most `at_once`, and `a_second` in the long run."""

    def __init__(self, at_once: int, a_second: float) -> None:
        self._most = self._left = float(at_once)
        self._a_second = a_second
        self._then = time.monotonic()

    def take(self) -> bool:
        """Whether it may be done now; if so, it counts."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._then) * self._a_second)
        self._then = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
