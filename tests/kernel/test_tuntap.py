"""tun and tap devices by ioctl, and the kernel's answers to a wrong one."""

import errno
import os
import socket
from collections.abc import Callable
from typing import Any

import pytest
from inside import Node, Sandboxed, nodes

from tunlab.errors import KernelError
from tunlab.kernel.tuntap import Flags, Tun, add_persistent

pytestmark = pytest.mark.needs("sandbox", "tun")

ECHO_REQUEST = bytes.fromhex("4500001c000040004001b6c1 c0000201 c0000202 0800f7ff00000000")


def in_node(sandboxed: Sandboxed, act: Callable[[Node], Any]) -> Any:
    """What `act` returns, called inside one fresh node."""

    def inside(_: Any) -> Any:
        with nodes("h1") as (h1,), h1.namespace.entered():
            return act(h1)

    return sandboxed(inside)


@pytest.mark.parametrize("flags", [Flags.TUN | Flags.NO_PI, Flags.TAP | Flags.NO_PI, Flags.TUN, Flags.TAP])
def test_device_lives_as_long_as_its_queue(sandboxed: Sandboxed, flags: Flags) -> None:
    def act(h1: Node) -> tuple[str, str | None, bool]:
        with Tun(flags=flags) as tun:
            link = h1.netlink.link(tun.name)
        return tun.name, link and link.kind, h1.netlink.link(tun.name) is None

    kind = "tun" if Flags.TUN in flags else "tap"
    assert in_node(sandboxed, act) == (f"{kind}0", kind, True)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (Flags.TUN | Flags.NO_PI, {"pi": False, "vnet_hdr": False, "multi_queue": False}),
        (Flags.TUN, {"pi": True, "vnet_hdr": False, "multi_queue": False}),
        (Flags.TUN | Flags.NO_PI | Flags.VNET_HDR, {"pi": False, "vnet_hdr": True, "multi_queue": False}),
        (Flags.TAP | Flags.NO_PI | Flags.MULTI_QUEUE, {"pi": False, "vnet_hdr": False, "multi_queue": True}),
    ],
)
def test_flags_reach_the_kernel(sandboxed: Sandboxed, flags: Flags, told: dict[str, bool]) -> None:
    def act(h1: Node) -> Any:
        with Tun("dev0", flags):
            return h1.ip("-d", "link", "show", "dev", "dev0")[0]["linkinfo"]["info_data"]

    seen = in_node(sandboxed, act)
    assert {key: seen[key] for key in told} == told


def test_second_queue(sandboxed: Sandboxed) -> None:
    flags = Flags.TUN | Flags.NO_PI | Flags.MULTI_QUEUE

    def act(h1: Node) -> tuple[str, int]:
        with Tun("tun0", flags), Tun("tun0", flags) as second:
            return second.name, h1.ip("-d", "link", "show", "dev", "tun0")[0]["linkinfo"]["info_data"]["numqueues"]

    assert in_node(sandboxed, act) == ("tun0", 2)


def test_persistent_device_stays(sandboxed: Sandboxed) -> None:
    def act(h1: Node) -> tuple[bool, bool]:
        add_persistent("tun0", "tun")
        stays = h1.netlink.link("tun0") is not None
        with Tun("tun0") as tun:
            tun.persist(False)
        return stays, h1.netlink.link("tun0") is None

    assert in_node(sandboxed, act) == (True, True)


def test_owner_is_written_down(sandboxed: Sandboxed) -> None:
    def act(h1: Node) -> Any:
        with Tun("tun0") as tun:
            tun.persist()
            tun.own(os.getuid())
        return h1.ip("-d", "link", "show", "dev", "tun0")[0]["linkinfo"]["info_data"]

    told = in_node(sandboxed, act)
    assert told["persist"] and str(told["user"]) in (str(os.getuid()), "root", "nobody")


def attach_twice(_: Node) -> None:
    with Tun("tun0"), Tun("tun0"):
        pass


def attach_as_tap(_: Node) -> None:
    add_persistent("tun0", "tun")
    with Tun("tun0", Flags.TAP | Flags.NO_PI):
        pass


def more_queues_than_made_for(_: Node) -> None:
    add_persistent("tun0", "tun")
    with Tun("tun0", Flags.TUN | Flags.NO_PI | Flags.MULTI_QUEUE):
        pass


def name_of_another_device(h1: Node) -> None:
    h1.netlink.add_device("br0", "bridge")
    with Tun("br0"):
        pass


def name_too_long(_: Node) -> None:
    with Tun("a-name-longer-than-fifteen"):
        pass


@pytest.mark.parametrize(
    ("attempt", "errno_name", "remedy"),
    [
        (attach_twice, "EBUSY", "remedy_tun_busy"),
        (attach_as_tap, "EINVAL", "remedy_tun_invalid"),
        (more_queues_than_made_for, "EINVAL", "remedy_tun_invalid"),
        (name_of_another_device, "EINVAL", "remedy_tun_invalid"),
        (name_too_long, "ENAMETOOLONG", None),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_refused_attachment(
    sandboxed: Sandboxed, attempt: Callable[[Node], None], errno_name: str, remedy: str | None
) -> None:
    with pytest.raises(KernelError) as refused:
        in_node(sandboxed, attempt)
    assert (refused.value.errno_name, refused.value.remedy) == (errno_name, remedy)
    assert refused.value.attempt.startswith("TUNSETIFF ")


def written(data: bytes, up: bool) -> Callable[[Node], int]:
    """Write to a tun device; the errno, 0 where it was taken."""

    def act(h1: Node) -> int:
        with Tun("tun0") as tun:
            if up:
                h1.netlink.set_link("tun0", state="up")
            try:
                os.write(tun.fd, data)
            except OSError as error:
                return error.errno or 0
        return 0

    return act


@pytest.mark.parametrize(
    ("data", "up", "answer"),
    [
        (ECHO_REQUEST, True, 0),
        (ECHO_REQUEST, False, errno.EIO),  # a device that is DOWN takes nothing
        (b"\x55" + ECHO_REQUEST[1:], True, errno.EINVAL),  # the first four bits are the IP version: 5 is none
        (b"\x00" + ECHO_REQUEST[1:], True, errno.EINVAL),
    ],
)
def test_written_packet(sandboxed: Sandboxed, data: bytes, up: bool, answer: int) -> None:
    assert in_node(sandboxed, written(data, up)) == answer


def test_packet_information_goes_first(sandboxed: Sandboxed) -> None:
    """Without NO_PI a packet read begins with two bytes of flags and two of the protocol."""

    def act(h1: Node) -> bytes:
        with Tun("tun0", Flags.TUN) as tun:
            h1.output("sysctl", "-qw", "net.ipv6.conf.tun0.disable_ipv6=1")
            h1.netlink.add_address("tun0", "192.0.2.1/24")
            h1.netlink.set_link("tun0", state="up")
            send_to("192.0.2.2")
            return os.read(tun.fd, 2048)[:5]

    assert in_node(sandboxed, act) == bytes.fromhex("0000080045")


def send_to(address: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", (address, 9))
