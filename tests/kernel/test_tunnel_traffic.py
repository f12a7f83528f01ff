"""Through `tunlab tunnel`: every packet once, unchanged, in order; nothing malformed; TCP over a bad underlay."""

import hashlib
import os
import random
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from inner_packets import FOUR, SIX, Burst, burst, hostile, is_whole, packet
from inside import Node, Sandboxed
from tcp_stream import transferred
from underlay import INNER, OUTER, PATIENCE, Endpoint, Underlay, entered_socket, place, underlay, wait_until

pytestmark = pytest.mark.needs("sandbox", "tun")

SOAK = bool(os.environ.get("TUNLAB_SOAK"))
ETHERTYPE = {4: 0x0800, 6: 0x86DD}
AT_ONCE = 50  # packets on their way: a tun device's queue has room for 500
WAYS = [("simple", "simple"), ("simple", "fast"), ("fast", "fast")]
SOL_UDP, UDP_SEGMENT = 17, 103  # linux/udp.h
SEED = int.from_bytes(os.urandom(4))


def run(sandboxed: Sandboxed, case: Callable[[Underlay], Any], mtu: int = 1500) -> Any:
    def main(_: Any) -> Any:
        with underlay(mtu) as made:
            return case(made)

    return sandboxed(main)


class Arrivals:
    """What comes out of a node's tun0 for the stack, as far as it is from our nobody."""

    def __init__(self, node: Node) -> None:
        self._socket = entered_socket(node, socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind(("tun0", 3))
        self._socket.setblocking(False)
        self.packets: list[bytes] = []

    def __enter__(self) -> "Arrivals":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def take(self, patience: float = 0.0) -> None:
        """All that is there, or has come within that time."""
        if not select.select([self._socket], [], [], patience)[0]:
            return
        while True:
            try:
                data, (_, _, kind, *_) = self._socket.recvfrom(65535)
            except BlockingIOError:
                return
            if kind != socket.PACKET_OUTGOING:
                self.packets.append(data)


def ours(data: bytes) -> bool:
    return data[12:16] == FOUR[0] or data[8:24] == SIX[0]


@pytest.mark.soak
@pytest.mark.parametrize("outer", [4, 6])
@pytest.mark.parametrize("inner", [4, 6])
@pytest.mark.parametrize("ways", WAYS)
def test_every_packet_arrives_once_and_in_order(
    sandboxed: Sandboxed, ways: tuple[str, str], outer: int, inner: int
) -> None:
    """10,000 over all of them together, and over each in a soak; in both directions at once."""
    chance = random.Random(f"{SEED} {outer} {inner}")
    sent = [packet(chance, inner) for _ in range(10_000 if SOAK else 900)]

    def case(net: Underlay) -> Any:
        ends = net.both(outer, inner, "--mtu", "1500", ways=ways)
        with ExitStack() as stack:
            sides = (net.a, net.b)
            arrivals = [stack.enter_context(Arrivals(node)) for node in reversed(sides)]
            sending = [
                stack.enter_context(entered_socket(node, socket.AF_PACKET, socket.SOCK_DGRAM, 0)) for node in sides
            ]
            for start in range(0, len(sent), AT_ONCE):
                batch = sent[start : start + AT_ONCE]
                for each in batch:
                    for sock in sending:
                        sock.sendto(each, ("tun0", ETHERTYPE[inner]))
                for arrived in arrivals:
                    deadline = time.monotonic() + PATIENCE
                    while len(arrived.packets) < start + len(batch) and time.monotonic() < deadline:
                        arrived.take(0.1)
            for arrived in arrivals:  # one that came twice would still be coming
                arrived.take(0.1)
            counters = [end.end()[1] for end in ends]
            same = [[each for each in arrived.packets if ours(each)] == sent for arrived in arrivals]
            return same, [len(arrived.packets) for arrived in arrivals], counters

    same, lengths, counters = run(sandboxed, case, mtu=1600)
    assert same == [True, True], f"seed {SEED}: {lengths} of {len(sent)}, {counters}"
    assert all(each["read"] == each["sent"] >= len(sent) for each in counters)
    assert all(each["received"] == each["written"] >= len(sent) for each in counters)


@pytest.mark.soak
@pytest.mark.parametrize("outer", [4, 6])
@pytest.mark.parametrize("way", ["simple", "fast"])
def test_hostile_datagrams_do_no_harm(sandboxed: Sandboxed, way: str, outer: int) -> None:
    """10,000 by each path, 1,000,000 in a soak, as fast as they go; most come from the peer's own port."""
    count = 500_000 if SOAK else 5_000
    chance = random.Random(f"{SEED} {outer}")

    def case(net: Underlay) -> Any:
        end = net.endpoint(0, outer, 4, "--path", way)
        family = socket.AF_INET if outer == 4 else socket.AF_INET6
        with ExitStack() as stack:
            peer, foreign = (stack.enter_context(entered_socket(net.b, family, socket.SOCK_DGRAM)) for _ in range(2))
            peer.bind((OUTER[outer][1], 8285))
            foreign.bind((OUTER[outer][1], 8286))
            arrivals = stack.enter_context(Arrivals(net.a))
            here = (OUTER[outer][0], 8285)
            kept = {"honest": 0, "foreign": 0, "sent": 0}
            told: set[bytes] = set()
            bursts: dict[int, Burst] = {}
            while kept["sent"] + kept["foreign"] < count:
                if chance.randrange(50) == 0:
                    made = burst(chance)
                    segments = (SOL_UDP, UDP_SEGMENT, made.size.to_bytes(2, sys.byteorder))
                    peer.sendmsg([b"".join(made.parts)], [segments], 0, here)
                    kept["sent"] += len(made.parts)
                    bursts[made.port] = made
                bad = hostile(chance, chance.choice((4, 6)))
                by = foreign if chance.randrange(10) == 0 else peer
                by.sendto(bad, here)
                kept["foreign" if by is foreign else "sent"] += 1
                if kept["sent"] % 5 == 0:
                    honest = packet(chance, 4)
                    peer.sendto(honest, here)
                    told.add(honest)
                    kept["honest"] += 1
                if kept["sent"] % 100 == 0:
                    arrivals.take()
            arrivals.take()
            wait_until(lambda: arrivals.take(0.2) or settled(arrivals))
            harm = sum(not is_whole(each) for each in arrivals.packets)
            honestly = sum(each in told for each in arrivals.packets)
            joined = [
                (each, made)
                for each in arrivals.packets
                if (each[:1], each[22:24]) == (b"\x45", b"\0P")  # to port 80: no other has that and a burst's by chance
                and (made := bursts.get(int.from_bytes(each[20:22])))
                and len(each) > made.size
            ]
            trusted = [made.has(each) for each, made in joined]
            return kept, harm, honestly, trusted, end.end(), len(told)

    kept, harm, honestly, trusted, (status, counters, said), honest = run(sandboxed, case)
    assert all(trusted), f"seed {SEED}: what was joined has wrong bytes in it"
    assert bool(trusted) == (way == "fast")
    refused = {name: counters[name] for name in ("empty", "version", "header_length", "total_length", "checksum")}
    assert (harm, status, "Traceback" in said) == (0, 0, False), f"seed {SEED}"
    assert honestly > honest / 2, f"seed {SEED}: {honestly} of {honest}: {counters}"
    assert all(refused.values()), f"seed {SEED}: {refused}"
    assert counters["foreign"] == kept["foreign"]
    assert counters["received"] == counters["written"] + sum(refused.values()) + counters["write_refused"]
    assert counters["received"] + counters["overflow"] >= kept["sent"]


def settled(arrivals: Arrivals) -> bool:
    """Whether nothing came for a moment."""
    before = len(arrivals.packets)
    arrivals.take(0.2)
    return len(arrivals.packets) == before


@pytest.mark.soak
@pytest.mark.parametrize("ways", WAYS)
def test_tcp_over_a_bad_underlay(sandboxed: Sandboxed, ways: tuple[str, str]) -> None:
    """Some are lost, doubled, out of order; at half of it an endpoint is killed, and started again."""
    data = random.Random(SEED).randbytes(1 << 20) * (100 if SOAK else 4)

    def case(net: Underlay) -> Any:
        net.b.output("ip", "tuntap", "add", "tun0", "mode", "tun")
        a, b = (place(OUTER[4][side]) for side in (0, 1))
        for_a, for_b = (place(OUTER[4][1], port) for port in (9001, 9002))
        with ExitStack() as stack:
            relay = Path(__file__).with_name("unkind_relay.py")
            with net.b.namespace.entered():
                running = stack.enter_context(
                    subprocess.Popen(
                        [sys.executable, str(relay), str(SEED), for_a, a, for_b, b], stdout=subprocess.PIPE, text=True
                    )
                )
            stack.callback(running.kill)
            assert running.stdout is not None
            running.stdout.readline()

            def start(node: Node, local: str, peer: str, side: int) -> Endpoint:
                started = net.start(
                    node, "--local", local, "--peer", peer, "--address", f"{INNER[4][side]}/24", "--path", ways[side]
                )
                started.next()
                return started

            start(net.a, a, for_a, 0)
            other = start(net.b, b, for_b, 1)

            def restart() -> None:
                other.process.kill()
                other.process.communicate()
                start(net.b, b, for_b, 1)

            listening = stack.enter_context(entered_socket(net.b, socket.AF_INET, socket.SOCK_STREAM))
            listening.bind((INNER[4][1], 80))
            listening.listen()
            sending = stack.enter_context(entered_socket(net.a, socket.AF_INET, socket.SOCK_STREAM))
            sending.settimeout(PATIENCE)
            sending.connect((INNER[4][1], 80))
            receiving, _ = listening.accept()
            stack.enter_context(receiving)
            return transferred(sending, receiving, data, restart)

    assert run(sandboxed, case) == hashlib.sha256(data).hexdigest(), f"seed {SEED}"
