"""`tunlab ping`'s engine over a router: replies, ICMP errors, fragments, and what the kernel refuses."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from inside import Node, Sandboxed, nodes, output

from tunlab.engine.pinging import Pinging, Wish
from tunlab.errors import TunlabError
from tunlab.kernel import sysctl
from tunlab.kernel.tuntap import Flags, Tun
from tunlab.model.ping import PingAnswer, PingFinished
from tunlab.packet.scapy_loader import load_scapy

pytestmark = pytest.mark.needs("sandbox")

load_scapy()  # once, here, and not again in every process that is forked

HERE, ROUTER, THERE = "10.0.1.1", "10.0.1.254", "10.0.2.2"


class Audience:
    """Keeps all that it is told."""

    def __init__(self) -> None:
        self.answers: list[PingAnswer] = []
        self.summary: PingFinished | None = None

    def sent(self, number: int, summary: PingFinished) -> None:
        assert summary.sent == number

    def answered(self, answer: PingAnswer, summary: PingFinished) -> None:
        assert summary.sent >= answer.number
        self.answers.append(answer)

    def finished(self, summary: PingFinished) -> None:
        self.summary = summary


def without_waiting(node: Node) -> None:
    """A device of this node has its link-local address at once, and need not look for a second who else has it."""
    with node.namespace.entered():
        sysctl.write("net.ipv6.conf.default.accept_dad", "0")


@contextmanager
def routed(mtu: int = 1500) -> Iterator[Node]:
    """h1, a router and h2; the second link has that MTU. The block is called in h1."""
    with nodes("h1", "r1", "h2") as (h1, r1, h2):
        for node in (h1, r1, h2):
            without_waiting(node)
        h1.netlink.add_veth("eth0", "eth0", r1.namespace)
        r1.netlink.add_veth("eth1", "eth0", h2.namespace)
        for node, *commands in (
            (h1, "addr add 10.0.1.1/24 dev eth0", "addr add 2001:db8:1::1/64 dev eth0 nodad", "link set eth0 up",
             "link set lo up", "route add default via 10.0.1.254", "route add default via 2001:db8:1::fe"),
            (r1, "addr add 10.0.1.254/24 dev eth0", "addr add 2001:db8:1::fe/64 dev eth0 nodad",
             "addr add 10.0.2.254/24 dev eth1", "addr add 2001:db8:2::fe/64 dev eth1 nodad",
             f"link set eth1 mtu {mtu}", "link set eth0 up", "link set eth1 up"),
            (h2, "addr add 10.0.2.2/24 dev eth0", "addr add 2001:db8:2::2/64 dev eth0 nodad",
             f"link set eth0 mtu {mtu}", "link set eth0 up",
             "route add default via 10.0.2.254", "route add default via 2001:db8:2::fe"),
        ):  # fmt: skip
            with node.namespace.entered():
                for command in commands:
                    family = ["-6"] if "2001:" in command else []
                    output("ip", *family, *command.split())
        r1.output("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        with h1.namespace.entered():
            yield h1


def pinged(address: str, count: int = 1, size: int = 56, ttl: int = 64, df: bool = False) -> Audience:
    audience = Audience()
    summary = Pinging(Wish("h1", address, count, size, ttl, 0.01, df), audience).run()
    assert summary == audience.summary
    return audience


def on_a_route(sandboxed: Sandboxed, play: Callable[[], Any], mtu: int = 1500) -> Any:
    def inside(_: object) -> Any:
        with routed(mtu):
            return play()

    return sandboxed(inside)


@pytest.mark.parametrize("size", [0, 56, 1472, 1473, 65507])
def test_replies_of_every_size(size: int, sandboxed: Sandboxed) -> None:
    heard = on_a_route(sandboxed, lambda: pinged(THERE, count=2, size=size))
    assert [(each.kind, each.number, each.bytes, each.sender, each.ttl) for each in heard.answers] == [
        ("reply", number, size + 8, THERE, 63) for number in (1, 2)
    ]
    assert all(0 < each.round_trip_ns < 5e9 for each in heard.answers)
    assert not any(each.duplicate or each.late for each in heard.answers)
    assert (heard.summary.sent, heard.summary.answered, heard.summary.lost) == (2, 2, 0)
    assert heard.summary.least_ns <= heard.summary.average_ns <= heard.summary.most_ns


@pytest.mark.parametrize("size", [56, 3000])
def test_ipv6(size: int, sandboxed: Sandboxed) -> None:
    heard = on_a_route(sandboxed, lambda: pinged("2001:db8:2::2", size=size))
    assert [(each.kind, each.bytes, each.ttl) for each in heard.answers] == [("reply", size + 8, 63)]


def test_what_a_router_says(sandboxed: Sandboxed) -> None:
    def play() -> list[tuple[Any, ...]]:
        heard = [pinged(THERE, ttl=1), pinged("2001:db8:2::2", ttl=1), pinged(THERE, size=1472, df=True),
                 pinged("2001:db8:2::2", size=1400), pinged("10.9.9.9")]  # fmt: skip
        return [(each.kind, each.sender, each.icmp, each.mtu) for one in heard for each in one.answers]

    assert on_a_route(sandboxed, play, mtu=1400) == [
        ("error", ROUTER, (4, 11, 0), None),
        ("error", "2001:db8:1::fe", (6, 3, 0), None),
        ("error", ROUTER, (4, 3, 4), 1400),
        ("error", "2001:db8:1::fe", (6, 2, 0), 1400),
        ("error", ROUTER, (4, 3, 0), None),
    ]


def test_a_neighbour_that_is_not_there(sandboxed: Sandboxed) -> None:
    def play() -> Audience:
        sysctl.write("net.ipv4.neigh.eth0.retrans_time_ms", "100")  # and not three times a second
        return pinged("10.0.1.77")

    heard = on_a_route(sandboxed, play)
    assert [(each.kind, each.sender, each.icmp) for each in heard.answers] == [("error", HERE, (4, 3, 1))]
    assert (heard.summary.answered, heard.summary.errors, heard.summary.least_ns) == (0, 1, None)


def test_no_route_and_too_big(sandboxed: Sandboxed) -> None:
    def play() -> list[tuple[str, int]]:
        output("ip", "route", "del", "default")
        refused = []
        for address, size in (("10.9.9.9", 56), (ROUTER, 1473)):
            with pytest.raises(TunlabError) as told:
                pinged(address, size=size, df=True)
            refused.append((told.value.key, int(told.value.status)))
        return refused

    assert on_a_route(sandboxed, play) == [("ping_no_route", 2), ("ping_too_big", 2)]


def test_link_local_and_broadcast_addresses(sandboxed: Sandboxed) -> None:
    def play() -> tuple[list[str], list[tuple[str, str]]]:
        refused = []
        for address in ("fe80::1", "fe80::1%nope"):
            with pytest.raises(TunlabError) as told:
                pinged(address)
            refused.append(told.value.key)
        sysctl.write("net.ipv4.icmp_echo_ignore_broadcasts", "0")  # h1 hears its own
        return refused, [(each.kind, each.sender) for each in pinged("10.0.1.255").answers]

    keys, answers = on_a_route(sandboxed, play)
    assert keys == ["ping_which_device", "ping_no_device"]
    assert answers == [("reply", HERE)]


def test_own_addresses_and_the_interval(sandboxed: Sandboxed) -> None:
    def play() -> tuple[int, int, float]:
        began = time.monotonic()
        audience = Audience()
        Pinging(Wish("h1", HERE, 3, 56, 64, 0.1, False), audience).run()
        return len(pinged("127.0.0.1").answers), len(audience.answers), time.monotonic() - began

    one, three, seconds = on_a_route(sandboxed, play)
    assert (one, three) == (1, 3)
    assert 0.2 <= seconds < 2


def test_behind_a_bridge_a_reply_counts_once(sandboxed: Sandboxed) -> None:
    """The packet socket sees it on the port, and again on the bridge."""

    def inside(_: object) -> list[bool]:
        with nodes("h1", "h2") as (h1, h2):
            h1.netlink.add_veth("eth0", "eth0", h2.namespace)
            with h2.namespace.entered():
                output("ip", "addr", "add", "10.0.0.2/24", "dev", "eth0")
                output("ip", "link", "set", "eth0", "up")
            with h1.namespace.entered():
                for command in ("link add br0 type bridge", "link set eth0 master br0", "link set eth0 up",
                                "link set br0 up", "addr add 10.0.0.1/24 dev br0"):  # fmt: skip
                    output("ip", *command.split())
                return [each.duplicate for each in pinged("10.0.0.2", count=2).answers]

    assert sandboxed(inside) == [False, False]


def test_the_guest_behind_a_tap(sandboxed: Sandboxed) -> None:
    """Answers ARP, neighbour solicitations and echo requests; to another address it is silent."""
    import os
    import select
    from ipaddress import ip_address

    from tunlab.packet.guest_answers import answer_as_guest

    mac, own = "52:54:00:00:00:01", {ip_address("10.0.0.5"), ip_address("2001:db8::5")}

    def inside(_: object) -> list[tuple[str, str]]:
        with nodes("h1") as (h1,), ExitStack() as stack:
            without_waiting(h1)
            stack.enter_context(h1.namespace.entered())
            tap = stack.enter_context(Tun("tap0", Flags.TAP | Flags.NO_PI))
            sysctl.write("net.ipv4.neigh.tap0.retrans_time_ms", "100")
            output("ip", "link", "set", "lo", "up")
            output("ip", "addr", "add", "10.0.0.1/24", "dev", "tap0")
            output("ip", "-6", "addr", "add", "2001:db8::1/64", "dev", "tap0", "nodad")
            output("ip", "link", "set", "tap0", "up")
            pid = os.fork()
            if pid == 0:
                while select.select([tap.fd], [], [], 5)[0]:
                    answer = answer_as_guest(os.read(tap.fd, 65536), mac, own)
                    if answer:
                        os.write(tap.fd, answer)
                os._exit(0)
            heard = [pinged(each) for each in ("10.0.0.5", "2001:db8::5", "10.0.0.6")]
            return [(each.kind, each.sender) for one in heard for each in one.answers]

    assert sandboxed(inside) == [("reply", "10.0.0.5"), ("reply", "2001:db8::5"), ("error", "10.0.0.1")]
