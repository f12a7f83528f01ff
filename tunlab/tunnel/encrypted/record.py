"""What is on the wire around an encrypted packet, and the keys for it.

As in ESP (RFC 4303 and, of AES-GCM, RFC 4106): an index that says which keys, a counter that never comes twice, the
packet encrypted, and a tag over all of it. Beside DTLS at one port, as DTLS-SRTP is (RFC 5764, RFC 7983): DTLS begins
with a byte from 20 to 63, a record of ours with one from 128 to 191.
"""

from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

HEADER, TAG = 12, 16  # bytes
OVERHEAD = HEADER + TAG
SPI = 4  # bytes of the header; the other eight are the counter
LAST_COUNTER = 1 << 32  # long before that there are new keys

_FIRST, _FIRST_MASK = 0x80, 0x3F
_SALT = 4
_KEY_BYTES = {"AES-128-GCM": 16, "CHACHA20-POLY1305": 32}
CIPHERS = tuple(_KEY_BYTES)
_DIRECTION = SPI + _SALT + max(_KEY_BYTES.values())
EXPORTED = 2 * _DIRECTION  # bytes that a DTLS connection is asked for (RFC 5705)
LABEL = b"EXPORTER-tunlab-tunnel"

Aead = AESGCM | ChaCha20Poly1305


class Key(NamedTuple):
    """Of one direction of one session. `salt` and the counter are the nonce; `spi` stands in front."""

    cipher: str
    spi: bytes
    salt: bytes
    secret: bytes

    def aead(self) -> Aead:
        """What encrypts and decrypts."""
        return (AESGCM if self.cipher == "AES-128-GCM" else ChaCha20Poly1305)(self.secret)


class Keys(NamedTuple):
    """Of one session: `number` grows from each to the next."""

    number: int
    sending: Key
    receiving: Key


def derived(number: int, cipher: str, exported: bytes, connected: bool) -> Keys:
    """Both directions' keys; `connected`: we are who has begun."""
    both = [_key(cipher, exported[start : start + _DIRECTION]) for start in (0, _DIRECTION)]
    return Keys(number, both[0], both[1]) if connected else Keys(number, both[1], both[0])


def _key(cipher: str, material: bytes) -> Key:
    spi = bytes((_FIRST | material[0] & _FIRST_MASK,)) + material[1:SPI]
    secret = material[SPI + _SALT :][: _KEY_BYTES[cipher]]
    return Key(cipher, spi, material[SPI : SPI + _SALT], secret)


def is_handshake(datagram: bytes | bytearray | memoryview) -> bool:
    """Whether it is DTLS, by its first byte (RFC 7983, section 7)."""
    return len(datagram) > 0 and 20 <= datagram[0] <= 63
