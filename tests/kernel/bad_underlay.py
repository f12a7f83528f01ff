"""Two ends of a tunnel with the unkind relay between them, and TCP through all of it while they are killed."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tcp_stream import transferred
from underlay import INNER, OUTER, PATIENCE, Endpoint, Own, Underlay, entered_socket, place

HERE = tuple(place(OUTER[4][side]) for side in (0, 1))
THERE = tuple(place(OUTER[4][1], port) for port in (9001, 9002))  # of the relay, which is at B


@dataclass
class Relayed:
    """`ends` are those that run. `recorded`: a file with what the relay has heard (unkind_relay.py)."""

    net: Underlay
    ways: tuple[str, str]
    own: Own
    recorded: Path
    process: subprocess.Popen[str]
    ends: dict[int, Endpoint] = field(default_factory=dict)

    def start(self, side: int) -> None:
        node = (self.net.a, self.net.b)[side]
        places = ("--local", HERE[side], "--peer", THERE[side], "--address", f"{INNER[4][side]}/24")
        self.ends[side] = self.net.start(node, *places, "--path", self.ways[side], *self.own[side])
        self.ends[side].next()

    def restart(self, side: int) -> None:
        """Kill that end, and start it again."""
        self.ends[side].process.kill()
        self.ends[side].process.communicate()
        self.start(side)

    def transferred(self, data: bytes, killed: Sequence[int]) -> str:
        """The hash of what comes from A to B by TCP, while these sides are killed and started again, one by one."""
        for side in (0, 1):
            self.start(side)
        for side in (0, 1):
            if "encrypted" in self.own[side]:
                self.ends[side].agrees()
        with ExitStack() as stack:
            listening = stack.enter_context(entered_socket(self.net.b, socket.AF_INET, socket.SOCK_STREAM))
            listening.bind((INNER[4][1], 80))
            listening.listen()
            sending = stack.enter_context(entered_socket(self.net.a, socket.AF_INET, socket.SOCK_STREAM))
            sending.settimeout(PATIENCE)
            sending.connect((INNER[4][1], 80))
            receiving, _ = listening.accept()
            stack.enter_context(receiving)
            return transferred(sending, receiving, data, [partial(self.restart, side) for side in killed])

    def end(self) -> None:
        """The relay ends, and all that it has heard is in the file."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)


@contextmanager
def relayed(net: Underlay, seed: int, ways: tuple[str, str], own: Own = ((), ())) -> Iterator[Relayed]:
    """The relay runs, and no end yet; their devices are there."""
    for node in (net.a, net.b):
        node.output("ip", "tuntap", "add", "tun0", "mode", "tun")
    recorded = net.keys / "recorded"
    words = (str(seed), str(recorded), THERE[0], HERE[0], THERE[1], HERE[1])
    with net.b.namespace.entered():
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("unkind_relay.py")), *words],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    with process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield Relayed(net, ways, own, recorded, process)
        finally:
            process.kill()
