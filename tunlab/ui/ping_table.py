"""What a ping shows: a table that lives on a terminal, lines as ping(8) prints them, or JSON."""

import json
from collections import deque

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.events import Entry
from tunlab.model.ping import PingAnswer, PingFinished
from tunlab.session.log import EventLog
from tunlab.ui.output import Output
from tunlab.ui.page import Page
from tunlab.ui.printable import printable_line

ROWS = 15  # requests that the table keeps
_AROUND = 5  # lines: title, counts, times, the table's head, and where the cursor is

# by IP version, type and code: RFC 792, RFC 4443
_PROBLEMS = {
    (4, 3, 0): "ping_net", (4, 3, 6): "ping_net", (6, 1, 0): "ping_net", (6, 1, 6): "ping_net",
    (4, 3, 1): "ping_host", (4, 3, 7): "ping_host", (6, 1, 3): "ping_host",
    (4, 3, 3): "ping_port", (6, 1, 4): "ping_port",
    (4, 3, 9): "ping_prohibited", (4, 3, 10): "ping_prohibited", (4, 3, 13): "ping_prohibited",
    (6, 1, 1): "ping_prohibited", (6, 1, 5): "ping_prohibited",
    (4, 3, 4): "ping_too_big_there", (6, 2, 0): "ping_too_big_there",
    (4, 11, 0): "ping_ttl", (6, 3, 0): "ping_ttl",
    (4, 11, 1): "ping_reassembly", (6, 3, 1): "ping_reassembly",
}  # fmt: skip


def problem(answer: PingAnswer, words: Words) -> str:
    """An ICMP error in words."""
    version, kind, code = answer.icmp or (0, 0, 0)
    return words(_PROBLEMS.get((version, kind, code), "ping_other"), mtu=answer.mtu, kind=kind, code=code)


def _milliseconds(nanoseconds: int | None) -> str:
    return "?" if nanoseconds is None else f"{nanoseconds / 1e6:.3f}"


def _note(answer: PingAnswer, words: Words) -> str:
    if answer.duplicate:
        return words("ping_duplicate")
    return words("ping_late") if answer.late else ""


def counts(summary: PingFinished, words: Words) -> str:
    """How many there were of everything."""
    text = words("ping_counts", sent=summary.sent, answered=summary.answered, lost=f"{summary.lost:.3g}")
    if summary.duplicates:
        text += words("ping_more_duplicates", count=summary.duplicates)
    return text + (words("ping_more_errors", count=summary.errors) if summary.errors else "")


def times(summary: PingFinished, words: Words) -> str:
    """How long they took; empty where nothing came back."""
    if summary.least_ns is None:
        return ""
    all_three = (_milliseconds(each) for each in (summary.least_ns, summary.average_ns, summary.most_ns))
    return words("ping_times", **dict(zip(("least", "average", "most"), all_three, strict=True)))


def heading(node: str, address: str, size: int, words: Words) -> str:
    """Who pings whom."""
    return words("ping_from" if node else "ping_heading", node=node, address=printable_line(address), size=size)


class PingLines:
    """A line for each answer, and the summary."""

    def __init__(self, page: Page, title: str) -> None:
        self._page = page
        self._title = title
        self._said = False

    def sent(self, _number: int, _summary: PingFinished) -> None:
        if not self._said:
            self._said = True
            self._print(self._title)

    def answered(self, answer: PingAnswer, _summary: PingFinished) -> None:
        words = self._page.words
        if answer.kind == "refused":
            self._print(words("ping_refused", number=answer.number, problem=answer.problem))
        elif answer.kind == "error":
            self._print(words("ping_error", sender=answer.sender, number=answer.number, problem=problem(answer, words)))
        else:
            note = _note(answer, words)
            time = words("ping_ms", time=_milliseconds(answer.round_trip_ns))
            self._print(
                words(
                    "ping_reply", bytes=answer.bytes, sender=answer.sender, number=answer.number, ttl=answer.ttl,
                    time=time, note=f" ({note})" if note else "",
                )
            )  # fmt: skip

    def finished(self, summary: PingFinished) -> None:
        words = self._page.words
        self._print("")
        self._print(words("ping_statistics", address=printable_line(summary.address)))
        for line in (counts(summary, words), times(summary, words)):
            if line:
                self._print(line)

    def _print(self, line: str) -> None:
        print(line, file=self._page.console.file, flush=True)


class PingTable:
    """The last requests with what came back for each, under what it all adds up to; the last picture stays."""

    def __init__(self, page: Page, title: str) -> None:
        self._page = page
        self._title = title
        self._rows: deque[tuple[int, PingAnswer | None]] = deque(maxlen=ROWS)
        self._live = Live(console=page.console, auto_refresh=False, vertical_overflow="crop")

    def sent(self, number: int, summary: PingFinished) -> None:
        if number == 1:
            self._live.start()
        self._rows.append((number, None))
        self._show(summary)

    def answered(self, answer: PingAnswer, summary: PingFinished) -> None:
        place = next((at for at, row in enumerate(self._rows) if row == (answer.number, None)), None)
        if place is not None:
            self._rows[place] = answer.number, answer
        else:
            self._rows.append((answer.number, answer))
        self._show(summary)

    def finished(self, summary: PingFinished) -> None:
        self._show(summary)
        self._live.stop()

    def close(self) -> None:
        """Give the terminal back; twice does no harm."""
        self._live.stop()

    def _show(self, summary: PingFinished) -> None:
        self._live.update(self.drawn(summary), refresh=True)

    def drawn(self, summary: PingFinished) -> Group:
        """The whole picture."""
        words = self._page.words
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column("#", justify="right", no_wrap=True)
        table.add_column(words("ping_column_bytes"), justify="right", no_wrap=True)
        table.add_column(words("ping_column_from"), no_wrap=True)
        table.add_column(words("ping_column_ttl"), justify="right", no_wrap=True)
        table.add_column(words("ping_column_time"), justify="right", no_wrap=True)
        table.add_column("", overflow="fold")
        room = max(1, self._page.console.height - _AROUND)
        for number, answer in list(self._rows)[-room:]:
            table.add_row(*(Text(each) for each in self._cells(number, answer)), style=_style(answer))
        lines = [Text(self._title, style="bold"), Text(counts(summary, words))]
        if line := times(summary, words):
            lines.append(Text(line))
        return Group(*lines, table)

    def _cells(self, number: int, answer: PingAnswer | None) -> tuple[str, ...]:
        words = self._page.words
        if answer is None:
            return str(number), "", "", "", "", words("ping_waiting")
        if answer.kind == "refused":
            return str(number), "", "", "", "", words("ping_not_sent", problem=answer.problem)
        time = words("ping_ms", time=_milliseconds(answer.round_trip_ns))
        if answer.kind == "error":
            return str(number), "", answer.sender, str(answer.ttl), time, problem(answer, words)
        return str(number), str(answer.bytes), answer.sender, str(answer.ttl), time, _note(answer, words)


class PingJson:
    """An event for each answer, and one for all of them."""

    def __init__(self, lab: str) -> None:
        self._output = Output()
        self._log = EventLog()
        self._log.lab = lab
        self._log.follow(self._write)

    def sent(self, number: int, summary: PingFinished) -> None:
        """Said by what comes of it."""

    def answered(self, answer: PingAnswer, _summary: PingFinished) -> None:
        self._log.add(answer)

    def finished(self, summary: PingFinished) -> None:
        self._log.add(summary)

    def _write(self, entry: Entry) -> None:
        print(json.dumps(entry.as_json()), file=self._output, flush=True)


def _style(answer: PingAnswer | None) -> str:
    if answer is None:
        return "dim"
    return "" if answer.kind == "reply" and not (answer.duplicate or answer.late) else "yellow"
