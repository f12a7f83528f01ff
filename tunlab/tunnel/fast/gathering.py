"""Packets that wait one behind the other, gathered to rows as long as they are of equal length."""

from collections.abc import Callable, Iterable, Iterator

from tunlab.tunnel.rows import Rows

MOST_ROWS = 64  # UDP_MAX_SEGMENTS of linux/udp.h, as long as it was that (until 6.9)
MOST_BYTES = 65507  # in a datagram over IPv4: 65535 without IP's and UDP's headers
_SKIPPED = 7  # times


class Gathering:
    """`read` puts what waits next at a place of `view`, and says how many bytes that has; None: nothing waits.

    It also says whether that is more than one packet: then `whole` makes rows of it, at the beginning of `view`.
    `holds`: one has been read that comes after those that are handed out.
    """

    def __init__(
        self,
        view: memoryview,
        read: Callable[[int], tuple[int, bool] | None],
        whole: Callable[[int], Iterable[Rows]],
    ) -> None:
        self._view = view
        self._read = read
        self._whole = whole
        self._skipping = 0
        self.holds = False

    def more(self) -> Iterable[Rows]:
        """All that wait.

        Where nothing waited, nobody looks again for a while: in a conversation nothing ever waits, and looking takes
        time.
        """
        if self._skipping:
            self._skipping -= 1
            return ()
        return self._gathered()

    def _gathered(self) -> Iterator[Rows]:
        view = self._view
        taken = row = 0
        self._skipping = _SKIPPED
        while (found := self._read(taken)) is not None:
            self._skipping = 0
            size, is_whole = found
            no_room = size > row or taken + size > MOST_BYTES or taken == MOST_ROWS * row
            if taken and (is_whole or no_room):
                self.holds = True
                yield Rows(view[:taken], row)
                self.holds = False
                view[:size] = view[taken : taken + size]
                taken = 0
            if is_whole:
                yield from self._whole(size)
                continue
            row = row if taken else size
            taken += size
            if size < row:
                yield Rows(view[:taken], row)
                taken = 0
        if taken:
            yield Rows(view[:taken], row)
