"""Round trips and one TCP stream between two real nodes."""

import json
import subprocess
import sys
import time
from typing import Any

import pytest
from inside import Node, Sandboxed, nodes

from tunlab.errors import KernelError
from tunlab.kernel.round_trip import round_trips

PATIENCE = 10.0  # seconds

pytestmark = pytest.mark.needs("sandbox")


def joined(h1: Node, h2: Node) -> None:
    h1.netlink.add_veth("eth0", "eth0", h2.namespace)
    for node, number in ((h1, 1), (h2, 2)):
        node.netlink.add_address("eth0", f"10.0.0.{number}/24")
        node.output("ip", "addr", "add", f"fd00::{number}/64", "dev", "eth0", "nodad")
        node.netlink.set_link("eth0", state="up")


@pytest.mark.parametrize("address", ["10.0.0.2", "fd00::2"])
def test_round_trips(sandboxed: Sandboxed, address: str) -> None:
    def main(_: Any) -> Any:
        with nodes("h1", "h2") as (h1, h2):
            joined(h1, h2)
            with h1.namespace.entered():
                end = time.monotonic() + PATIENCE
                while not round_trips(address, 1) and time.monotonic() < end:
                    pass  # IPv6 has no route before the kernel has drawn its conclusions from the carrier
                return round_trips(address, 20)

    times = sandboxed(main)
    assert len(times) == 20
    assert min(times) > 0


def test_nobody_answers(sandboxed: Sandboxed) -> None:
    def main(_: Any) -> Any:
        with nodes("h1", "h2") as (h1, h2):
            joined(h1, h2)
            h2.output("sysctl", "-w", "net.ipv4.icmp_echo_ignore_all=1")
            with h1.namespace.entered():
                silent = round_trips("10.0.0.2", 20)
                try:
                    round_trips("192.0.2.1", 1)
                except KernelError as error:
                    return silent, error.errno_name
        return silent, None

    assert sandboxed(main) == ([], "ENETUNREACH")


def test_stream(sandboxed: Sandboxed) -> None:
    """The sender prints what the receiver has counted."""

    def main(_: Any) -> Any:
        with nodes("h1", "h2") as (h1, h2):
            joined(h1, h2)
            words = [sys.executable, "-m", "tunlab.programs.stream"]
            with (
                h2.namespace.entered(),
                subprocess.Popen([*words, "--listen", "10.0.0.2"], stdout=subprocess.PIPE, text=True) as server,
            ):
                assert server.stdout is not None
                server.stdout.readline()
                told = h1.output(*words, "--to", "10.0.0.2", "--seconds", "0.2")
            return json.loads(told), server.returncode

    told, status = sandboxed(main)
    assert status == 0
    assert told["bytes"] > 1_000_000
    assert told["seconds"] > 0
