"""The figure of a node: what is in it, and that it fits."""

from dataclasses import replace

import pytest
from rich.console import Console

from tunlab.i18n import Words
from tunlab.model.events import DeviceSeen, Holder
from tunlab.model.trace import Hop, Traced
from tunlab.ui.cells import cells
from tunlab.ui.node_figure import HEIGHT, node_figure


def device(name: str, kind: str, *addresses: str, holder: str | None = None, peer: str | None = None) -> DeviceSeen:
    holders = (Holder(7, 3, f"./{holder}", holder),) if holder else ()
    return DeviceSeen("h1", name, kind, ("UP",), "UP", 1500, "", 500, addresses, holders, peer=peer)


def hop(number: int, node: str, device: str, direction: str, way: str = "there", **more: str | int) -> Hop:
    program = more.pop("program", None)
    where = f"{program} pid 7" if program else f"{device} {direction}"
    return Hop("s", 1, number, node, where, way, device, direction, 0.0, 84, "", program=program, **more)  # type: ignore[arg-type]


ETH0 = device("eth0", "veth", "192.0.2.1/24", peer="h2:eth0")
TUN0 = device("tun0", "tun", "10.0.0.1/24", holder="echo")
LO = device("lo", "loopback", "127.0.0.1/8")
RECEIVED = [
    hop(1, "h2", "eth0", "out"),
    hop(2, "h1", "eth0", "in"),
    hop(3, "h1", "", "received", program="server", pid=7, socket="UDP :5000"),
    hop(4, "h1", "eth0", "out", "back"),
]
THROUGH = [
    hop(1, "h1", "tun0", "out"),
    hop(2, "h1", "tun0", "through", program="echo", pid=7),
    hop(3, "h1", "tun0", "in", "back"),
]
BR0 = device("br0", "bridge", "198.51.100.3/24")
PORTS = [replace(ETH0, addresses=(), master="br0"), replace(device("tap0", "tap", holder="guest"), master="br0")]
BRIDGED = [
    hop(1, "h2", "eth0", "out"),
    hop(2, "h1", "eth0", "in", port_of="br0"),
    hop(3, "h1", "tap0", "out", port_of="br0"),
    hop(4, "h1", "tap0", "through", program="guest", pid=7, port_of="br0"),
    hop(5, "h1", "tap0", "in", "back", port_of="br0"),
    hop(6, "h1", "eth0", "out", "back", port_of="br0"),
]
LONG = device("a-device-so-long", "veth", "2001:db8:1111:2222:3333:4444:5555:6666/64", peer="h2:b")


def drawn(
    hops: list[Hop], devices: list[DeviceSeen], language: str = "en", width: int = 76, end: Traced | None = None
) -> list[str]:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(node_figure("h1", devices, hops, end, Words(language), width))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_classic_path() -> None:
    lines = drawn(RECEIVED, [LO, ETH0])
    text = "\n".join(lines)
    for wanted in ("server pid 7  3>", "UDP :5000", "there 1 x, back 1 x", "eth0  2> <4", "cable to h2:eth0"):
        assert wanted in text
    assert "lo" not in text.split()


def test_program_astride_the_border() -> None:
    lines = drawn(THROUGH, [LO, ETH0, TUN0])
    border = next(number for number, line in enumerate(lines) if line.lstrip().startswith("- - -"))
    above, on, below = lines[border - 1], lines[border], lines[border + 1]
    assert "/dev/net/tun, fd 3" in on
    assert above.rstrip().endswith("|")
    assert below.rstrip().endswith("+")
    text = "\n".join(lines)
    assert "echo pid 7  2>" in text
    assert "tun0  1> <3" in text
    assert "RAW" in on  # the socket of the one who sends


def test_numbers_that_leave_no_room_for_the_pid() -> None:
    """They are what the figure is there for; the pid is in the table."""
    holder = Holder(4, 5, "tunlab tunnel --device tun0", "app2")
    tun = DeviceSeen("h1", "tun0", "tun", ("UP",), "UP", 1500, "", 500, ("10.0.0.1/24",), (holder,))
    there = hop(2, "h1", "tun0", "through", program="app2", pid=4)
    text = "\n".join(drawn([there, hop(11, "h1", "tun0", "through", "back", program="app2", pid=4)], [ETH0, tun]))
    assert "app2 (tunnel)  2> <11" in text


def test_before_the_packet() -> None:
    text = "\n".join(drawn([], [LO, ETH0, TUN0]))
    assert "an ordinary program" in text
    assert "TCP, UDP, RAW" in text
    assert "there" not in text
    assert ">" not in text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_ports_of_a_bridge_are_in_its_box_below_the_stack(language: str) -> None:
    words = Words(language)
    lines = drawn(BRIDGED, [LO, BR0, *PORTS], language)
    ports = next(number for number, line in enumerate(lines) if "eth0  2> <6" in line)
    assert "tap0  3> <5" in lines[ports]
    assert lines[ports + 1].split("|")[1].strip() == f"{words('figure_bridge')} br0 198.51.100.3/24"
    stack = next(number for number, line in enumerate(lines) if words("figure_stack") in line)
    assert stack < ports and words("figure_crossed", there=0, back=0) in lines[stack + 1]
    program = next(number for number, line in enumerate(lines) if "guest pid 7  4>" in line)
    assert program < stack  # and from there a line leads down to its port
    assert all(line.endswith("|") for line in lines[stack : ports - 1])
    assert words("figure_cable", peer="h2:eth0") in lines[ports + 4]


def test_what_is_no_port_of_the_bridge() -> None:
    """A tap is beside the stack until it is plugged in. If the packet went past the bridge, that has no box."""
    eth0, tap0 = PORTS
    lines = drawn([], [BR0, eth0, replace(tap0, master=None)])
    assert any("protocol stack" in line and "|" in line for line in lines) and "bridge br0" in "\n".join(lines)
    assert any("----| tap0" in line for line in lines)
    assert "bridge br0" in "\n".join(drawn([], [BR0, tap0]))  # no cable at all
    assert "bridge br0" not in "\n".join(drawn(RECEIVED, [BR0, ETH0, tap0]))


def test_a_packet_lost_at_a_port() -> None:
    end = Traced("s", 1, "lost", "there", "h1:tap0 out", None, None, "h2", "10.0.0.2", "icmp", 84)
    assert any("tap0  3>  X" in line for line in drawn(BRIDGED[:3], [BR0, *PORTS], end=end))


@pytest.mark.parametrize(
    ("last", "wanted"),
    [
        ("h1:eth0 in", "back 1 x  X"),
        ("h1:tun0 out", "tun0  1> <3  X"),
        ("", "back 1 x  X"),
        ("h2:eth0 in", None),
    ],
)
def test_where_it_was_lost(last: str, wanted: str | None) -> None:
    end = Traced("s", 1, "lost", "there", last, None, None, "h1", "10.0.0.2", "icmp", 84)
    *lines, _ = drawn(THROUGH, [LO, ETH0, TUN0], end=end)  # the last one says what X means
    assert any(wanted in line for line in lines) if wanted else not any("X" in line for line in lines)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [56, 76, 116])
@pytest.mark.parametrize("hops", [[], RECEIVED, THROUGH], ids=["none", "received", "through"])
@pytest.mark.parametrize(
    "more",
    [(), (LONG,), (LONG, device("tap0", "tap")), (BR0, *PORTS), (BR0, *PORTS, replace(LONG, master="br0"))],
    ids=["few", "long", "many", "bridge", "ports"],
)
def test_it_fits(language: str, width: int, hops: list[Hop], more: tuple[DeviceSeen, ...]) -> None:
    lines = drawn(hops, [LO, ETH0, TUN0, *more], language, width)
    assert max(map(cells, lines)) <= width
    assert len(lines) <= HEIGHT
