"""`tunlab inspect` without a live view: the page of a device, then its packets, line by line."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from tunlab.engine.inspection import Arrived, Inspection, Rates
from tunlab.model.device import DeviceDetails
from tunlab.model.events import Counters
from tunlab.ui.device_page import device_page
from tunlab.ui.page import Page
from tunlab.ui.printable import printable
from tunlab.ui.repeat import sentence


class InspectLines:
    """Prints the device once, then each packet as a row. `most`: packets to print, None: no end."""

    def __init__(self, inspection: Inspection, page: Page, most: int | None) -> None:
        self._inspection = inspection
        self._page = page
        self._most = most
        self._printed = 0
        self._described = False

    @property
    def enough(self) -> bool:
        """Whether all that was asked for has been printed, or all that there will be."""
        if self._described and self._inspection.refused:
            return True
        return self._most is not None and self._printed >= self._most

    def described(self, details: DeviceDetails) -> None:
        """The whole page, at first and of each device that has come back."""
        if not self._described:
            self._described = True
            self._page.console.print(
                device_page(details, self._inspection.counters, None, self._page.words, self._page.width)
            )
            if self._inspection.refused:
                reason = sentence(self._inspection.refused, self._page.words)
                self._page.line(self._page.words("inspect_no_packets", problem=reason), "unknown")
            self._page.blank()

    def vanished(self) -> None:
        """Said, and waited for."""
        key = "inspect_gone" if self._described else "inspect_absent"
        self._described = False
        self._page.line(self._page.words(key, device=self._inspection.name), "fail")

    def counted(self, counters: Counters, rates: Rates | None) -> None:
        """Stands on the page already."""

    def arrived(self, packets: Sequence[Arrived]) -> None:
        """A row each; the names of the columns above the first one."""
        rows = packets if self._most is None else packets[: self._most - self._printed]
        words = self._page.words
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", show_header=self._printed == 0)
        table.add_column(words("column_number"), justify="right", no_wrap=True, min_width=5)
        table.add_column(words("column_since"), justify="right", no_wrap=True, min_width=8)
        table.add_column(words("column_direction"), no_wrap=True, min_width=9)
        table.add_column(words("column_bytes"), justify="right", no_wrap=True, min_width=5)
        table.add_column(words("column_what"), overflow="fold")
        for row in rows:
            direction = words("direction_out" if row.packet.outgoing else "direction_in")
            length = str(row.packet.length)
            table.add_row(str(row.number), f"{row.after:.3f}", direction, length, Text(printable(row.summary)))
        if rows:
            self._page.console.print(table)
        self._printed += len(rows)

    def end(self) -> None:
        """How much there was, and what nobody saw."""
        inspection, words = self._inspection, self._page.words
        if not inspection.captured:
            return
        told = words("inspect_captured", count=inspection.captured)
        if left := inspection.not_shown:
            told += words("inspect_left", count=left)
        dropped = inspection.dropped
        told += words("inspect_dropped", count=dropped)
        self._page.line(told, "fail" if dropped else "")
