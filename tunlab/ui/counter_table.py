"""A device's counters, and what they count: for a tun another thing than for a cable."""

from typing import Protocol

from rich.table import Table
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.device import DeviceDetails
from tunlab.model.events import Counters

_KINDS = {
    "tun": "program", "tap": "program",
    "veth": "peer", "loopback": "loopback", "bridge": "bridge",
}  # fmt: skip


class Rates(Protocol):
    """Packets a second in both directions."""

    @property
    def rx(self) -> float: ...
    @property
    def tx(self) -> float: ...


def counter_table(
    details: DeviceDetails, counters: Counters, rates: Rates | None, words: Words, short: bool = False
) -> Table:
    """TX and RX, a row each, with the direction in words; in short, where no meanings follow: what is counted."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="")
    table.add_column("", no_wrap=True)
    for key in ("page_packets", "column_bytes", "page_rate", "page_dropped"):
        table.add_column(words(key), justify="right", no_wrap=True)
    side = _KINDS.get(details.kind, "other")
    side = "short" if short and side == "program" else side
    for way, row in (
        ("tx", (counters.tx_packets, counters.tx_bytes, rates and rates.tx, counters.tx_dropped)),
        ("rx", (counters.rx_packets, counters.rx_bytes, rates and rates.rx, counters.rx_dropped)),
    ):
        packets, size, rate, dropped = row
        table.add_row(
            Text.assemble((way.upper(), "bold"), "  ", words(f"page_{way}_{side}")),
            _count(packets),
            _count(size),
            "-" if rate is None else f"{rate:.1f}",
            Text(_count(dropped), "fail" if dropped else ""),
        )
    return table


def _count(number: int) -> str:
    """Every digit, up to ten of them."""
    return str(number) if number < 10**10 else f"{number / 10**9:.1f} G"


def meanings(details: DeviceDetails, words: Words) -> list[str]:
    """The sentences that stop the usual confusion about this kind of device."""
    side = _KINDS.get(details.kind, "other")
    if side == "program":
        return [words("page_tx_counts", queue=details.txqlen), words("page_rx_counts")]
    return [] if side == "other" else [words(f"page_counts_{side}")]
