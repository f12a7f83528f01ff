"""What became of a traced packet, in prose: in the language of the prose."""

import pytest

from tunlab.i18n import Words
from tunlab.model.trace import STATES, Outcome, Reason
from tunlab.ui.filled import filled

UNREAD = Reason(
    "why_port_unread",
    values=(("node", "B"), ("protocol", "UDP"), ("port", "8285"), ("program", "t"), ("pid", "7")),
)
NO_ROUTE = Reason("why_no_route", values=(("node", "h1"), ("to", "192.0.2.7"), ("network", "192.0.2.0/24")))


@pytest.mark.parametrize(
    ("outcome", "english", "chinese"),
    [
        (Outcome("refused"), "refused", "被拒绝"),
        (Outcome(last="h1:eth0 out"), "h1:eth0 out", "h1:eth0 出"),
        (Outcome("lost", "h1:tun0 in"), "lost, h1:tun0 in", "丢失，h1:tun0 入"),
        (Outcome(last="-"), "-", "-"),
        (Outcome(), "-", "-"),
        (
            Outcome(why=UNREAD),
            "the packet has arrived, and waits at UDP port 8285 of B: t (pid 7) does not read it",
            "包已经到了，还在 B 的 UDP 端口 8285 等着：t（pid 7）没有读它",
        ),
        (Outcome(why=NO_ROUTE), "h1 has no route to 192.0.2.7", "h1 没有到 192.0.2.7 的路由"),  # and no remedy
    ],
)
def test_in_the_language_of_the_prose(outcome: Outcome, english: str, chinese: str) -> None:
    values = {"two.end": outcome, "two.count": "3"}
    assert filled("<{two.end}> {two.count} {two.other}", values, Words("en")) == f"<{english}> 3 ?"
    assert filled("<{two.end}> {two.count} {two.other}", values, Words("zh")) == f"<{chinese}> 3 ?"


def test_every_state_has_its_words() -> None:
    for state in STATES:
        english, chinese = (filled("{a.b}", {"a.b": Outcome(state)}, Words(language)) for language in ("en", "zh"))
        assert english == state and chinese.isprintable() and not chinese.isascii()
