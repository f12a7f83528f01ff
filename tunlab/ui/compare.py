"""Devices side by side, asked the same questions: what is alike, and where they differ."""

from collections.abc import Callable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.events import DeviceSeen
from tunlab.model.topology import Endpoint
from tunlab.ui.ends import name_of
from tunlab.ui.view import View


def compared(view: View, devices: Sequence[Endpoint], words: Words) -> Table:
    """A question a row, a device a column; what tells them apart most comes first."""
    table = Table(box=box.ASCII2, padding=(0, 1), expand=False)
    table.add_column(words("compare_question"))
    for at in devices:
        table.add_column(Text(str(at), style="bold"), overflow="fold")
    for key, answer in _QUESTIONS.items():
        if key == "master" and not any(_master(view, at) for at in devices):
            continue
        answers = [answer(view, at, words) for at in devices]
        table.add_row(words(f"compare_{key}"), *map(Text, answers))
    return table


def _of_device(answer: Callable[[DeviceSeen, Words], str]) -> Callable[[View, Endpoint, Words], str]:
    def answered(view: View, at: Endpoint, words: Words) -> str:
        seen = view.device(at)
        return answer(seen, words) if seen else words("device_gone")

    return answered


def _counted(direction: str) -> Callable[[View, Endpoint, Words], str]:
    def answered(view: View, at: Endpoint, words: Words) -> str:
        if view.device(at) is None:
            return words("device_gone")
        grown = view.grown(at.node, at.device, direction)
        more = "" if grown is None else words("end_more", count=grown)
        return words("compare_packets", count=view.end(at.node, at.device, direction).packets) + more

    return answered


def _far_end(seen: DeviceSeen, words: Words) -> str:
    holders = [words("compare_program", program=name_of(each), pid=each.pid, fd=each.fd) for each in seen.holders]
    return "\n".join(holders) or (words("compare_peer", peer=seen.peer) if seen.peer else words("compare_nobody"))


def _master(view: View, at: Endpoint) -> str | None:
    seen = view.device(at)
    return seen.master if seen else None


_QUESTIONS: dict[str, Callable[[View, Endpoint, Words], str]] = {
    "far": _of_device(_far_end),
    "master": _of_device(lambda seen, words: seen.master or words("compare_none")),
    "link": _of_device(lambda seen, words: seen.link_address or words("compare_none")),
    "flags": _of_device(lambda seen, _: " ".join(sorted(seen.flags))),
    "state": _of_device(lambda seen, _: seen.state),
    "sent": _counted("sent"),
    "received": _counted("received"),
    "mtu": _of_device(lambda seen, _: str(seen.mtu)),
    "address": _of_device(lambda seen, words: "\n".join(seen.addresses) or words("no_address")),
    "kind": _of_device(lambda seen, _: seen.kind),
}
