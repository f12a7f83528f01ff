"""Through `tunlab tunnel`: every packet once, unchanged, in order; nothing malformed; TCP over a bad underlay."""

import hashlib
import os
import random
import socket
import sys
from contextlib import ExitStack
from typing import Any

import pytest
from arrivals import Arrivals, exchanged, run, settled
from bad_underlay import relayed
from inner_packets import Burst, burst, hostile, is_whole, packet
from inside import Sandboxed
from underlay import OUTER, Underlay, entered_socket, wait_until

pytestmark = [pytest.mark.needs("sandbox", "tun"), pytest.mark.alike]

SOAK = bool(os.environ.get("TUNLAB_SOAK"))
ETHERTYPE = {4: 0x0800, 6: 0x86DD}
AT_ONCE = 50  # packets on their way: a tun device's queue has room for 500
WAYS = [("simple", "simple"), ("simple", "fast"), ("fast", "fast")]
SOL_UDP, UDP_SEGMENT = 17, 103  # linux/udp.h
SEED = int.from_bytes(os.urandom(4))


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
        same, lengths = exchanged(net, sent)
        return same, lengths, [end.end()[1] for end in ends]

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
            bursts: dict[bytes, Burst] = {}
            while kept["sent"] + kept["foreign"] < count:
                if chance.randrange(50) == 0:
                    made = burst(chance, 1024 + len(bursts))
                    segments = (SOL_UDP, UDP_SEGMENT, made.size.to_bytes(2, sys.byteorder))
                    peer.sendmsg([b"".join(made.parts)], [segments], 0, here)
                    kept["sent"] += len(made.parts)
                    bursts[made.parts[0][20:24]] = made
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
            # One of whose ports a byte was changed passes alone, and may then have those of a burst of smaller parts.
            alone = {part for made in bursts.values() for part in made.parts}
            of_tcp = [each for each in arrivals.packets if each[:1] == b"\x45" and each[9] == socket.IPPROTO_TCP]
            joined = [
                (each, made)
                for each in of_tcp
                if (made := bursts.get(each[20:24])) and len(each) > made.size and each not in alone
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


@pytest.mark.soak
@pytest.mark.parametrize("ways", WAYS)
def test_tcp_over_a_bad_underlay(sandboxed: Sandboxed, ways: tuple[str, str]) -> None:
    """Some are lost, doubled, out of order; at half of it an endpoint is killed, and started again."""
    data = random.Random(SEED).randbytes(1 << 20) * (100 if SOAK else 4)

    def case(net: Underlay) -> Any:
        with relayed(net, SEED, ways) as relay:
            return relay.transferred(data, [1])

    assert run(sandboxed, case) == hashlib.sha256(data).hexdigest(), f"seed {SEED}"
