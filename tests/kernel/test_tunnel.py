"""`tunlab tunnel`, both ends real: a packet's way through it, and how it begins and ends."""

from collections.abc import Callable
from typing import Any

import pytest
from inside import Sandboxed
from underlay import Underlay, underlay

from tunlab.engine.loop import Loop
from tunlab.engine.trace.tracer import Tracer, Wanted

pytestmark = pytest.mark.needs("sandbox", "tun")


def run(sandboxed: Sandboxed, case: Callable[[Underlay], Any], mtu: int = 1500) -> Any:
    def main(_: Any) -> Any:
        with underlay(mtu) as made:
            return case(made)

    return sandboxed(main)


def test_trace_shows_both_endpoints(sandboxed: Sandboxed) -> None:
    def case(net: Underlay) -> Any:
        pids = [net.endpoint(side, **net.reported(node)).pid for side, node in enumerate((net.a, net.b))]
        fds = {"A": net.a.namespace.fileno(), "B": net.b.namespace.fileno()}
        with Loop() as loop, Tracer(fds, loop) as tracer:
            *hops, end = tracer.trace(Wanted("A", "192.168.1.3"))
        return pids, hops, end

    (one, other), hops, end = run(sandboxed, case)
    assert end.state == "answered"
    assert [f"{hop.node}:{hop.where}" for hop in hops] == [
        "A:tun0 out", f"A:tunnel pid {one}", "A:eth0 out", "B:eth0 in", f"B:tunnel pid {other}", "B:tun0 in",
        "B:tun0 out", f"B:tunnel pid {other}", "B:eth0 out", "A:eth0 in", f"A:tunnel pid {one}", "A:tun0 in",
    ]  # fmt: skip
    programs = [hop for hop in hops if hop.program]
    assert [(hop.bytes, hop.bytes_out, hop.direction, hop.inferred) for hop in programs] == [
        (84, 84, "through", False)
    ] * 4
    assert [hop.bytes for hop in hops if hop.device == "eth0"] == [84 + 8 + 20 + 14] * 4
    wrapped, unwrapped = (
        {change.what: change.after or change.before for change in hops[place].changes} for place in (2, 5)
    )
    assert wrapped["wrapped"] == unwrapped["unwrapped"] == "UDP 8, IPv4 20, Ethernet 14"
    assert "100.89.104.21" in hops[2].summary
    assert "100.89.104.22" in hops[2].summary
