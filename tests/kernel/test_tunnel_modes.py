"""`tunlab tunnel` that compresses or encrypts: what it carries, and what it makes of frames that are none."""

import hashlib
import os
import random
import socket
from contextlib import ExitStack
from typing import Any

import pytest
from arrivals import Arrivals, exchanged, run, settled
from bad_underlay import relayed
from inner_packets import hostile, is_whole, packet
from inside import Sandboxed
from tcp_stream import stream
from underlay import INNER, OUTER, Underlay, entered_socket, memory_of, wait_until
from zstandard import ZstdCompressor

pytestmark = [pytest.mark.needs("sandbox", "tun"), pytest.mark.soak, pytest.mark.alike]

SOAK = bool(os.environ.get("TUNLAB_SOAK"))
MODES = ["compressed", "encrypted"]
WAYS = [("simple", "simple"), ("simple", "fast"), ("fast", "fast")]
SEED = int.from_bytes(os.urandom(4))


def some(chance: random.Random) -> bytes:
    """A packet, and every other one is worth compressing."""
    made = packet(chance, chance.choice((4, 6)))
    return made if chance.randrange(2) else made[:80] + bytes(max(0, len(made) - 80))


@pytest.mark.parametrize("outer", [4, 6])
@pytest.mark.parametrize("ways", WAYS)
@pytest.mark.parametrize("mode", MODES)
def test_what_it_carries(sandboxed: Sandboxed, mode: str, ways: tuple[str, str], outer: int) -> None:
    """IPv4 and IPv6: every packet arrives once and in order, both ways at once; and TCP's data are the same."""
    chance = random.Random(f"{SEED} {outer}")
    sent = [some(chance) for _ in range(10_000 if SOAK else 400)]
    data = chance.randbytes(1 << 19) * (100 if SOAK else 2) + bytes(1 << 19)

    def case(net: Underlay) -> Any:
        ends = net.both(outer, 4, "--mtu", "1500", ways=ways, own=net.own(mode))
        same, lengths = exchanged(net, sent)
        for side, node in enumerate((net.a, net.b)):
            node.output("ip", "addr", "add", f"{INNER[6][side]}/64", "dev", "tun0", "nodad")
        hashes = {stream(net, inner, data) for inner in (4, 6)}
        return same, lengths, hashes, [end.end() for end in ends]

    same, lengths, hashes, ended = run(sandboxed, case, mtu=1600)
    counters = [counted for _, counted, _ in ended]
    assert same == [True, True], f"seed {SEED}: {lengths} of {len(sent)}, {counters}"
    assert hashes == {hashlib.sha256(data).hexdigest()}
    assert [(status, said) for status, _, said in ended] == [(0, "")] * 2
    for here, there in (counters, counters[::-1]):
        assert here["read"] == here["sent"] + here["too_big"] >= len(sent)
        assert not any(
            there[name] for name in ("frame", "unauthentic", "replayed", "no_session", "no_key", "write_refused")
        )
        assert len(sent) <= there["written"] <= here["sent"]  # the last ones may still have been on their way
        if mode == "compressed":
            assert there["received_bytes"] < here["read_bytes"]
        else:
            assert there["received_bytes"] >= 28 * there["written"]


@pytest.mark.parametrize("ways", WAYS[1:])
@pytest.mark.parametrize("mode", MODES)
def test_tcp_over_a_bad_underlay(sandboxed: Sandboxed, mode: str, ways: tuple[str, str]) -> None:
    """Some are lost, doubled, out of order."""
    data = random.Random(SEED).randbytes(1 << 20) * (100 if SOAK else 3)

    def case(net: Underlay) -> Any:
        with relayed(net, SEED, ways, net.own(mode)) as relay:
            return relay.transferred(data, [])

    assert run(sandboxed, case) == hashlib.sha256(data).hexdigest(), f"seed {SEED}"


def frame(chance: random.Random, content: bytes) -> bytes:
    """Of Zstandard, and in most something is wrong: what is in it, or the frame."""
    whole = ZstdCompressor(level=1).compress(content)
    match chance.randrange(7):
        case 0:
            changed = bytearray(whole)
            for _ in range(chance.randint(1, 3)):
                changed[chance.randrange(4, len(changed))] = chance.randrange(256)
            return bytes(changed)
        case 1:
            return whole[: chance.randrange(4, len(whole))]
        case 2:
            return whole + chance.randbytes(chance.randint(1, 50))
        case 3:  # says nothing about its length
            return ZstdCompressor(level=1, write_content_size=False).compress(content)
        case 4:  # says what is not so: more, or less
            return whole[:4] + b"\xa0" + chance.choice((20, 1500, 1 << 31)).to_bytes(4, "little") + whole[6:]
        case 5:  # RFC 8878, 3.1.2: one to be skipped, with another behind it
            return b"\x50\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content + whole
        case _:
            return whole


@pytest.mark.parametrize(("way", "outer"), [("simple", 4), ("fast", 6)])
def test_frames_that_nobody_honest_makes(sandboxed: Sandboxed, way: str, outer: int) -> None:
    """10,000 in all, 1,000,000 in a soak, as fast as A reads, from the peer's own port."""
    count = 500_000 if SOAK else 5_000
    chance = random.Random(f"{SEED} {outer}")
    bombs = [ZstdCompressor().compress(bytes(size)) for size in (1501, 1 << 16, 64 << 20)]
    bad = [frame(chance, hostile(chance, chance.choice((4, 6)))[:3000] or b"\0") for _ in range(2000)]
    bad += [hostile(chance, chance.choice((4, 6))) for _ in range(200)] + bombs * 20

    def case(net: Underlay) -> Any:
        end = net.endpoint(0, outer, 4, "--path", way, "--mtu", "1500", "--mode", "compressed")
        family = socket.AF_INET if outer == 4 else socket.AF_INET6
        with ExitStack() as stack:
            peer = stack.enter_context(entered_socket(net.b, family, socket.SOCK_DGRAM))
            peer.bind((OUTER[outer][1], 8285))
            arrivals = stack.enter_context(Arrivals(net.a))
            here = (OUTER[outer][0], 8285)
            told: set[bytes] = set()
            before = 0

            def send() -> bytes:
                honest = some(chance)
                peer.sendto(ZstdCompressor(level=1).compress(honest), here)
                told.add(honest)
                return honest

            for number in range(count):
                peer.sendto(chance.choice(bad), here)
                if number % 5 == 0:
                    send()
                if number % 100 == 0:
                    assert arrivals.has(send), f"seed {SEED}: after {number} nothing passes any more"
                if number == count // 10:
                    before = memory_of(end)
            wait_until(lambda: settled(arrivals))
            harm = sum(not is_whole(each) for each in arrivals.packets)
            honestly = sum(each in told for each in arrivals.packets)
            return harm, honestly, len(told), memory_of(end) - before, end.end()

    harm, honestly, honest, grown, (status, counters, said) = run(sandboxed, case, mtu=1600)
    assert (harm, status, "Traceback" in said) == (0, 0, False), f"seed {SEED}: {said}"
    assert honestly > honest / 2, f"seed {SEED}: {honestly} of {honest}: {counters}"
    refused = {name: counters[name] for name in ("frame", "version", "header_length", "total_length", "checksum")}
    assert all(refused.values()), f"seed {SEED}: {refused}"
    assert counters["received"] == counters["written"] + sum(refused.values()) + counters["empty"]
    assert grown < 8 << 20, f"seed {SEED}: {grown} bytes more"
    if SOAK:  # -s shows it
        print(f"{way}: {honestly} of {honest} arrived, {grown} bytes more, {counters}")
