"""Scenes to draw, small ones by hand and any by Hypothesis."""

from collections.abc import Sequence

from hypothesis import strategies as st

from tunlab.model.endpoint import Endpoint
from tunlab.model.scene import Scene, SceneDevice, SceneLink, SceneNode


def scene(name: str, devices: dict[str, Sequence[SceneDevice]], links: Sequence[str] = (), live: bool = False) -> Scene:
    """The nodes are written `r1 router`; a link `h1:eth0 r1:eth1`, maybe with a kind and a label behind it."""
    nodes = []
    for title, its in devices.items():
        node, _, kind = title.partition(" ")
        nodes.append(SceneNode(node, kind or "host", tuple(its)))
    return Scene(name, tuple(nodes), tuple(map(_link, links)), live)


def _link(text: str) -> SceneLink:
    one, other, kind, label = (text.split(" ", 3) + ["veth", ""][max(0, text.count(" ") - 1) :])[:4]
    (node, device), (far, end) = one.split(":"), other.split(":")
    return SceneLink((Endpoint(node, device), Endpoint(far, end)), kind, label)


def veth(name: str, *addresses: str, state: str | None = None, master: str | None = None) -> SceneDevice:
    return SceneDevice(name, "veth", addresses, state, master)


ROUTED = scene(
    "routed",
    {
        "h1": [veth("eth0", "10.0.1.2/24")],
        "h2": [veth("eth0", "10.0.2.2/24")],
        "r1 router": [veth("eth1", "10.0.1.1/24"), veth("eth2", "10.0.2.1/24")],
    },
    ["h1:eth0 r1:eth1", "r1:eth2 h2:eth0 veth 10mbit, delay 20ms"],
)
LIVE = scene(
    "live",
    {
        "h1": [
            veth("eth0", "10.0.1.2/24", state="NO-CARRIER"),
            SceneDevice("tun0", "tun", ("192.0.2.1/24",), "UP", program="echo pid 12"),
        ],
        "h2": [veth("eth0", "10.0.1.3/24", state="DOWN")],
    },
    ["h1:eth0 h2:eth0"],
    live=True,
)
STAR = scene(
    "star",
    {
        "s1 bridge": [*(veth(f"port{n}", master="br0") for n in (1, 2, 3)), SceneDevice("br0", "bridge")],
        **{f"h{n}": [veth("eth0", f"10.0.0.{n}/24")] for n in (1, 2, 3)},
    },
    [f"s1:port{n} h{n}:eth0" for n in (1, 2, 3)],
)
TUNNEL = scene(
    "tunnel",
    {
        "h1": [veth("eth0", "10.0.1.2/24"), SceneDevice("vx0", "vxlan", ("192.168.7.1/24",), lower="eth0")],
        "r1 router": [veth("eth1", "10.0.1.1/24"), veth("eth2", "10.0.2.1/24")],
        "h2": [veth("eth0", "10.0.2.2/24"), SceneDevice("vx0", "vxlan", ("192.168.7.2/24",), lower="eth0")],
    },
    ["h1:eth0 r1:eth1", "r1:eth2 h2:eth0", "h1:vx0 h2:vx0 vxlan 7"],
)
RING = scene(
    "ring",
    {f"r{n} router": [veth("a"), veth("b")] for n in (1, 2, 3, 4, 5)},
    [f"r{n}:a r{n % 5 + 1}:b" for n in (1, 2, 3, 4, 5)],
)
BIG = scene(
    "big",
    {
        "s1 bridge": [veth(f"p{n}", master="br0") for n in range(199)],
        **{f"h{n}": [veth("eth0", f"10.0.0.{n}/24")] for n in range(199)},
    },
    [f"s1:p{n} h{n}:eth0" for n in range(199)],
)
ALL = {each.name: each for each in (ROUTED, LIVE, STAR, TUNNEL, RING, BIG)}

_TEXT = st.text(min_size=1, max_size=18)  # a running sandbox may tell anything
_STATES = st.sampled_from([None, "UP", "DOWN", "NO-CARRIER"])
_DEVICES = st.builds(
    SceneDevice,
    _TEXT,
    st.sampled_from(["veth", "tun", "tap", "bridge", "vxlan", "odd"]),
    st.lists(_TEXT, max_size=3).map(tuple),
    _STATES,
    st.none() | _TEXT,
    st.none() | _TEXT,
    st.none() | _TEXT,
)
_NODES = st.builds(
    SceneNode,
    _TEXT,
    st.sampled_from(["host", "router", "bridge", "odd"]),
    st.lists(_DEVICES, max_size=4, unique_by=lambda each: each.name).map(tuple),
)


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Any nodes with any links between them, among these some that lead nowhere."""
    nodes = tuple(draw(st.lists(_NODES, max_size=7, unique_by=lambda each: each.name)))
    ends = [Endpoint(node.name, each.name) for node in nodes for each in node.devices]
    ends.append(Endpoint("gone", "eth0"))
    one = st.sampled_from(ends)
    link = st.builds(SceneLink, st.tuples(one, one), st.sampled_from(["veth", "veth", "vxlan"]), st.just("") | _TEXT)
    return Scene(draw(_TEXT), nodes, tuple(draw(st.lists(link, max_size=8))), draw(st.booleans()))
