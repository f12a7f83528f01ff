"""All of the mode put together."""

import os
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tunlab.errors import Status, TunlabError
from tunlab.tunnel.counts import Counts
from tunlab.tunnel.encrypted.conversation import Identity
from tunlab.tunnel.encrypted.keeper import Keeper
from tunlab.tunnel.encrypted.key_files import public_text, read_private, read_public
from tunlab.tunnel.encrypted.keyring import Keyring
from tunlab.tunnel.encrypted.opening import Opening
from tunlab.tunnel.encrypted.record import CIPHERS, OVERHEAD, Key
from tunlab.tunnel.encrypted.sealing import Sealing
from tunlab.tunnel.mode import Mode
from tunlab.tunnel.rows import Packet
from tunlab.tunnel.wire import Wire

_TRIALS, _TRIAL_BYTES = 50, 1400


@dataclass(frozen=True, slots=True)
class Secrets:
    """What was asked for. `rekey`: seconds from one handshake to the next."""

    key_file: Path
    peer_key: str
    rekey: float


@contextmanager
def encrypted(secrets: Secrets, wire: Wire, book: Counts) -> Iterator[Mode]:
    """Raises TunlabError where a key is none, or is not kept secret, or is the same at both ends."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # keys would be in it
    own, peer = read_private(secrets.key_file), read_public(secrets.peer_key)
    if public_text(own.public_key()) == peer:
        raise TunlabError("tunnel_own_key", Status.USAGE, path=secrets.key_file)
    ring = Keyring()
    passing, passed_on = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    passing.setblocking(False)

    def hand_over(datagram: Packet) -> None:
        with suppress(OSError):  # too many wait already: whoever needs it sends it again
            passing.send(datagram)

    with passing, passed_on:
        keeper = Keeper(Identity(own, peer, _quickest_first()), ring, wire, book, passed_on, secrets.rekey)
        yield Mode(OVERHEAD, Sealing(ring), Opening(ring, hand_over), keeper)


def _quickest_first() -> tuple[str, ...]:
    """The ciphers, as this processor takes to them: one with AES of its own does AES-GCM in half the time."""
    packet = bytes(_TRIAL_BYTES)

    def taken(cipher: str) -> float:
        aead = Key(cipher, b"", b"", os.urandom(32)[: 16 if cipher == "AES-128-GCM" else 32]).aead()
        begin = time.perf_counter()
        for number in range(_TRIALS):
            aead.encrypt(number.to_bytes(12), packet, b"")
        return time.perf_counter() - begin

    return tuple(sorted(CIPHERS, key=taken))
