"""All about one device on one page: what it is, its far end, what it counts, where packets go."""

from collections.abc import Iterable, Iterator
from itertools import chain

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.device import DeviceDetails, QdiscSeen, TunEnd
from tunlab.model.events import Counters
from tunlab.ui import far_end
from tunlab.ui.cells import cells
from tunlab.ui.counter_table import Rates, counter_table, meanings
from tunlab.ui.flow import GAP, flow, labelled
from tunlab.ui.printable import printable
from tunlab.ui.prose import wrapped
from tunlab.ui.repeat import running_command

_MOST = 8  # rows of the fdb, routes, and qdiscs: the page is for a first look
_LABELS = (
    "page_state", "page_flags", "page_addresses", "page_far_end", "page_holders",
    "page_queue", "page_routes", "page_offloads", "page_ports", "page_part_of",
)  # fmt: skip
_PLAIN_STATES = ("UP", "UNKNOWN")  # of which the flags tell enough
_SHORT_NAMES = {
    "tx-checksumming": "tx-checksum",
    "rx-checksumming": "rx-checksum",
    "tcp-segmentation-offload": "tso",
    "generic-segmentation-offload": "gso",
    "generic-receive-offload": "gro",
    "large-receive-offload": "lro",
}


def device_page(
    details: DeviceDetails,
    counters: Counters | None,
    rates: Rates | None,
    words: Words,
    width: int,
    short: bool = False,
) -> RenderableType:
    """The whole page, or in short: a few lines that leave room for packets. No line is wider than `width`."""
    page = _Page(details, words, width)
    return Group(*(page.short(counters, rates) if short else page.whole(counters, rates)))


class _Page:
    def __init__(self, details: DeviceDetails, words: Words, width: int) -> None:
        self._details = details
        self._words = words
        self._width = width
        self._indent = max(cells(words(label)) for label in _LABELS) + GAP - 1
        self._room = width - self._indent

    def short(self, counters: Counters | None, rates: Rates | None) -> Iterator[RenderableType]:
        details = self._details
        head = [
            Text(printable(details.place), "node"),
            Text(details.kind, "bold"),
            *([] if details.state in _PLAIN_STATES else [Text(f"state {details.state}", "fail")]),
            Text(" ".join(details.flags)),
            *self._sizes(),
        ]
        if details.link_address.strip("0:"):
            head.append(Text(self._words("page_mac", address=details.link_address)))
        if details.master:
            head.append(Text(self._words("page_port_of", master=printable(details.master))))
        yield from flow([*head, *map(Text, details.addresses)], self._width)
        far = chain.from_iterable(flow(line, self._room) for line in far_end.in_short(details, self._words))
        yield from self._section("page_far_end", far)
        if counters:
            yield Padding(counter_table(details, counters, rates, self._words, short=True), (0, 0, 0, 2))

    def whole(self, counters: Counters | None, rates: Rates | None) -> Iterator[RenderableType]:
        details, words = self._details, self._words
        yield from flow([Text(printable(details.place), "node"), Text(self._kind(), "bold")], self._width)
        state = self._meaning(f"page_state_{details.state}")
        yield from self._section("page_state", self._told([(details.state, state)]))
        yield from self._section(
            "page_flags", self._told((flag, self._meaning(f"page_flag_{flag}")) for flag in details.flags)
        )
        addresses = [Text(address, "bold") for address in details.addresses] or [Text(words("no_address"))]
        if details.link_address.strip("0:"):
            addresses.append(Text(words("page_mac", address=details.link_address)))
        yield from self._section("page_addresses", flow([*addresses, *self._sizes()], self._room))
        if details.master:
            yield from self._section("page_part_of", [Text(printable(details.master), "bold")])
        yield from self._far_end()
        if counters:
            yield Text(words("page_counters"), "bold")
            yield Padding(counter_table(details, counters, rates, words), (0, 0, 0, 2))
            for sentence in meanings(details, words):
                for line in wrapped(sentence, self._width - 2):
                    yield Text.assemble("  ", line)
        yield from self._section("page_queue", self._queue())
        yield from self._section("page_routes", self._routes())
        yield from self._section("page_offloads", flow(self._offloads(), self._room))

    def _section(self, label: str, lines: Iterable[Text]) -> Iterator[Text]:
        yield from labelled(self._words(label), lines, self._indent)

    def _told(self, pairs: Iterable[tuple[str, str]]) -> Iterator[Text]:
        """Names in a column, each with its meaning beside it."""
        pairs = list(pairs)
        column = max((cells(name) for name, _ in pairs), default=0) + GAP - 1
        for name, meaning in pairs:
            lines = list(wrapped(meaning, max(20, self._room - column))) if meaning else [Text()]
            for number, line in enumerate(lines):
                head = "" if number else name
                yield Text.assemble((head, "bold"), " " * (column - cells(head)), line)

    def _meaning(self, key: str) -> str:
        return self._words.find(key) or ""

    def _kind(self) -> str:
        meaning = self._meaning(f"page_kind_{self._details.kind}")
        return self._words("page_kind", kind=self._details.kind, meaning=meaning) if meaning else self._details.kind

    def _sizes(self) -> list[Text]:
        return [Text(f"mtu {self._details.mtu}"), Text(f"qlen {self._details.txqlen}")]

    def _far_end(self) -> Iterator[RenderableType]:
        details, words = self._details, self._words
        if details.tun:
            yield from self._tun(details.tun)
        far = list(far_end.plain(details, words))
        if far:
            yield from self._section("page_far_end", flow(far, self._room))
        if details.bridge:
            yield from self._section("page_ports", flow(far_end.bridge_words(details.bridge, words), self._room))
        known = details.bridge or details.vxlan
        if known and known.fdb:
            yield Text(words("page_fdb"), "bold")
            yield Padding(far_end.fdb_table(known.fdb[:_MOST], words), (0, 0, 0, 2))
            if len(known.fdb) > _MOST:
                yield Text(
                    "  " + words("page_more_fdb", count=len(known.fdb) - _MOST, device=printable(details.device))
                )

    def _tun(self, tun: TunEnd) -> Iterator[Text]:
        words = self._words
        yield from self._section("page_far_end", flow(far_end.queue_words(tun, words), self._room))
        yield from self._section_on(self._told(far_end.tun_facts(tun, words)))
        holders = (far_end.holder_words(holder, words, whole=True) for holder in tun.holders)
        yield from self._section("page_holders", chain.from_iterable(flow(each, self._room) for each in holders))
        if not tun.holders_visible:
            command = f"sudo {running_command()}"
            label = "" if tun.holders else words("page_holders")
            remedy = [*wrapped(words("page_hidden_remedy"), self._room), *flow([Text(command, "command")], self._room)]
            yield from labelled(label, remedy, self._indent)

    def _section_on(self, lines: Iterable[Text]) -> Iterator[Text]:
        yield from labelled("", lines, self._indent)

    def _queue(self) -> Iterator[Text]:
        qdiscs = self._details.qdiscs
        for qdisc in qdiscs[:_MOST]:
            yield from flow(_qdisc_words(qdisc, self._words), self._room)
        if len(qdiscs) > _MOST:
            yield Text(self._words("page_more", count=len(qdiscs) - _MOST))

    def _routes(self) -> Iterator[Text]:
        routes = self._details.routes
        for route in routes[:_MOST]:
            yield from flow([Text(str(route))], self._room)
        if len(routes) > _MOST:
            yield Text(self._words("page_more", count=len(routes) - _MOST))
        if not routes:
            yield Text(self._words("page_no_routes"))

    def _offloads(self) -> Iterator[Text]:
        for key, on in (("page_on_list", True), ("page_off_list", False)):
            names = [_SHORT_NAMES.get(each.name, each.name) for each in self._details.offloads if each.on == on]
            if names:
                yield Text(self._words(key, names=" ".join(names)))


def _qdisc_words(qdisc: QdiscSeen, words: Words) -> Iterator[Text]:
    yield Text.assemble((qdisc.kind, "bold"), "" if qdisc.parent == "root" else f" {qdisc.parent}")
    if qdisc.kind in ("noqueue", "noop"):
        yield Text(words(f"page_qdisc_{qdisc.kind}"))
        return
    waiting = words("page_waiting", packets=qdisc.backlog_packets, bytes=qdisc.backlog_bytes)
    yield Text(waiting, "unknown" if qdisc.backlog_packets else "")
    yield Text(words("page_qdisc_dropped", count=qdisc.dropped), "fail" if qdisc.dropped else "")
