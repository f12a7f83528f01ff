"""The encrypted mode against those who attack it: strangers, forgers of addresses, and a peer gone bad.

Two ends agree on keys over a net that is a list of datagrams; nothing is sent in earnest.
"""

import errno
import gc
import os
import resource
import socket
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from tunlab.errors import TunlabError
from tunlab.tunnel import counts
from tunlab.tunnel.encrypted import dtls, keeper
from tunlab.tunnel.encrypted.conversation import Identity, Refused
from tunlab.tunnel.encrypted.keeper import Keeper
from tunlab.tunnel.encrypted.key_files import generate, public_text
from tunlab.tunnel.encrypted.keyring import Held, Keyring
from tunlab.tunnel.encrypted.opened import Secrets, encrypted
from tunlab.tunnel.encrypted.opening import Opening
from tunlab.tunnel.encrypted.record import CIPHERS, EXPORTED, derived
from tunlab.tunnel.rows import Rows
from tunlab.tunnel.whole import Malformed
from tunlab.tunnel.wire import Wire

Place = tuple[str, int]
CHANGE_CIPHER_SPEC = 20  # with which a last word begins (RFC 5246, section 7.1)
CLIENT, SERVER, STRANGER = ("192.0.2.1", 1), ("192.0.2.2", 2), ("203.0.113.3", 3)


class Line:
    """A wire whose two sockets put into the list who sends, to whom, and what."""

    def __init__(self, sent: list[tuple[Place, Place, bytes]], at: Place, peer: Place) -> None:
        self.sent, self.at, self.to, self.first = sent, at, peer, peer
        self.lengths: list[int] = []
        self.socket = self.others = self

    def send(self, datagram: bytes) -> None:
        self.sendto(datagram, self.to)

    def sendto(self, datagram: bytes, to: Place) -> None:
        self.sent.append((self.at, to, datagram))
        self.lengths.append(len(datagram))

    def follow(self, to: Place) -> None:
        self.to = to

    def home(self) -> Place | None:
        return None if self.to == self.first else self.first


class End:
    def __init__(self, net: "Net", key: ec.EllipticCurvePrivateKey, peer: str, at: Place, to: Place) -> None:
        self.book, self.ring = counts.Counts(), Keyring()
        self.line = Line(net.sent, at, to)
        identity = Identity(key, peer, CIPHERS)
        nobody = cast(socket.socket, None)
        self.keeper = Keeper(identity, self.ring, cast(Wire, self.line), self.book, nobody, 120)

    def look(self) -> None:
        self.keeper._look(time.monotonic())

    def take(self, datagram: bytes, source: Place) -> None:
        address = None if source == self.line.to else source
        try:
            self.keeper._take(datagram, address)
        except Refused as error:
            self.keeper._refused(address, str(error))

    def count(self, number: int) -> int:
        return int(self.book.cells[number])


class Net:
    """`elsewhere`: what is sent to places where neither end is."""

    def __init__(self) -> None:
        self.sent: list[tuple[Place, Place, bytes]] = []
        both = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
        self.keys = sorted(both, key=lambda key: public_text(key.public_key()))
        texts = [public_text(key.public_key()) for key in self.keys]
        self.client = End(self, self.keys[0], texts[1], CLIENT, SERVER)
        self.server = End(self, self.keys[1], texts[0], SERVER, CLIENT)

    def run(self, most: int = 200, elsewhere: Callable[[Place, Place, bytes], Any] = lambda *_: None) -> None:
        while self.sent and most:
            most -= 1
            source, to, datagram = self.sent.pop(0)
            for end in (self.client, self.server):
                if end.line.at == to:
                    end.take(datagram, source)
                    break
            else:
                elsewhere(source, to, datagram)

    def agree(self) -> None:
        self.client.look()
        self.run()

    @property
    def agreed(self) -> list[int]:
        return [end.ring.confirmed for end in (self.client, self.server)]


@pytest.fixture(autouse=True)
def nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(keeper.os, "kill", lambda *_: None)
    yield


def test_the_two_agree() -> None:
    net = Net()
    net.agree()
    assert net.agreed == [1, 1]


def test_the_server_asks() -> None:
    """From where the client knows it to be, and from elsewhere: it may have begun anew there."""
    net = Net()
    net.server.look()
    net.run()
    assert net.agreed == [1, 1]
    net.server.line.at = STRANGER
    net.server.keeper._sessions._all.clear()
    net.server.keeper._next_try = 0.0
    net.server.look()
    net.run()
    assert net.agreed == [2, 2]
    assert net.client.line.to == STRANGER


def test_nobody_gets_between_the_two() -> None:
    """Who asks the client for a handshake, and passes on all of it, would have both send to them from then on."""
    net = Net()
    net.agree()

    def pass_on(source: Place, _: Place, datagram: bytes) -> None:
        net.sent.append((STRANGER, SERVER if source == CLIENT else CLIENT, datagram))

    net.sent.append((STRANGER, CLIENT, dtls.hello_request()))
    net.run(elsewhere=pass_on)
    assert (net.client.line.to, net.server.line.to) == (SERVER, CLIENT)


def test_a_wish_is_heard_once() -> None:
    net = Net()
    net.server.look()
    ((_, _, wish),) = net.sent
    net.sent.clear()
    net.sent += [(STRANGER, CLIENT, wish[:-1] + bytes((wish[-1] ^ 1,))), (STRANGER, CLIENT, wish[:-41])]
    net.run()
    assert not net.client.keeper._talks
    net.sent.append((SERVER, CLIENT, wish))
    net.run()
    assert net.agreed == [1, 1]
    net.sent.append((STRANGER, CLIENT, wish))
    net.run()
    assert not net.client.keeper._talks


@pytest.mark.parametrize("counter", [(1 << 64) - 1, (1 << 64) - 2, 1 << 32])
def test_a_peer_that_counts_to_the_end(counter: int) -> None:
    """It has the keys and may count as it likes, but what follows the last number ends nothing."""
    material, ring = os.urandom(EXPORTED), Keyring()
    ours, theirs = (derived(1, CIPHERS[0], material, side) for side in (True, False))
    ring.write(Held(ours, (ours,)))

    def sealed(number: int) -> bytes:
        count = (number % (1 << 64)).to_bytes(8)
        key, header = theirs.sending, theirs.sending.spi + count
        return header + key.aead().encrypt(key.salt + count, bytes(40), header)

    refused: list[Malformed] = []
    records = b"".join(sealed(counter + number) for number in range(3))
    opening = Opening(ring, lambda _: None)
    found = list(opening.unwrap_all(Rows(memoryview(records), len(records) // 3), refused.append))
    opened = sum(rows.count for _, rows in found)
    assert opened + len(refused) == 3
    assert all(each.count == counts.REPLAYED for each in refused)


def junk(message: int, number: int = 0) -> bytes:
    """A handshake message in the clear with nothing in it that makes sense."""
    body = bytes((message, 0, 0, 4)) + number.to_bytes(2) + bytes((0, 0, 0, 0, 0, 4)) + b"junk"
    return bytes((dtls.HANDSHAKE, 0xFE, 0xFD)) + bytes(8) + len(body).to_bytes(2) + body


def begin_elsewhere(net: Net, at: Place) -> None:
    """A stranger with a key of no account gets a cookie, and is talked with."""
    other = Identity(net.keys[0], public_text(net.keys[1].public_key()), CIPHERS).connection(True, None)

    def step() -> bytes:
        with suppress(SSL.WantReadError):
            other.do_handshake()
        return other.bio_read(65535)

    def answer(_source: Place, _to: Place, datagram: bytes) -> None:
        if at not in net.server.keeper._talks:
            other.bio_write(datagram)

    net.sent.append((at, SERVER, step()))
    net.run(elsewhere=answer)
    net.sent.append((at, SERVER, step()))
    net.run(elsewhere=answer)


def test_strangers_put_nothing_off() -> None:
    net = Net()
    begin_elsewhere(net, STRANGER)
    assert STRANGER in net.server.keeper._talks
    net.sent.append((STRANGER, SERVER, junk(11, 2)))
    net.run()
    assert STRANGER not in net.server.keeper._talks
    net.server.look()
    net.run()
    assert net.agreed == [1, 1]


def hello(net: Net) -> bytes:
    """What the client begins with."""
    net.client.look()
    return net.sent.pop()[2]


@pytest.mark.parametrize("source", [CLIENT, STRANGER])
def test_a_few_hellos_do_not_keep_the_peer_out(source: Place) -> None:
    """With the peer's own address in front, or from where it has just moved to."""
    net = Net()
    first = hello(net)
    for _ in range(500):
        net.server.take(first, source)
    net.sent.clear()
    net.client.line.at = source
    net.sent.append((source, SERVER, first))
    net.run()
    assert net.agreed == [1, 1]


def test_strangers_do_not_take_the_places_of_the_honest() -> None:
    """It has its place for as long as its handshake takes."""
    net = Net()
    for number in range(10):
        begin_elsewhere(net, (STRANGER[0], 100 + number))
    assert len(net.server.keeper._talks) == 10
    for number in range(100):
        begin_elsewhere(net, (STRANGER[0], 200 + number))
    assert 50 <= len(net.server.keeper._talks) <= 64


def test_a_datagram_of_thousands_of_records() -> None:
    """Costs no more than others: the peer never sends so long a one."""
    net = Net()
    many = junk(11)[:13] * 4
    many = (many[:11] + bytes(2)) * 1000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dtls, "records", lambda _: pytest.fail("it was looked into"))
        net.server.take(many, STRANGER)


def test_the_keys_are_there_before_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's first records come as soon as it has heard that."""
    net = Net()
    revisions: list[int] = []
    send = net.server.line.sendto

    def watched(datagram: bytes, to: Place) -> None:
        if datagram[0] == CHANGE_CIPHER_SPEC:
            revisions.append(net.server.ring.revision)
        send(datagram, to)

    monkeypatch.setattr(net.server.line, "sendto", watched)
    net.agree()
    assert (net.agreed, revisions) == ([1, 1], [2])


def test_there_is_no_way_to_where_the_peer_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """It had one when it wrote to us; that it is gone ends one handshake, and nothing else."""
    net = Net()
    net.agree()
    net.client.line.at = STRANGER

    def follow(_: Place) -> None:
        raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))

    monkeypatch.setattr(net.server.line, "follow", follow)
    net.client.keeper._begin(None)
    net.run()
    assert not net.server.keeper._talks
    assert (net.server.count(counts.HANDSHAKES), net.server.count(counts.HANDSHAKES_FAILED)) == (1, 1)


@pytest.mark.parametrize("begins", ["client", "server"])
def test_the_two_find_each_other_again(begins: str) -> None:
    """When whoever was between them, and passed all on, is there no more."""
    net = Net()
    net.agree()
    for end in (net.client, net.server):
        end.line.follow(STRANGER)
        end.keeper._sessions._all.clear()
        end.keeper._next_try = 0.0
    getattr(net, begins).look()
    net.run()
    assert net.agreed == [2, 2]
    assert (net.client.line.to, net.server.line.to) == (SERVER, CLIENT)


def test_a_handshake_passes_where_next_to_nothing_does() -> None:
    """Anybody can make Linux take the path for as narrow as this, by an ICMP message; it never goes further."""
    net = Net()
    net.agree()
    assert net.agreed == [1, 1]
    assert max(net.client.line.lengths + net.server.line.lengths) <= 552 - 20 - 8


def test_half_of_what_was_written_is_no_key() -> None:
    """Wherever a reader may still see what was there before."""
    ring, old = Keyring(), Keyring()
    sessions = [derived(number, CIPHERS[0], os.urandom(EXPORTED), True) for number in (1, 2)]
    for each in (ring, old):
        each.write(Held(sessions[0], (sessions[0],)))
    ring.write(Held(sessions[1], tuple(sessions)))
    assert ring.read() == (4, Held(sessions[1], tuple(sessions)))
    new, before = ring._memory[:], old._memory[:]
    for place in range(8, len(new), 8):
        if new[place:] != before[place:]:
            ring._memory[place:] = before[place:]
            assert ring._at_once() is None
            ring._memory[:] = new
    assert ring.read()[0] == 4


def test_half_a_key_is_not_left_in_a_file(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(TunlabError) as refused:
            generate(tmp_path / "key")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (refused.value.key, list(tmp_path.iterdir())) == ("tunnel_key_unwritten", [])


def test_no_key_gets_into_a_core(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        generate(tmp_path / "key")
        other = public_text(ec.generate_private_key(ec.SECP256R1()).public_key())
        with encrypted(Secrets(tmp_path / "key", other, 120), cast(Wire, None), counts.Counts()):
            assert resource.getrlimit(resource.RLIMIT_CORE) == (0, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


def test_who_is_dropped_leaves_nothing_behind() -> None:
    """At once: OpenSSL's memory is nothing that would have the garbage collector come sooner."""
    gc.collect()
    gc.disable()
    try:
        net = Net()
        begin_elsewhere(net, STRANGER)
        (dropped,) = map(weakref.ref, net.server.keeper._talks.values())
        net.server.keeper._look(time.monotonic() + 10)
        assert dropped() is None
    finally:
        gc.enable()
