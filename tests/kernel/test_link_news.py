"""The kernel's news of devices: each change that a page shows is told, and what it does not show is not news."""

import os
import socket
from collections.abc import Callable
from typing import Any

import pytest
from inside import Node, Sandboxed, nodes, output

from tunlab.kernel import tuntap
from tunlab.kernel.link_news import LinkNews

pytestmark = pytest.mark.needs("sandbox")

CHANGES: dict[str, Callable[[Node], object]] = {
    "a new device": lambda h1: h1.netlink.add_device("br1", "bridge"),
    "a device goes": lambda h1: h1.netlink.delete_device("br0"),
    "up": lambda h1: h1.netlink.set_link("br0", state="up"),
    "mtu": lambda h1: h1.netlink.set_link("lo", mtu=1280),
    "an IPv4 address": lambda h1: h1.netlink.add_address("br0", "192.0.2.1/24"),
    "an IPv6 address": lambda h1: h1.netlink.add_address("lo", "2001:db8::1/128"),
    "an IPv4 route": lambda h1: h1.netlink.add_route("192.0.2.0/24", None, "lo"),
    "an IPv6 route": lambda h1: h1.netlink.add_route("2001:db8:1::/48", None, "lo"),
    "an fdb entry": lambda h1: output("bridge", "fdb", "add", "02:00:00:00:00:01", "dev", "br0", "self"),
    "a qdisc": lambda h1: output("tc", "qdisc", "add", "dev", "lo", "root", "pfifo"),
    "a program lets go": lambda h1: tuntap.add_persistent("tun1", "tun"),
}


def with_news(sandboxed: Sandboxed, act: Callable[[Node, LinkNews], Any]) -> Any:
    def inside(_: Any) -> Any:
        with nodes("h1") as (h1,), h1.namespace.entered():
            h1.netlink.set_link("lo", state="up")
            h1.netlink.add_device("br0", "bridge")
            with LinkNews() as news:
                return act(h1, news)

    return sandboxed(inside)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_news_once(sandboxed: Sandboxed, change: str) -> None:
    def act(h1: Node, news: LinkNews) -> list[bool]:
        before = news.heed()
        CHANGES[change](h1)
        return [before, news.heed()]

    assert with_news(sandboxed, act) == [False, True]


def add_neighbours(h1: Node, count: int) -> None:
    for number in range(count):
        output("ip", "neigh", "replace", f"192.0.2.{number + 1}", "lladdr", "02:00:00:00:00:01", "dev", "br0")


def test_neighbours_of_arp_are_not_news(sandboxed: Sandboxed) -> None:
    def act(h1: Node, news: LinkNews) -> list[bool]:
        news.heed()
        add_neighbours(h1, 3)
        return [news.heed(), news.heed()]

    assert with_news(sandboxed, act) == [False, False]


def test_what_was_lost_counts_as_news(sandboxed: Sandboxed) -> None:
    """More than the socket holds: each of them would be no news, but nobody knows what they were."""

    def act(h1: Node, news: LinkNews) -> list[bool]:
        news.heed()
        with socket.socket(fileno=os.dup(news.fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        add_neighbours(h1, 20)
        return [news.heed(), news.heed()]

    assert with_news(sandboxed, act) == [True, False]


def test_another_namespace_is_another_matter(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> bool:
        with nodes("h1", "h2") as (h1, h2), h1.namespace.entered(), LinkNews() as news:
            h2.netlink.add_device("br0", "bridge")
            return news.heed()

    assert sandboxed(inside) is False
