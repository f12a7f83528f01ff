"""How often a packet crosses a node's protocol stack, counted on its hops."""

import pytest

from tunlab.model.trace import Hop, crossings, last_path


def path(*places: str) -> list[Hop]:
    """`h1:eth0 out`; `h1:br0/eth0 in` is a port of br0, `h1:echo through` the program at tun0."""
    hops = []
    for number, place in enumerate(places, 1):
        node, _, rest = place.partition(":")
        where, _, direction = rest.partition(" ")
        bridge, _, device = where.rpartition("/")
        hops.append(
            Hop(
                "s", 1, number, node, f"{device} {direction}", "there", device, direction, 0.0, 84, "",
                program=None if direction in ("in", "out") else device, port_of=bridge,
            )
        )  # fmt: skip
    return hops


@pytest.mark.parametrize(
    ("places", "times"),
    [
        ((), 0),
        (("h1:eth0 in",), 1),
        (("h1:eth0 in", "h1:server received"), 1),
        (("h1:eth0 in", "h1:eth1 out"), 1),
        (("h1:tun0 out",), 1),
        (("h1:tun0 out", "h1:tunnel through", "h1:eth0 out"), 2),
        (("h1:eth0 in", "h1:tunnel through", "h1:tun0 in"), 2),
        (("h1:eth0 in", "h1:tunnel through", "h1:tun0 in", "h1:eth1 out"), 2),
        (("h1:br0/eth0 in", "h1:br0/tap0 out"), 0),
        (("h1:br0/eth0 in", "h1:br0 in"), 1),
        (("h0:eth0 out", "h1:eth0 in", "h2:eth0 in"), 1),
    ],
)
def test_crossings(places: tuple[str, ...], times: int) -> None:
    assert crossings(path(*places), "h1", "there") == times
    assert crossings(path(*places), "h1", "back") == 0


def test_the_last_path() -> None:
    first, last = path("h1:eth0 out", "h2:eth0 in"), path("h1:eth0 out")
    assert last_path([*first, *last]) == last
    assert last_path([]) == ()
