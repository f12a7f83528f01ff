"""Those who have no key: one between the ends, who hears all and sends as the peer; and strangers, who shake hands."""

import random
import select
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from inside import Node
from OpenSSL import SSL
from underlay import OUTER, entered_socket

from tunlab.tunnel.encrypted.conversation import Identity
from tunlab.tunnel.encrypted.dtls import hello_request, in_datagrams
from tunlab.tunnel.encrypted.record import CIPHERS, SPI, Key, is_handshake

PORT = 8285
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
HEADERS = {4: 20 + 8, 6: 40 + 8}  # bytes of IP and UDP
LONGEST = 65507 - 20
IPV6_CHECKSUM = 7  # linux/in6.h

# Of the curve secp224k1, which OpenSSL knows, and `cryptography` does not: openssl req -x509 -newkey ec ...
ODD = str(Path(__file__).with_name("odd_certificate.pem"))


class Ears:
    """What has passed a node's eth0 while it was open: datagrams that have left the node, and that have come to it."""

    def __init__(self, node: Node, outer: int) -> None:
        self._headers = HEADERS[outer]
        self._socket = entered_socket(node, socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind(("eth0", 3))
        self._socket.setblocking(False)

        self._heard: tuple[list[bytes], list[bytes]] = ([], [])

    def heard(self) -> tuple[list[bytes], list[bytes]]:
        """All of them by now. Those that the kernel has not yet cut apart are left out."""
        while select.select([self._socket], [], [], 0)[0]:
            frame, (_, _, kind, *_) = self._socket.recvfrom(65535)
            size = struct.unpack_from("!H", frame, self._headers - 4)[0] - 8
            if len(frame) == self._headers + size and size > 20:
                self._heard[kind != socket.PACKET_OUTGOING].append(frame[self._headers :])
        return self._heard

    def close(self) -> None:
        self._socket.close()


class Between:
    """Sends to A from B's own address and port."""

    def __init__(self, node: Node, outer: int) -> None:
        self._to = OUTER[outer][0]
        self._socket = entered_socket(node, FAMILY[outer], socket.SOCK_RAW, socket.IPPROTO_UDP)
        self._socket.bind((OUTER[outer][1], 0))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # it hears as well, and nobody listens
        if outer == 6:
            self._socket.setsockopt(socket.IPPROTO_IPV6, IPV6_CHECKSUM, 6)

    def __enter__(self) -> "Between":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, datagram: bytes) -> None:
        header = struct.pack("!HHHH", PORT, PORT, 8 + len(datagram), 0)
        self._socket.sendto(header + datagram, (self._to, 0))


def foreign(chance: random.Random) -> Callable[[], SSL.Connection]:
    """What begins a handshake with a key that nobody knows."""
    key = ec.derive_private_key(chance.randrange(1, 1 << 250), ec.SECP256R1())
    identity = Identity(key, "", CIPHERS)
    return lambda: identity.connection(True, None)


def odd() -> SSL.Connection:
    """One whose certificate is of a kind that is hard to read."""
    context = SSL.Context(SSL.DTLS_METHOD)
    context.use_certificate_file(ODD)
    context.use_privatekey_file(ODD)
    made = SSL.Connection(context, None)
    made.set_connect_state()
    made.set_ciphertext_mtu(1200)
    return made


class Stranger:
    """Begins handshakes with A, one after the other, from an address that A does not expect.

    `sent`: datagrams. `refused`: as often A has said no.
    """

    def __init__(self, node: Node, outer: int, begin: Callable[[], SSL.Connection]) -> None:
        self._begin = begin
        self._socket = entered_socket(node, FAMILY[outer], socket.SOCK_DGRAM)
        self._socket.connect((OUTER[outer][0], PORT))
        self._socket.setblocking(False)
        self._connection: SSL.Connection | None = None
        self.sent = self.refused = 0

    def __enter__(self) -> "Stranger":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, datagram: bytes) -> None:
        self._socket.send(datagram)
        self.sent += 1

    def go_on(self) -> None:
        """As far as A has answered; or from the beginning."""
        if self._connection is None:
            self._connection = self._begin()
        else:
            for answer in self._answers():
                self._connection.bio_write(answer)
        try:
            self._connection.do_handshake()
            raise AssertionError("A has taken it for the peer")
        except SSL.WantReadError:
            pass
        except SSL.Error:
            self._connection = None
            self.refused += 1
            return
        try:
            flight = self._connection.bio_read(65535)
        except SSL.WantReadError:
            return
        for each in in_datagrams(flight, 1200):
            self.send(each)

    def _answers(self) -> list[bytes]:
        found = []
        while select.select([self._socket], [], [], 0)[0]:
            found.append(self._socket.recv(65535))
        return found


@dataclass(frozen=True)
class Known:
    """What one who has heard both ends can build upon: datagrams of the peer, and the target's own."""

    of_peer: list[bytes]
    own: list[bytes]
    hellos: list[bytes]


def hostile(chance: random.Random, known: Known) -> bytes:
    """A datagram that A should do nothing with."""
    real = chance.choice(known.of_peer)
    match chance.randrange(15):
        case 0 | 1:
            return mutated(chance, real)
        case 14:
            return real
        case 2:
            return real[: chance.randrange(len(real))]
        case 3:
            return real + chance.randbytes(chance.randint(1, 60))
        case 4:
            return real[:12] + chance.randbytes(chance.choice((0, 15, 16, 17, 1400)))
        case 5:
            return real[:SPI] + (1 << chance.randrange(64)).to_bytes(8) + real[12:]
        case 6:  # sealed with another key
            key = Key(chance.choice(CIPHERS), real[:SPI], bytes(4), chance.randbytes(32))
            key = key._replace(secret=key.secret[: 16 if key.cipher == CIPHERS[0] else 32])
            header = real[:SPI] + chance.randrange(1 << 20).to_bytes(8)
            return header + key.aead().encrypt(key.salt + header[SPI:], chance.randbytes(100), header)
        case 7:  # of a session that there is not
            return bytes((chance.randrange(128, 192),)) + chance.randbytes(chance.randrange(200))
        case 8:
            return chance.choice(known.own)
        case 9:  # no DTLS that makes sense, but looks like it
            numbers = chance.randrange(3), 0, chance.randrange(9), chance.randrange(90)
            start = struct.pack("!BHHHIH", chance.randrange(20, 64), 0xFEFD, *numbers)
            return start + chance.randbytes(chance.randrange(80))
        case 10:
            return chance.choice((b"", bytes((real[0],)), chance.randbytes(chance.randrange(100)), hello_request()))
        case 11:  # a first hello, or with a cookie that was good; mostly with another random
            hello = chance.choice(known.hellos)
            return hello if chance.randrange(3) == 0 else hello[:27] + chance.randbytes(32) + hello[59:]
        case 12:
            return mutated(chance, chance.choice(known.hellos))
        case _:
            if chance.randrange(20):
                return b"\x15\xfe\xfd" + bytes(8) + b"\0\x02\x02" + bytes((chance.randrange(120),))  # an alert
            return real[:12] + bytes(LONGEST - 12)


def mutated(chance: random.Random, real: bytes) -> bytes:
    changed = bytearray(real)
    for _ in range(chance.randint(1, 4)):
        changed[chance.randrange(len(changed))] ^= chance.randint(1, 255)
    return bytes(changed)


def known(heard: tuple[list[bytes], list[bytes]]) -> Known:
    """`heard` at the peer: what has left it, and what has come to it."""
    of_peer, own = heard
    hellos = [each for each in of_peer + own if is_handshake(each) and each[13] == 1 and each[3:5] == b"\0\0"]
    return Known(of_peer, own, hellos)
