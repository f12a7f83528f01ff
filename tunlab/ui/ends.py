"""A device's two ends in one picture: the kernel's side and the program's."""

from itertools import zip_longest

from rich import box
from rich.table import Table
from rich.text import Text

from tunlab.engine.scene import program_name
from tunlab.i18n import Words
from tunlab.model.events import DeviceSeen, Holder
from tunlab.model.topology import Endpoint
from tunlab.ui.printable import printable
from tunlab.ui.view import View


def both_ends(view: View, at: Endpoint, words: Words, spare: bool = False) -> Table:
    """The kernel's side of a device and the program's, in one table; `spare` leaves out what is seldom looked at."""
    seen = view.device(at)
    table = Table(box=box.ASCII2, padding=(0, 1), expand=False)
    if seen is None:
        table.add_column(Text(words("kernel_side", device=at.device)))
        table.add_row(words("device_gone"))
        return table
    table.add_column(Text(words("kernel_side", device=at.device), style="bold"), overflow="fold")
    table.add_column("", no_wrap=True)
    table.add_column(Text(_program(seen, words), style="bold"), overflow="fold")
    state = f"state {seen.state}"
    kernel = [" ".join(seen.flags), state if spare else f"{state}  mtu {seen.mtu}  qdisc {seen.qdisc}"]
    kernel += seen.addresses or [words("no_address")]
    holders = [_holder(view, at, holder, words, len(seen.holders) > 1) for holder in seen.holders]
    commands = [] if spare else [printable(holder.command) for holder in seen.holders]
    pairs = [line for pair in zip_longest(holders, commands) for line in pair if line is not None]
    table.add_row("\n".join(kernel), "", Text("\n".join(pairs)))
    for ours, arrow, theirs in (("sent", "---->", "read"), ("received", "<----", "written")):
        table.add_row(_did(view, at, ours, words), arrow, _did(view, at, theirs, words), style="bold")
    counters = view.counters.get((at.node, at.device))
    if counters and (counters.tx_dropped or counters.rx_dropped):
        table.add_row(words("end_dropped", tx=counters.tx_dropped, rx=counters.rx_dropped), "", "")
    return table


def _holder(view: View, at: Endpoint, holder: Holder, words: Words, several: bool) -> str:
    """Who holds the device; of several, also how much each has read."""
    told = words("program_pid", pid=holder.pid, fd=holder.fd)
    if not several:
        return told
    count = view.told_by[at.node, at.device, holder.program or "", "read"]
    return words("program_of_several", program=name_of(holder), told=told, count=count)


def shares(view: View, at: Endpoint, words: Words) -> list[Text]:
    """Of several programs behind a device, how much each has read, once one has: a line."""
    seen = view.device(at)
    if seen is None or len(seen.holders) < 2 or not view.end(at.node, at.device, "read").packets:
        return []
    told = [
        words(
            "share",
            program=name_of(each),
            pid=each.pid,
            count=view.told_by[at.node, at.device, each.program or "", "read"],
        )
        for each in seen.holders
    ]
    return [Text(words("shares", told=words("share_between").join(told)), style="verdict")]


def _did(view: View, at: Endpoint, direction: str, words: Words) -> str:
    end = view.end(at.node, at.device, direction)
    grown = view.grown(at.node, at.device, direction)
    more = "" if grown is None else words("end_more", count=grown)
    return words(f"end_{direction}", packets=end.packets, bytes=end.size, more=more)


def _program(seen: DeviceSeen, words: Words) -> str:
    names = [name_of(holder) for holder in seen.holders]
    return words("program_side", program=", ".join(names)) if names else words("program_none")


def name_of(holder: Holder) -> str:
    """The lab's name of a program with what it really is, where that is another, or the latter alone."""
    kind = printable(program_name(holder.command))
    if not holder.program or holder.program == kind:
        return kind
    return f"{holder.program} ({kind})" if kind else holder.program
