"""Who keeps the keys, and strangers: what they cannot bring about."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tunlab.tunnel import counts
from tunlab.tunnel.encrypted import dtls
from tunlab.tunnel.encrypted.conversation import Identity
from tunlab.tunnel.encrypted.keeper import Keeper
from tunlab.tunnel.encrypted.key_files import public_text
from tunlab.tunnel.encrypted.keyring import Keyring
from tunlab.tunnel.encrypted.record import CIPHERS

PATIENCE = 5.0
NONSENSE = bytes.fromhex("16fefd0000000000000000000c") + bytes.fromhex(
    "020000000000000000000000"
)  # an empty ServerHello


class Kept:
    """A keeper that is DTLS's client, the peer's socket, and a stranger's, all on loopback."""

    def __init__(self, stack: ExitStack) -> None:
        self.peer, self.stranger, wire, self.others = (stack.enter_context(self._socket()) for _ in range(4))
        wire.connect(self.peer.getsockname())
        passing, passed_on = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        stack.enter_context(passing)
        stack.enter_context(passed_on)
        self.book = counts.Counts()
        keys = sorted((ec.generate_private_key(ec.SECP256R1()) for _ in range(2)), key=lambda key: text(key))
        identity = Identity(keys[0], text(keys[1]), CIPHERS)
        around = SimpleNamespace(socket=wire, others=self.others, home=lambda: None)
        self.asking = Identity(keys[1], text(keys[0]), CIPHERS).asking()
        self.keeper = Keeper(identity, Keyring(), around, self.book, passed_on, 120)  # type: ignore[arg-type]

    @staticmethod
    def _socket() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        made.settimeout(PATIENCE)
        return made

    def from_stranger(self, datagram: bytes) -> None:
        """It comes, and is dealt with."""
        self.stranger.sendto(datagram, self.others.getsockname())
        before = self.book.cells[counts.KEEPER_FOREIGN]
        self.others.setblocking(False)
        end = time.monotonic() + PATIENCE
        while self.book.cells[counts.KEEPER_FOREIGN] == before and time.monotonic() < end:
            self.keeper._take_all(self.others, known=False)
        assert self.book.cells[counts.KEEPER_FOREIGN] == before + 1


def text(key: ec.EllipticCurvePrivateKey) -> str:
    return public_text(key.public_key())


@pytest.fixture
def kept() -> Iterator[Kept]:
    with ExitStack() as stack:
        yield Kept(stack)


def is_hello(datagram: bytes) -> bool:
    return next(dtls.records(datagram)).message == dtls.CLIENT_HELLO


def test_a_stranger_that_fails_puts_nothing_off(kept: Kept) -> None:
    """Once a second it could have kept an endpoint from its next handshake with the peer for ever."""
    kept.from_stranger(kept.asking.wish())  # which somebody has passed on
    assert is_hello(kept.stranger.recv(2000))
    kept.from_stranger(NONSENSE)
    assert kept.book.cells[counts.HANDSHAKES_FAILED] == 1
    kept.keeper._look(time.monotonic())
    assert is_hello(kept.peer.recv(2000))


def test_strangers_get_no_answers(kept: Kept) -> None:
    for _ in range(20):
        kept.from_stranger(dtls.hello_request())
    kept.stranger.setblocking(False)
    with pytest.raises(BlockingIOError):
        kept.stranger.recv(2000)


@pytest.mark.parametrize(
    "datagram",
    [
        b"", b"\x16", bytes(13), NONSENSE, NONSENSE[:13], NONSENSE[:20], dtls.hello_request()[:-1],
        b"\x15" + NONSENSE[1:], b"\x17\xfe\xfd\0\1" + bytes(8), b"\x3f" * 60, bytes((0x80,)) * 60,
        b"\x16\xfe\xfd\0\0" + bytes(6) + b"\xff\xff\x01" + bytes(60), b"\x16\xfe\xfd\0\0" + bytes(6) + b"\0\0" * 30,
    ],
)  # fmt: skip
def test_nonsense_does_no_harm(kept: Kept, datagram: bytes) -> None:
    kept.from_stranger(kept.asking.wish())
    kept.from_stranger(datagram)
    kept.keeper._look(time.monotonic())
    assert is_hello(kept.peer.recv(2000))
