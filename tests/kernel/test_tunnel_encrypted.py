"""`tunlab tunnel --mode encrypted`: who has no key gets nothing through, and whoever has goes on whatever happens."""

import hashlib
import itertools
import json
import os
import random
import re
import select
import socket
import subprocess
from collections import Counter
from contextlib import ExitStack, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from arrivals import ETHERTYPE, Arrivals, entrance, exchanged, run, settled
from attackers import Between, Ears, Stranger, foreign, hostile, known, odd
from bad_underlay import relayed
from inner_packets import ICMP, four, packet
from inside import Sandboxed
from switch import Switch
from tcp_stream import carried
from underlay import INNER, OUTER, PATIENCE, Own, Underlay, entered_socket, memory_of, place, wait_until
from unkind_relay import RECORD

from tunlab import paths
from tunlab.tunnel.encrypted.key_files import generate, public_text, read_private

pytestmark = [pytest.mark.needs("sandbox", "tun"), pytest.mark.alike]

SOAK = bool(os.environ.get("TUNLAB_SOAK"))
SEED = int.from_bytes(os.urandom(4))
SO_MAX_PACING_RATE = 47  # asm-generic/socket.h


def unheard(net: Underlay, outer: int, ears: Ears, chance: random.Random) -> list[bytes]:
    """Packets that B sends while A has no address: who has heard them has records with counters that A has not seen."""
    address = (f"{OUTER[outer][0]}/{24 if outer == 4 else 64}", "dev", "eth0")
    net.a.output("ip", "addr", "del", *address)
    sent = []
    with entrance(net.b) as door:
        for _ in range(60):
            before = len(ears.heard()[0])
            sent.append(packet(chance, 4))
            door.sendto(sent[-1], ("tun0", ETHERTYPE[4]))
            assert wait_until(lambda before=before: len(ears.heard()[0]) > before)
    net.a.output("ip", "addr", "add", *address, *(("nodad",) if outer == 6 else ()))
    return sent


@pytest.mark.soak
@pytest.mark.parametrize(("way", "outer", "client"), [("simple", 4, 1), ("fast", 6, 1), ("fast", 4, 0)])
def test_who_has_no_key_does_no_harm(sandboxed: Sandboxed, way: str, outer: int, client: int) -> None:
    """10,000 datagrams in all, 1,000,000 in a soak, from the peer's own address and from others, as fast as A reads.

    They are made of what the two ends have said. `client`: the side that begins the handshakes; A is attacked.
    """
    count = 333_334 if SOAK else 3_334
    chance = random.Random(f"{SEED} {outer}")

    def case(net: Underlay) -> Any:
        ears = Ears(net.b, outer)
        ends = net.both(outer, 4, "--mtu", "1500", ways=(way, "fast"), own=net.own("encrypted", client))
        before, _ = exchanged(net, [packet(chance, 4) for _ in range(60)])
        honest = Counter(unheard(net, outer, ears, chance))
        heard = known(ears.heard())
        ears.close()
        bad = [hostile(chance, heard) for _ in range(min(count, 20_000))]
        memory = 0
        with ExitStack() as stack:
            peer = stack.enter_context(Between(net.b, outer))
            strangers = [
                stack.enter_context(Stranger(net.b, outer, begin)) for begin in (foreign(chance), foreign(chance), odd)
            ]
            for each in strangers if client == 1 else []:
                assert wait_until(lambda each=each: each.go_on() or each.refused > 1), "A does not even refuse it"
            door = stack.enter_context(entrance(net.b))
            arrivals = stack.enter_context(Arrivals(net.a))

            def send() -> bytes:
                sent = packet(chance, 4)
                door.sendto(sent, ("tun0", ETHERTYPE[4]))
                honest[sent] += 1
                return sent

            for number in range(count):
                (strangers[number % 3] if number % 7 == 0 else peer).send(chance.choice(bad))
                if number % 5 == 0:
                    send()
                if number % 100 == 0:
                    assert arrivals.has(send), f"seed {SEED}: after {number} nothing passes any more"
                    for each in strangers:
                        each.go_on()
                if number == count // 3:
                    memory = memory_of(ends[0])
            wait_until(lambda: settled(arrivals))
            arrived = Counter(arrivals.packets)
            by_strangers = sum(each.sent for each in strangers)
        grown = memory_of(ends[0]) - memory
        after, _ = exchanged(net, [packet(chance, 4) for _ in range(60)])
        return before, after, arrived - honest, arrived.total(), honest.total(), by_strangers, grown, ends[0].end()

    before, after, harm, arrived, honest, strange, grown, (status, counters, said) = run(sandboxed, case, mtu=1600)
    if SOAK:  # -s shows it
        print(f"{way} {outer} {client}: {arrived} of {honest}, {grown} bytes more, {counters}")
    assert (before, after) == ([True, True], [True, True]), f"seed {SEED}: {counters}"
    assert (len(harm), status, "Traceback" in said) == (0, 0, False), f"seed {SEED}: {said}"
    # Of those that A had not heard, some will have come by the attacker's hand, which is all the same.
    assert arrived > honest / 2, f"seed {SEED}: {arrived} of {honest}: {counters}"
    assert (counters["foreign"], counters["moved"], counters["handshakes"] > 0) == (strange, 0, True)
    expected = ["handshake", "no_session", "unauthentic", "replayed", "alerts"]
    expected += ["handshakes_failed"] if client == 1 else []
    assert all(counters[name] for name in expected), f"seed {SEED}: {counters}"
    assert grown < 8 << 20, f"seed {SEED}: {grown} bytes more"


@pytest.mark.soak
@pytest.mark.parametrize("ways", [("simple", "fast"), ("fast", "fast")])
def test_killed_and_restarted_no_nonce_comes_twice(sandboxed: Sandboxed, ways: tuple[str, str]) -> None:
    """Twice, 20 times in a soak, while TCP goes over an underlay that loses, doubles and reorders."""
    killed = [0, 1] * (10 if SOAK else 1)
    data = random.Random(SEED).randbytes(1 << 20) * 2 * (len(killed) + 1)

    def case(net: Underlay) -> Any:
        with relayed(net, SEED, ways, net.own("encrypted")) as relay:
            found = relay.transferred(data, killed)
            relay.end()
            return found, relay.recorded.read_bytes()

    found, recorded = run(sandboxed, case)
    assert found == hashlib.sha256(data).hexdigest(), f"seed {SEED}"
    heard = [recorded[start : start + RECORD] for start in range(0, len(recorded), RECORD)]
    came = [each[:13] for each in heard if each[1] & 0xC0 == 0x80]  # from whom, index, counter
    assert len(came) > len(data) / 1500
    twice = {pair: times for pair, times in Counter(came).items() if times > 1}
    assert not twice, f"seed {SEED}"
    for side in (0, 1):
        assert len({each[1:5] for each in came if each[0] == side}) > len(killed)


@pytest.mark.soak
@pytest.mark.parametrize("client", [0, 1] if SOAK else [1])
def test_new_keys_under_load(sandboxed: Sandboxed, client: int) -> None:
    """At least three times, and one TCP connection never notices."""
    rate, seconds = 2 << 20, 7.2  # bytes a second: three times 2 seconds, and what the endpoint may be late
    data = random.Random(SEED).randbytes(1 << 20) * int(rate * seconds / (1 << 20))

    def case(net: Underlay) -> Any:
        ends = net.both(4, 4, "--rekey", "2", ways=("simple", "fast"), own=net.own("encrypted", client))
        found = carried(net.a, net.b, INNER[4][1], data, [(socket.SOL_SOCKET, SO_MAX_PACING_RATE, rate)])
        return found, [end.end()[1] for end in ends]

    found, counters = run(sandboxed, case)
    assert found == hashlib.sha256(data).hexdigest(), f"seed {SEED}"
    assert all(each["handshakes"] >= 4 for each in counters), counters
    assert all(each["handshakes_failed"] == each["no_key"] == each["unauthentic"] == 0 for each in counters), counters


@pytest.mark.parametrize("client", [0, 1])
def test_the_peer_is_followed(sandboxed: Sandboxed, client: int) -> None:
    """To another port and address, once it has proved who is there; what somebody else sends again proves nothing."""
    chance = random.Random(SEED)
    first, second, third = place(OUTER[4][1], 9001), place(OUTER[4][1], 9003), place("100.89.104.23", 9003)

    def case(net: Underlay) -> Any:
        own = net.own("encrypted", client)
        here = ("--local", place(OUTER[4][0]), "--peer", first, "--stats", "0.1")
        there = ("--local", place(OUTER[4][1]), "--peer", place(OUTER[4][1], 9002))
        with ExitStack() as stack:
            switch = Switch(net)
            stack.callback(switch.close)
            a = net.start(net.a, *here, *own[0], "--address", f"{INNER[4][0]}/24")
            b = net.start(net.b, *there, *own[1], "--address", f"{INNER[4][1]}/24")

            def latest() -> dict[str, Any]:
                while a.is_news():
                    a.next()
                return a.told[-1] if a.told else {"state": "", "counters": {}}

            def agreed(peer: str) -> bool:
                latest()
                return any((each["state"], each["peer"]) == ("agreed", peer) for each in a.told)

            def arrives(door: socket.socket, arrived: Arrivals, sent: list[bytes]) -> bool:
                sent.append(four(chance, ICMP, 100))
                door.sendto(sent[-1], ("tun0", ETHERTYPE[4]))
                arrived.take()
                return any(each in arrived.packets for each in sent)

            assert switch.until(lambda: agreed(first))
            doors = [stack.enter_context(entrance(node)) for node in (net.b, net.a)]
            arrivals = [stack.enter_context(Arrivals(node)) for node in (net.a, net.b)]

            def passes() -> bool:
                """New packets pass, first from B, then from A; sent again where the way was not yet there."""
                for door, arrived in zip(doors, arrivals, strict=True):
                    if not switch.until(partial(arrives, door, arrived, [])):
                        return False
                return True

            assert passes()
            with entered_socket(net.b, socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.settimeout(PATIENCE)
                for _ in range(20):
                    stranger.sendto(switch.record, (OUTER[4][0], 8285))
                stranger.recv(65535)  # A asks who is there, and nobody knows
            assert switch.until(lambda: latest()["counters"]["foreign"] >= 20)
            assert passes()
            replayed = latest()["counters"]["moved"], latest()["peer"]
            switch.move(OUTER[4][1], 9003)
            passed = passes()
            assert switch.until(lambda: agreed(second) and latest()["state"] == "running")
            moved = passed, latest()["counters"]["moved"], latest()["peer"]
            net.b.output("ip", "addr", "add", "100.89.104.23/24", "dev", "eth0")
            switch.move("100.89.104.23", 9003)
            b.process.kill()
            b.process.communicate()
            b = net.start(net.b, *there, *own[1], "--address", f"{INNER[4][1]}/24")
            assert switch.until(lambda: agreed(third))
            return replayed, moved, a.end()

    replayed, moved, (status, counters, said) = run(sandboxed, case)
    assert replayed == (0, first)
    assert moved == (True, 1, second)
    assert (status, counters["moved"], counters["handshakes"], said) == (0, 2, 3, "")


def test_keys_come_while_it_still_tells_that_it_is_open(sandboxed: Sandboxed) -> None:
    """Who reads that takes their time: the two lines come one after the other, and it lives."""

    def case(net: Underlay) -> Any:
        own = net.own("encrypted")
        a, b = (place(OUTER[4][side]) for side in (0, 1))
        heard, told = os.pipe()
        os.set_blocking(told, False)
        with suppress(BlockingIOError):
            while True:
                os.write(told, b"\n" * 4096)
        os.set_blocking(told, True)
        words = ["tunlab", "tunnel", "--json", "--device", "tun0", "--local", a, "--peer", b, *own[0]]
        with net.a.namespace.entered():
            slow = subprocess.Popen(words, stdout=told, env=os.environ | {"PATH": paths.search_path()})
        os.close(told)
        try:
            net.start(net.b, "--local", b, "--peer", a, *own[1]).agrees()
            lines = b""
            while b"agreed" not in lines or not lines.endswith(b"\n"):
                assert select.select([heard], [], [], PATIENCE)[0], "it says nothing"
                part = os.read(heard, 1 << 16)
                assert part, f"it has ended, status {slow.wait(PATIENCE)}"
                lines += part
        finally:
            slow.kill()
            slow.wait()
            os.close(heard)
        return [json.loads(line)["state"] for line in lines.splitlines() if line]

    assert run(sandboxed, case) == ["open", "agreed"]


def sentence(key: str, language: str) -> str:
    """As a pattern."""
    text = import_module(f"tunlab.messages.{language}").SENTENCES[key]
    return re.sub(r"\\{\w+\\}", ".*", re.escape(text))


def another(net: Underlay, own: Own, below: bool) -> tuple[str, ...]:
    """B's words with a key that A does not expect; `below`: it comes before A's in the alphabet."""
    of_a = own[1][-1]
    for number in itertools.count():
        path = net.keys / f"wrong-{len(list(net.keys.iterdir()))}-{number}"
        if (generate(path) < of_a) == below:
            return ("--mode", "encrypted", "--key-file", str(path), "--peer-key", of_a)
    raise AssertionError


def test_a_wrong_key(sandboxed: Sandboxed) -> None:
    """Nothing passes, and that is said once: whoever begins, and where the keys have both begin, or neither."""
    cases = [(client, below) for client in (0, 1) for below in (False, True)]

    def case(net: Underlay) -> Any:
        told = []
        pairs = []
        for number, (client, below) in enumerate(cases):
            own = net.own("encrypted", client)
            mine, wrong = own[0], another(net, own, below)
            device, port = ("--device", f"tun{number}"), 8285 + number
            places = [place(OUTER[4][side], port) for side in (0, 1)]
            a = net.start(
                net.a, *device, "--local", places[0], "--peer", places[1], "--address", f"192.168.{number}.2/24",
                "--stats", "0.1", *mine, "--lang", "en",
            )  # fmt: skip
            b = net.start(net.b, *device, "--local", places[1], "--peer", places[0], *wrong, "--lang", "zh")
            pairs.append((a, b))
        with entrance(net.a) as door:
            for number, (a, b) in enumerate(pairs):
                a.next()
                door.sendto(four(random.Random(SEED), ICMP, 100), (f"tun{number}", ETHERTYPE[4]))
                a.until(lambda each: each["counters"]["wrong_key"] >= 2 and each["counters"]["no_key"] >= 1)
                told.append((a.end(), b.end()))
        return told

    for (client, below), ((status, here, said), (other, there, also)) in zip(cases, run(sandboxed, case), strict=True):
        assert (status, other, here["sent"], there["written"], there["handshakes"]) == (0, 0, 0, 0, 0)
        assert len(re.findall(sentence("tunnel_wrong_key", "en"), said)) == len(said.splitlines()) == 1, said
        clash = (client == 1) == (not below)
        assert there["wrong_key" if clash else "alerts"] > 0, (client, below, there)
        assert len(re.findall(sentence("tunnel_wrong_key", "zh"), also)) == len(also.splitlines()) == int(clash)


def test_keys_that_cannot_be(sandboxed: Sandboxed) -> None:
    def case(net: Underlay) -> Any:
        own = net.own("encrypted")[0]
        readable, words = net.keys / "readable", ("--mode", "encrypted", "--key-file")
        public = generate(readable)
        readable.chmod(0o640)
        (net.keys / "none").write_text("-----BEGIN NOTHING-----")
        (net.keys / "none").chmod(0o600)
        cases = [
            ("tunnel_key_open", 3, (*words, str(readable), "--peer-key", own[-1])),
            ("tunnel_own_key", 2, (*own[:-1], public_of(own[3]))),
            ("tunnel_key_unread", 3, (*words, str(net.keys / "nowhere"), "--peer-key", own[-1])),
            ("tunnel_key_none", 3, (*words, str(net.keys / "none"), "--peer-key", own[-1])),
            ("tunnel_bad_peer_key", 2, (*own[:-1], "x" * 44)),
            ("tunnel_keys_wanted", 2, own[:4]),
            ("tunnel_keys_wanted", 2, (*own[:2], *own[4:])),
            ("tunnel_keys_unused", 2, ("--mode", "compressed", *own[2:])),
            ("tunnel_keys_unused", 2, ("--peer-key", public)),
        ]
        # Chinese for the first ones only: each start takes half a second.
        asked = [(language, *each) for language, some in (("en", cases), ("zh", cases[:2])) for each in some]
        started = []
        for number, (language, _, _, those) in enumerate(asked):
            places = ("--local", place(OUTER[4][0], 8285 + number), "--peer", place(OUTER[4][1]))
            started.append(net.start(net.a, *places, "--device", f"tun{number}", *those, "--lang", language))
        return [(*those[:3], each.ended()) for those, each in zip(asked, started, strict=True)]

    for language, key, expected, (status, _, said) in run(sandboxed, case):
        assert (status, len(said.splitlines())) == (expected, 1), said
        assert re.search(sentence(key, language), said), said


def public_of(path: str) -> str:
    return public_text(read_private(Path(path)).public_key())
