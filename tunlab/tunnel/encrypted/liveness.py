"""Whether the other end is still there, by what goes and what comes."""

_SILENT, _GONE = 1.5, 4.0  # seconds


class Liveness:
    """`look` from time to time; `heard` when the other end has said something."""

    def __init__(self) -> None:
        self._counted = (0, 0)
        self._unheard_since: float | None = None

    def heard(self) -> None:
        self._unheard_since = None

    def look(self, now: float, sent: int, written: int) -> tuple[bool, bool]:
        """Whether it should be asked, for we send and nothing comes; and whether it has not answered for too long.

        `sent` and `written` are the packets so far.
        """
        (sent_before, written_before), self._counted = self._counted, (sent, written)
        if written != written_before:
            self._unheard_since = None
        elif sent != sent_before and self._unheard_since is None:
            self._unheard_since = now
        silent = 0.0 if self._unheard_since is None else now - self._unheard_since
        return silent > _SILENT, silent > _GONE
