"""One packet followed through the kernel's own IPsec, which encrypts it where no device and no program is."""

from typing import Any

import pytest
from inside import Sandboxed
from lost import Network
from test_trace import THERE_AND_BACK, changed, places, run, traced

pytestmark = pytest.mark.needs("sandbox", "xfrm")

ENDS = ("10.0.1.2", "10.0.2.2")
KEY = "0x000102030405060708090a0b0c0d0e0f10111213"


def protect(net: Network, mode: str) -> None:
    """All that h1 and h2 send to each other."""
    for node, own in ((net.h1, ENDS[0]), (net.h2, ENDS[1])):
        for number, (source, destination) in enumerate((ENDS, ENDS[::-1]), 0x1001):
            esp = ("src", source, "dst", destination, "proto", "esp")
            cipher = ("aead", "rfc4106(gcm(aes))", KEY, "128")
            node.output("ip", "xfrm", "state", "add", *esp, "spi", hex(number), "mode", mode, *cipher)
            way = ("src", source, "dst", destination, "dir", "out" if source == own else "in")
            node.output("ip", "xfrm", "policy", "add", *way, "tmpl", *esp, "mode", mode)


def test_tunnel(sandboxed: Sandboxed) -> None:
    """Encrypted from its first device on, and seen in clear where it was unpacked, for the second time there."""

    def case(net: Network) -> Any:
        protect(net, "tunnel")
        return traced(net.nodes, ENDS[1])

    hops, end = run(sandboxed, case)
    there, back = THERE_AND_BACK[:4], THERE_AND_BACK[4:]
    assert (end.state, end.last) == ("answered", "h1:eth0 in")
    assert places(hops) == [*there, "h2:eth0 in", *back, "h1:eth0 in"]
    assert [hop.inferred for hop in hops] == [True] * 4 + [False] + [True] * 4 + [False]
    assert [hop.way for hop in hops] == ["there"] * 5 + ["back"] * 5
    assert [hop.us for hop in hops] == sorted(hop.us for hop in hops)
    assert {"ESP" in hop.summary for hop in hops if hop.inferred} == {True}
    assert changed(hops[0])["wrapped"] == ("", "IPv4 20, ESP 8")
    assert changed(hops[2])["ttl"] == ("64", "63")
    assert changed(hops[4])["unwrapped"] == ("IPv4 20, ESP 8", "")


@pytest.mark.parametrize("case", ["transport", "no state"])
def test_nowhere_in_clear(sandboxed: Sandboxed, case: str) -> None:
    """As far as the encrypted packet went, and no reason that would be a guess."""

    def main(net: Network) -> Any:
        protect(net, "transport" if case == "transport" else "tunnel")
        if case == "no state":
            net.h2.output("ip", "xfrm", "state", "flush")
        return traced(net.nodes, ENDS[1], patience=0.3)

    hops, end = run(sandboxed, main)
    assert places(hops) == THERE_AND_BACK[:4]
    assert all(hop.inferred for hop in hops)
    assert end.why is not None
    assert (end.state, end.last, end.why.key) == ("lost", "h2:eth0 in", "why_encrypted")
