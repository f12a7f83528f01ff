"""What the page of a device tells is what ip, bridge and tc tell, for every kind of device that the labs use."""

import fcntl
import json
import os
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from inside import Node, Sandboxed, forked, nodes, output

from tunlab.engine.device_reader import DeviceReader
from tunlab.kernel import namespaces
from tunlab.kernel.offloads import offloads
from tunlab.kernel.syscalls import CLONE_NEWNET, unshare
from tunlab.kernel.tuntap import Flags, Tun
from tunlab.model.device import Bridge, DeviceDetails, FarDevice, TunEnd
from tunlab.model.events import Entry

pytestmark = pytest.mark.needs("sandbox")

TUNSETOFFLOAD, TUNSETQUEUE = 0x400454D0, 0x400454D9  # linux/if_tun.h
DETACH_QUEUE = 0x0400


def in_node(sandboxed: Sandboxed, act: Callable[[Node, DeviceReader], Any]) -> Any:
    """What `act` returns, called inside a fresh node with a reader of its devices."""
    host_proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)

    def inside(_: Any) -> Any:
        with nodes("h1") as (h1,), h1.namespace.entered(), DeviceReader("h1", host_proc) as reader:
            return act(h1, reader)

    try:
        return sandboxed(inside)
    finally:
        os.close(host_proc)


def described(reader: DeviceReader, device: str) -> DeviceDetails:
    """The device's details, which one JSON object can hold."""
    details = reader.details(device)
    assert details is not None
    told = json.loads(json.dumps(Entry(0.0, "", details).as_json()))
    assert (told["event"], told["device"]) == ("device_details", device)
    return details


def by_ip(device: str) -> dict[str, Any]:
    (told,) = json.loads(output("ip", "-d", "-s", "-j", "link", "show", "dev", device))
    return dict(told)


def same_as_ip(details: DeviceDetails) -> dict[str, Any]:
    """What all kinds have in common; returns what the driver says, in ip's words."""
    told = by_ip(details.device)
    assert (details.index, details.mtu, details.txqlen) == (told["ifindex"], told["mtu"], told["txqlen"])
    assert (set(details.flags), details.state) == (set(told["flags"]), told["operstate"])
    assert details.link_address == told.get("address", "")
    assert (details.master, details.qdiscs[0].kind) == (told.get("master"), told["qdisc"])
    (found,) = json.loads(output("ip", "-j", "addr", "show", "dev", details.device))
    assert list(details.addresses) == [f"{each['local']}/{each['prefixlen']}" for each in found["addr_info"]]
    return dict(told.get("linkinfo", {}).get("info_data", {}))


# tun and tap

SHAPES = {
    "tun": Flags.TUN | Flags.NO_PI,
    "tap": Flags.TAP | Flags.NO_PI,
    "packet information": Flags.TUN,
    "virtio header": Flags.TAP | Flags.NO_PI | Flags.VNET_HDR,
    "multi-queue": Flags.TUN | Flags.NO_PI | Flags.MULTI_QUEUE,
}


@pytest.mark.needs("tun")
@pytest.mark.parametrize("shape", SHAPES)
def test_how_it_was_opened(sandboxed: Sandboxed, shape: str) -> None:
    flags = SHAPES[shape]

    def act(h1: Node, reader: DeviceReader) -> tuple[Any, Any]:
        with Tun("dev0", flags) as tun:
            held = described(reader, "dev0")
            info = same_as_ip(held)
            tun.persist()
            tun.own(os.getuid())
        left = described(reader, "dev0")
        info_left = same_as_ip(left)
        assert (left.tun.persistent, left.tun.owner_id) == (info_left["persist"], os.getuid())
        return held, info, left

    held, info, left = in_node(sandboxed, act)
    assert held.kind == info["type"] == ("tap" if flags & Flags.TAP else "tun")
    end: TunEnd = held.tun
    assert (end.packet_information, end.vnet_header) == (info["pi"], info["vnet_hdr"])
    assert (end.multi_queue, end.persistent) == (info.get("multi_queue", False), info["persist"])
    assert (end.packet_information, end.vnet_header, end.multi_queue) == (
        not flags & Flags.NO_PI, bool(flags & Flags.VNET_HDR), bool(flags & Flags.MULTI_QUEUE),
    )  # fmt: skip
    assert (end.attached, end.queues, len(end.holders), end.holders_visible) == (True, 1, 1, True)
    assert (left.tun.attached, left.tun.queues, left.tun.holders, left.tun.holders_visible) == (False, 0, (), True)


@pytest.mark.needs("tun")
def test_holders_by_both_their_pids(sandboxed: Sandboxed) -> None:
    """The host's pid is told, and is not searched for: its entry in the host's /proc names the same process."""
    host = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)

    def inside(_: Any) -> None:
        with nodes("h1") as (h1,), h1.namespace.entered(), DeviceReader("h1", host) as reader, Tun("tun0") as tun:
            (holder,) = described(reader, "tun0").tun.holders
            assert (holder.pid, holder.fd) == (os.getpid(), tun.fd) and "pytest" in holder.command
            with os.fdopen(os.open(f"{holder.host_pid}/status", os.O_RDONLY, dir_fd=host)) as status:
                (known,) = [line.split()[1:] for line in status if line.startswith("NSpid:")]
            assert known[-1] == str(holder.pid) and str(holder.host_pid) in known
            assert holder.host_pid != holder.pid

    sandboxed(inside)
    os.close(host)


@pytest.mark.needs("tun")
def test_open_and_disabled_queues(sandboxed: Sandboxed) -> None:
    flags = SHAPES["multi-queue"]

    def act(h1: Node, reader: DeviceReader) -> list[tuple[Any, ...]]:
        seen = []
        with Tun("tun0", flags) as one, Tun("tun0", flags) as two:
            for step in range(2):
                end = described(reader, "tun0").tun
                info = by_ip("tun0")["linkinfo"]["info_data"]
                assert (end.queues, end.disabled_queues) == (info["numqueues"], info["numdisabled"])
                fds = sorted(holder.fd for holder in end.holders)
                seen.append((end.queues, end.disabled_queues, fds == sorted((one.fd, two.fd)), end.holders_visible))
                if not step:
                    fcntl.ioctl(two, TUNSETQUEUE, struct.pack("16sH22x", b"tun0", DETACH_QUEUE))
        return seen

    assert in_node(sandboxed, act) == [(2, 0, True, True), (1, 1, True, True)]


@pytest.mark.needs("tun")
def test_who_opens_a_device_that_is_down_is_noticed_by_the_counters(sandboxed: Sandboxed) -> None:
    """The kernel does not announce it, so the news alone cannot know."""
    flags = SHAPES["multi-queue"]

    def act(h1: Node, reader: DeviceReader) -> list[Any]:
        with Tun("tun0", flags):
            seen: list[Any] = [described(reader, "tun0").tun.queues]
            reader.heed()
            with Tun("tun0", flags):
                seen.append(reader.heed())
                reader.counters("tun0")
                seen.append(reader.heed())
                end = described(reader, "tun0").tun
                reader.counters("tun0")
                seen += [end.queues, len(end.holders), reader.heed()]
            reader.counters("tun0")
            seen += [reader.heed(), len(described(reader, "tun0").tun.holders)]
            with Tun("tun0", flags):
                described(reader, "tun0")
                seen.append(reader.heed())  # it has been described already
        return seen

    assert in_node(sandboxed, act) == [1, False, True, 2, 2, False, True, 1, False]


@pytest.mark.needs("tun", "root")
def test_holder_of_another_user() -> None:
    """On the host, an ordinary user sees the device, but not who holds it, and that this is so."""

    def inside() -> list[Any]:
        unshare(CLONE_NEWNET)
        with Tun("tun0"):

            def stranger() -> list[Any]:
                os.setgid(65534)
                os.setuid(65534)
                with DeviceReader("", None) as reader:
                    end = described(reader, "tun0").tun
                    return [end.attached, end.queues, end.holders, end.holders_visible, reader.counters("tun0") is None]

            with DeviceReader("", None) as reader:
                ((holder,), place) = described(reader, "tun0").tun.holders, described(reader, "tun0").place
            return [holder.pid == os.getpid(), holder.host_pid, place, *forked(stranger)]

    assert forked(inside) == [True, None, "tun0", True, 1, (), False, False]


@pytest.mark.needs("tun")
def test_a_device_that_goes(sandboxed: Sandboxed) -> None:
    def act(h1: Node, reader: DeviceReader) -> list[Any]:
        with Tun("tun0"):
            first = described(reader, "tun0").index
        gone = [reader.details("tun0"), reader.counters("tun0"), reader.details("longer than a device's name")]
        with Tun("tun0"):
            again = described(reader, "tun0")
            return [*gone, again.index != first, len(again.tun.holders)]

    assert in_node(sandboxed, act) == [None, None, None, True, 1]


@pytest.mark.needs("tun")
def test_offloads_that_the_program_asks_for(sandboxed: Sandboxed) -> None:
    def act(h1: Node, reader: DeviceReader) -> list[dict[str, bool]]:
        seen = []
        with Tun("tun0", Flags.TUN | Flags.NO_PI | Flags.VNET_HDR) as tun:
            for features in (0, 1, 1 | 2 | 4):  # TUN_F_CSUM, TUN_F_TSO4, TUN_F_TSO6
                fcntl.ioctl(tun, TUNSETOFFLOAD, features)
                seen.append({each.name: each.on for each in described(reader, "tun0").offloads})
                assert seen[-1] == by_pyroute2("tun0", seen[-1])
        return seen

    seen = in_node(sandboxed, act)
    assert [each["tx-checksumming"] for each in seen] == [False, True, True]
    assert [each["tcp-segmentation-offload"] for each in seen] == [False, False, True]


def test_a_name_that_is_no_text(sandboxed: Sandboxed) -> None:
    strange = os.fsdecode(b"\xffx")

    def act(h1: Node, _: DeviceReader) -> Any:
        output("ip", "link", "add", strange, "type", "veth", "peer", "name", "far")
        return [each.name for each in h1.netlink.links()], offloads(strange), offloads("far")

    names, seen, of_the_far_end = in_node(sandboxed, act)
    assert strange in names and seen and seen == of_the_far_end


def by_pyroute2(device: str, names: dict[str, bool]) -> dict[str, bool]:
    """The same by another way of asking: ETHTOOL_GFEATURES, bit by bit."""
    from pyroute2.ethtool.ioctl import IoctlEthtool

    asked = IoctlEthtool(device)
    try:
        return {name: on for name, on in asked.get_offload_flags().items() if name in names}
    finally:
        asked.close()


# What a counter counts


@pytest.mark.needs("tun")
def test_when_a_tun_counts(sandboxed: Sandboxed) -> None:
    """TX: the program reads. TX dropped: its queue is full. RX: it writes. RX dropped: the kernel refuses that."""

    def act(h1: Node, reader: DeviceReader) -> list[Any]:
        Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
        with Tun("tun0") as tun, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            output("ip", "link", "set", "tun0", "up", "qlen", "3")
            h1.netlink.add_address("tun0", "192.0.2.1/24")
            seen = []

            def look() -> None:
                now = reader.counters("tun0")
                assert now is not None
                told = by_ip("tun0")["stats64"]
                assert (now.rx_packets, now.rx_bytes) == (told["rx"]["packets"], told["rx"]["bytes"])
                assert (now.tx_packets, now.tx_dropped) == (told["tx"]["packets"], told["tx"]["dropped"])
                seen.append((now.tx_packets, now.tx_dropped, now.rx_packets, now.rx_dropped))

            for _ in range(5):
                sender.sendto(b"x", ("192.0.2.7", 9))
            look()
            os.read(tun.fd, 2000)
            os.read(tun.fd, 2000)
            look()
            os.write(tun.fd, b"\x45")
            look()
            with pytest.raises(OSError):
                os.write(tun.fd, b"\x00")
            look()
            return seen

    assert in_node(sandboxed, act) == [(0, 2, 0, 0), (2, 2, 0, 0), (2, 2, 1, 0), (2, 2, 1, 1)]


def test_what_the_others_count(sandboxed: Sandboxed) -> None:
    """A veth's TX is its peer's RX; lo counts twice; a bridge does not count what it forwards."""

    def inside(_: Any) -> None:
        Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
        with nodes("h1", "sw", "h2") as (h1, sw, h2):
            for node in (h1, sw, h2):
                node.output("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
            sw.netlink.add_device("br0", "bridge")
            sw.netlink.set_link("br0", state="up")
            for number, node in ((1, h1), (2, h2)):
                node.netlink.add_veth("eth0", f"port{number}", sw.namespace)
                sw.netlink.set_link(f"port{number}", state="up", master="br0")
                node.netlink.set_link("eth0", state="up")
                node.netlink.set_link("lo", state="up")
                node.netlink.add_address("eth0", f"192.0.2.{number}/24")
            h1.output("ping", "-c", "1", "-W", "5", "192.0.2.2")  # all MACs are known from here on
            before = sw.netlink.link("br0")
            h1.output("ping", "-c", "20", "-i", "0.002", "192.0.2.2")
            h1.output("ping", "-c", "1", "127.0.0.1")
            after = sw.netlink.link("br0")
            assert after.rx_packets - before.rx_packets + after.tx_packets - before.tx_packets < 10
            with h1.namespace.entered(), DeviceReader("h1", None) as reader:
                ours, lo = reader.counters("eth0"), reader.counters("lo")
            port = sw.netlink.link("port1")
            assert (ours.tx_packets, ours.tx_bytes) == (port.rx_packets, port.rx_bytes)
            assert (ours.rx_packets, ours.rx_bytes) == (port.tx_packets, port.tx_bytes)
            assert ours.tx_packets >= 21
            assert (lo.tx_packets, lo.rx_packets) == (2, 2)

    sandboxed(inside)


# Other kinds


def test_loopback(sandboxed: Sandboxed) -> None:
    def act(h1: Node, reader: DeviceReader) -> list[Any]:
        down = described(reader, "lo")
        same_as_ip(down)
        h1.netlink.set_link("lo", state="up")
        h1.netlink.add_route("198.51.100.0/24", None, "lo")
        up = described(reader, "lo")
        same_as_ip(up)
        return [down.kind, down.qdiscs[0].kind, up.qdiscs[0].kind, up.addresses, up.tun, up.peer]

    assert in_node(sandboxed, act) == ["loopback", "noop", "noqueue", ("127.0.0.1/8", "::1/128"), None, None]


def test_peer_of_a_veth(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> list[Any]:
        with nodes("h1", "h2", "h3") as (h1, h2, h3):
            h1.netlink.add_veth("near", "far", h1.namespace)
            h1.netlink.add_veth("eth0", "eth7", h2.namespace)
            h1.netlink.add_veth("eth1", "eth8", h3.namespace)
            output("ip", "netns", "del", "h3")  # it lives on without a name
            with h1.namespace.entered(), DeviceReader("h1", None) as reader:
                same_as_ip(described(reader, "eth0"))
                here = namespaces.own_inode()
                seen = [described(reader, name).peer for name in ("near", "eth0", "eth1")]
                assert namespaces.own_inode() == here
                return [*seen, *map(str, seen[:2])]

    far = [FarDevice("h1", "far"), FarDevice("h2", "eth7"), FarDevice(None, "eth8"), "h1:far", "h2:eth7"]
    assert sandboxed(inside) == far


@pytest.mark.needs("root")
def test_peer_that_is_not_ours_to_see() -> None:
    """An ordinary user on the host is told that there is another end, and no more."""

    def inside() -> Any:
        unshare(CLONE_NEWNET)
        there = os.open("/proc/self/ns/net", os.O_RDONLY)
        unshare(CLONE_NEWNET)
        from pyroute2 import IPRoute

        with IPRoute() as route:
            route.link("add", ifname="eth0", kind="veth", peer={"ifname": "eth7", "net_ns_fd": there})

        def stranger() -> Any:
            os.setgid(65534)
            os.setuid(65534)
            with DeviceReader("", None) as reader:
                return described(reader, "eth0").peer

        return forked(stranger)

    assert forked(inside) == FarDevice(None, None)


def test_bridge_with_what_it_learned(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> None:
        with nodes("sw", "h1", "h2") as (sw, h1, h2):
            sw.netlink.add_device("br0", "bridge")
            sw.netlink.set_link("br0", state="up")
            for number, node in ((1, h1), (2, h2)):
                node.netlink.add_veth("eth0", f"port{number}", sw.namespace)
                sw.netlink.set_link(f"port{number}", state="up", master="br0")
                node.netlink.set_link("eth0", state="up")
                node.netlink.add_address("eth0", f"192.0.2.{number}/24")
            h1.output("ping", "-c", "1", "-W", "5", "192.0.2.2")
            with sw.namespace.entered(), DeviceReader("sw", None) as reader:
                output("bridge", "fdb", "add", "02:00:00:00:00:99", "dev", "port2", "master", "static")
                details = described(reader, "br0")
                info = same_as_ip(details)
                assert described(reader, "port1").master == "br0"
                bridge: Bridge = details.bridge
                told = json.loads(output("bridge", "-j", "-s", "fdb", "show", "br", "br0"))
                expected = {
                    (each["mac"], each["ifname"], each["state"] or "learned", each.get("vlan"))
                    for each in told
                    if "master" in each
                }
                assert {(each.mac, each.port, each.state, each.vlan) for each in bridge.fdb} == expected
                learned = {each.mac: each for each in bridge.fdb if each.state == "learned"}
                for number, node in ((1, h1), (2, h2)):
                    entry = learned[node.netlink.link("eth0").address]
                    assert entry.port == f"port{number}" and 0 <= entry.age < 60
                assert ("02:00:00:00:00:99", "port2", "static", None) in expected
                assert (bridge.ageing, bridge.stp) == (info["ageing_time"] / 100, bool(info["stp_state"]))
                ports = json.loads(output("bridge", "-j", "link", "show"))
                assert {(each.device, each.state) for each in bridge.ports} == {
                    (each["ifname"], each["state"]) for each in ports
                }
                assert {each.device for each in bridge.ports} == {"port1", "port2"}

    sandboxed(inside)


def test_vxlan(sandboxed: Sandboxed) -> None:
    def act(h1: Node, reader: DeviceReader) -> None:
        h1.netlink.add_device("br0", "bridge")
        h1.netlink.add_address("br0", "192.0.2.1/24")
        make = ("ip", "link", "add", "vx0", "type", "vxlan", "id", "42", "dstport", "4789")
        output(*make, "local", "192.0.2.1", "remote", "192.0.2.7", "dev", "br0", "nolearning")
        output("ip", "link", "add", "vx1", "type", "vxlan", "external", "dstport", "8472")
        output("ip", "-6", "link", "add", "vx2", "type", "vxlan", "id", "7", "dstport", "1", "remote", "2001:db8::7")
        details = described(reader, "vx0")
        info = same_as_ip(details)
        vxlan = details.vxlan
        assert (vxlan.id, vxlan.local, vxlan.remote) == (info["id"], info["local"], info["remote"])
        assert (vxlan.port, vxlan.learning) == (info["port"], info["learning"])
        assert vxlan.lower == FarDevice("h1", info["link"])
        (entry,) = vxlan.fdb
        assert (entry.mac, entry.remote, entry.state) == ("00:00:00:00:00:00", "192.0.2.7", "permanent")
        external = described(reader, "vx1").vxlan
        assert (external.id, external.port, external.lower) == (None, 8472, None)
        sixth = described(reader, "vx2").vxlan
        assert (sixth.remote, sixth.learning, sixth.fdb[0].remote) == ("2001:db8::7", True, "2001:db8::7")

    in_node(sandboxed, act)


def test_macvlan(sandboxed: Sandboxed) -> None:
    def act(h1: Node, reader: DeviceReader) -> None:
        h1.netlink.add_veth("eth0", "eth1", h1.namespace)
        for name in ("eth0", "eth1"):
            h1.netlink.set_link(name, state="up")  # else ip(8) says M-DOWN of what is on it
        output("ip", "link", "add", "mv0", "link", "eth0", "type", "macvlan", "mode", "private")
        details = described(reader, "mv0")
        info = same_as_ip(details)
        assert (details.kind, details.macvlan.mode, details.macvlan.lower) == (
            "macvlan", info["mode"], FarDevice("h1", by_ip("mv0")["link"]),
        )  # fmt: skip

    in_node(sandboxed, act)


def test_what_waits_in_a_qdisc(sandboxed: Sandboxed) -> None:
    """tbf at a byte a second: what the first packets leave of the bucket is too little for the others."""

    def act(h1: Node, reader: DeviceReader) -> None:
        Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
        h1.netlink.add_veth("eth0", "eth1", h1.namespace)
        for name in ("eth0", "eth1"):
            h1.netlink.set_link(name, state="up")
        h1.netlink.add_address("eth0", "192.0.2.1/24")
        output("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "8bit", "burst", "1600", "limit", "2500")
        output("ip", "neigh", "add", "192.0.2.7", "lladdr", "02:00:00:00:00:07", "dev", "eth0")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(5):
                sender.sendto(b"x" * 958, ("192.0.2.7", 9))  # 1000 bytes with Ethernet's header
        (qdisc,) = described(reader, "eth0").qdiscs
        (told,) = json.loads(output("tc", "-s", "-j", "qdisc", "show", "dev", "eth0"))
        assert (qdisc.kind, qdisc.handle, qdisc.parent) == (told["kind"], told["handle"], "root")
        assert (qdisc.packets, qdisc.bytes, qdisc.dropped) == (told["packets"], told["bytes"], told["drops"])
        assert (qdisc.backlog_packets, qdisc.backlog_bytes) == (told["qlen"], told["backlog"]) == (2, 2000)
        assert (qdisc.packets, qdisc.dropped, qdisc.overlimits > 0) == (1, 2, told["overlimits"] > 0)

    in_node(sandboxed, act)


def routes_of_ip(device: str) -> Iterator[tuple[Any, ...]]:
    for family in (4, 6):
        for each in json.loads(output("ip", f"-{family}", "-j", "-d", "route", "show", "dev", device)):
            yield (
                family, each["dst"], each.get("gateway"), each.get("prefsrc"), each.get("metric"),
                each["protocol"], each["scope"] if family == 4 else None, each["type"],
            )  # fmt: skip


def test_routes_through_the_device(sandboxed: Sandboxed) -> None:
    def act(h1: Node, reader: DeviceReader) -> list[str]:
        h1.netlink.add_veth("eth0", "eth1", h1.namespace)
        for name in ("eth0", "eth1"):
            h1.netlink.set_link(name, state="up")
        h1.netlink.add_address("eth0", "192.0.2.1/24")
        h1.netlink.add_address("eth1", "198.51.100.1/24")
        h1.netlink.add_route("default", "192.0.2.254", None)
        h1.netlink.add_route("203.0.113.7", "192.0.2.253", "eth0")
        h1.netlink.add_route("2001:db8:1::/48", None, "eth0")
        output("ip", "route", "add", "203.0.113.128/25", "metric", "9", "dev", "eth0", "proto", "static")
        output("ip", "route", "add", "203.0.113.64/26", "nexthop", "via", "192.0.2.9", "nexthop", "via", "198.51.100.9")
        output("ip", "route", "add", "192.0.2.77", "dev", "eth0", "table", "7")
        found = described(reader, "eth0").routes
        plain = {tuple(asdict(each).values()) for each in found if each.to != "203.0.113.64/26"}
        assert plain == set(routes_of_ip("eth0"))
        return [str(each) for each in found]

    told = in_node(sandboxed, act)
    assert {"default via 192.0.2.254", "192.0.2.0/24 src 192.0.2.1", "203.0.113.64/26 via 192.0.2.9"} <= set(told)
    assert "203.0.113.128/25 metric 9" in told and not any("198.51.100" in each or ".77" in each for each in told)


def test_nothing_is_imported_on_the_way(sandboxed: Sandboxed) -> None:
    """Whoever looks has joined a sandbox, where the files of Python and of ours may be others."""

    def inside(_: Any) -> set[str]:
        with nodes("h1", "h2") as (h1, h2):
            h1.netlink.add_veth("eth0", "eth7", h2.namespace)
            h1.netlink.add_device("br0", "bridge")
            known = set(sys.modules)
            with h1.namespace.entered(), DeviceReader("h1", None) as reader:
                for name in ("eth0", "br0", "lo", "gone"):
                    reader.details(name)
                    reader.counters(name)
                reader.heed()
            return set(sys.modules) - known

    assert sandboxed(inside) == set()


def test_looking_costs_little(sandboxed: Sandboxed) -> None:
    """Two looks a second at the counters are a small part of the 2 % of a core that inspect may take."""

    def act(h1: Node, reader: DeviceReader) -> float:
        reader.counters("lo")
        began = time.process_time()
        for _ in range(50):
            reader.counters("lo")
        return (time.process_time() - began) / 50

    assert in_node(sandboxed, act) * 2 < 0.01  # of a second; 0.001 is usual, 0.005 on a busy machine
