"""Which counters have come already: RFC 6479's window, a ring of words in which nothing is ever shifted."""

_BITS = 64
_WORDS = 32
SIZE = _BITS * (_WORDS - 1)  # so far behind the highest one a counter may come late


class ReplayWindow:
    """`is_new` before a record is decrypted, `seen` once its tag has held: nobody else can move the window."""

    def __init__(self) -> None:
        self._words = [0] * _WORDS
        self._highest = -1

    @property
    def highest(self) -> int:
        """The highest counter that has come; -1 before the first."""
        return self._highest

    def is_new(self, counter: int) -> bool:
        """False of one that has come already, or that is so old that nobody knows."""
        if counter > self._highest:
            return True
        if self._highest - counter >= SIZE:
            return False
        return not self._words[counter // _BITS % _WORDS] >> counter % _BITS & 1

    def seen(self, first: int, count: int = 1) -> None:
        """It has come, or so many in a row have."""
        last = first + count - 1
        if last > self._highest:
            newest = last // _BITS
            for word in range(max(self._highest // _BITS, newest - _WORDS) + 1, newest + 1):
                self._words[word % _WORDS] = 0
            self._highest = last
        for word in range(max(first // _BITS, last // _BITS - _WORDS + 1), last // _BITS + 1):
            begin, end = max(first - word * _BITS, 0), min(last - word * _BITS, _BITS - 1)
            self._words[word % _WORDS] |= (1 << end + 1) - (1 << begin)
