"""What can be told of a DTLS datagram without any keys (RFC 6347, section 4.1)."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from tunlab.tunnel.rows import Packet

ALERT, HANDSHAKE, DATA, _UNKNOWN = 21, 22, 23, 63  # content types; the last one is nobody's
HELLO_REQUEST, CLIENT_HELLO = 0, 1  # types of a handshake's messages
_RECORD = struct.Struct("!BHHHIH")
_MESSAGE = 12  # bytes of a handshake message's header
_RANDOM = _RECORD.size + _MESSAGE + 2  # where a ClientHello has its 32 random bytes


class DtlsRecord(NamedTuple):
    """`epoch` is 0 as long as nothing is encrypted. `message`: the type of a handshake message that is not."""

    kind: int
    epoch: int
    message: int | None
    data: bytes

    @property
    def content(self) -> bytes:
        """Without the header."""
        return self.data[_RECORD.size :]


def records(datagram: bytes) -> Iterator[DtlsRecord]:
    """All in it, up to what is none."""
    while len(datagram) > _RECORD.size:
        kind, _, epoch, _, _, length = _RECORD.unpack_from(datagram)
        end = _RECORD.size + length
        message = datagram[_RECORD.size] if kind == HANDSHAKE and epoch == 0 else None
        yield DtlsRecord(kind, epoch, message, datagram[:end])
        datagram = datagram[end:]


def hello_request() -> bytes:
    """A server's wish for a handshake (RFC 5246, section 7.4.1.1): an empty message, in the clear."""
    return _RECORD.pack(HANDSHAKE, 0xFEFD, 0, 0, 0, _MESSAGE) + bytes(_MESSAGE)


def unknown(content: bytes) -> bytes:
    """A record that DTLS passes over (RFC 5246, section 6: its type is none)."""
    return _RECORD.pack(_UNKNOWN, 0xFEFD, 0, 0, 0, len(content)) + content


def random_of(hello: Packet) -> bytes:
    """That of a ClientHello: it tells one attempt from another, and is the same when the message is sent again."""
    return bytes(hello[_RANDOM : _RANDOM + 32])


def in_datagrams(flight: bytes, room: int) -> list[bytes]:
    """What OpenSSL has written in one go, in datagrams of at most `room` bytes, as far as records are that short."""
    made = [b""]
    for each in records(flight):
        if made[-1] and len(made[-1]) + len(each.data) > room:
            made.append(b"")
        made[-1] += each.data
    return [each for each in made if each]
