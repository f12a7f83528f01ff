"""A DTLS connection with the peer: it agrees on keys, and afterwards asks whether the other end is still there."""

import hashlib
import hmac
import os
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from tunlab.tunnel.encrypted.asking import Asking
from tunlab.tunnel.encrypted.dtls import in_datagrams
from tunlab.tunnel.encrypted.key_files import public_text
from tunlab.tunnel.encrypted.record import CIPHERS, EXPORTED, LABEL, Keys, derived

_DTLS_1_2 = 0xFEFD
_SUITES = {
    "AES-128-GCM": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "CHACHA20-POLY1305": "ECDHE-ECDSA-CHACHA20-POLY1305",
}
# Bytes in a datagram. Linux takes no path for narrower than 552 (net.ipv4.route.min_pmtu), and anybody can have it take
# one for as narrow as that, by an ICMP message: with more, no handshake would come about.
_ROOM = 552 - 20 - 8
_COOKIE_SECONDS = 60
_LONGEST = 65535


class Refused(Exception):
    """The handshake has failed, or the other end's key is not the peer's."""


class Identity:
    """Who we are, who the peer is, and what both kinds of connection are made with.

    `suites`: the ciphers, the best one first: the one who begins has the choice.
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey, peer: str, ciphers: tuple[str, ...]) -> None:
        self.ours = public_text(key.public_key())
        self.peer = peer
        self._key = key
        self._secret = os.urandom(32)
        certificate = _certificate(key)
        self._contexts = {connect: self._context(key, certificate, ciphers) for connect in (True, False)}

    def _context(
        self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, ciphers: tuple[str, ...]
    ) -> SSL.Context:
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_min_proto_version(_DTLS_1_2)
        context.set_max_proto_version(_DTLS_1_2)
        context.use_certificate(certificate)
        context.use_privatekey(key)
        # Who has signed the certificate is all the same: what counts is its key, and that is looked at in the end too.
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, self._accepts)
        context.set_cipher_list(":".join(_SUITES[each] for each in ciphers).encode())
        context.set_options(SSL.OP_NO_QUERY_MTU | SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_cookie_generate_callback(lambda connection: self._cookie(connection, 0))
        context.set_cookie_verify_callback(self._knows_cookie)
        return context

    def connection(self, connect: bool, address: object) -> SSL.Connection:
        """A new one, with nothing done yet; `connect`: it is we who begin. A cookie is good for one address only."""
        made = SSL.Connection(self._contexts[connect], None)
        made.set_app_data(repr(address).encode())
        (made.set_connect_state if connect else made.set_accept_state)()
        made.set_ciphertext_mtu(_ROOM)
        return made

    def asking(self) -> Asking:
        """How a server of these two asks a client for a handshake."""
        return Asking(self._key, self.peer)

    def _accepts(self, _: SSL.Connection, certificate: Any, _error: int, depth: int, _ok: int) -> bool:
        return depth == 0 and key_of(certificate) == self.peer

    def _cookie(self, connection: SSL.Connection, ago: int) -> bytes:
        """Keeps nothing in mind (RFC 6347, section 4.2.1); it holds for one to two minutes."""
        when = int(time.monotonic() // _COOKIE_SECONDS) - ago
        address: bytes = connection.get_app_data()
        return hmac.digest(self._secret, when.to_bytes(8) + address, hashlib.sha256)

    def _knows_cookie(self, connection: SSL.Connection, cookie: bytes) -> bool:
        return any(hmac.compare_digest(self._cookie(connection, ago), cookie) for ago in (0, 1))


def key_of(certificate: Any) -> str | None:
    """The public key's text, or None for one of another kind.

    Anybody may send a certificate, and an exception would end the process: whatever cannot be read is not the peer's.
    """
    try:
        key = certificate.get_pubkey().to_cryptography_key()
    except Exception:
        return None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        return None
    return public_text(key)


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """TLS wants one; it says nothing but the key. Signed by itself, and for ever: that key is pinned."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tunlab")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2000, 1, 1))
        .not_valid_after(datetime(9999, 12, 31))  # RFC 5280, 4.1.2.5: no date that one knows of
        .sign(key, hashes.SHA256())
    )


def listen(identity: Identity, address: object, hello: bytes) -> tuple[SSL.Connection | None, bytes]:
    """Whether a ClientHello has a cookie that is good: a connection that has taken it up, or what is to be answered."""
    connection = identity.connection(False, address)
    connection.bio_write(hello)
    try:
        connection.DTLSv1_listen()
    except (SSL.WantReadError, SSL.Error):
        return None, _written(connection)
    return connection, b""


class Conversation:
    """`address`: the other end; `send` gets it, and what is for it. `until`: when it is given up (time.monotonic).

    `random`: that of the ClientHello which a server has answered.
    """

    def __init__(
        self,
        identity: Identity,
        connection: SSL.Connection,
        address: Any,
        until: float,
        send: Callable[[Any, bytes], None],
        random: bytes = b"",
    ) -> None:
        self.address = address
        self.until = until
        self.random = random
        self.began = time.monotonic()
        self.is_agreed = False
        self._identity = identity
        self._connection = connection
        self._send = send

    def go_on(self) -> bool:
        """Do what can be done now. True as soon as both have the keys, once. Raises Refused.

        Then the last word may still be there: `flush` sends it, as soon as the keys are in their place, for with the
        answer come the first records.
        """
        if self.is_agreed:
            return False
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            self.flush()
            return False
        except SSL.Error as error:
            self.flush()
            raise Refused(str(error)) from error
        certificate = self._connection.get_peer_certificate()
        if certificate is None or key_of(certificate) != self._identity.peer:
            raise Refused("key")
        self.is_agreed = True
        return True

    def take(self, datagram: bytes) -> bool:
        """The other end has sent it. As `go_on`."""
        self._connection.bio_write(datagram)
        return self.go_on()

    def heard(self, datagram: bytes) -> list[bytes]:
        """What the other end says, if that is in it; or it had not heard our last word, and is told again."""
        said = []
        self._connection.bio_write(datagram)
        try:
            while True:
                said.append(self._connection.recv(_LONGEST))
        except SSL.WantReadError:
            return said
        except SSL.Error as error:
            raise Refused(str(error)) from error
        finally:
            self.flush()

    def say(self, what: bytes) -> None:
        """A word to the other end, which may get lost."""
        try:
            self._connection.send(what)
        except SSL.Error as error:
            raise Refused(str(error)) from error
        self.flush()

    def remind(self) -> float | None:
        """Send once more what has not been answered in time. How long the next time is off, in seconds; None: no."""
        left = self._connection.DTLSv1_get_timeout()
        if left is None or left > 0:
            return None if left is None else float(left)
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error as error:
            raise Refused(str(error)) from error
        self.flush()
        left = self._connection.DTLSv1_get_timeout()
        return None if left is None else float(left)

    def keys(self, number: int, connected: bool) -> Keys:
        """Both directions', new with every connection: no two handshakes lead to the same."""
        name = self._connection.get_cipher_name()
        cipher = next(each for each in CIPHERS if _SUITES[each] == name)
        return derived(number, cipher, self._connection.export_keying_material(LABEL, EXPORTED), connected)

    def flush(self) -> None:
        """Send what OpenSSL has written."""
        for each in in_datagrams(_written(self._connection), _ROOM):
            self._send(self.address, each)


def _written(connection: SSL.Connection) -> bytes:
    try:
        return connection.bio_read(_LONGEST)
    except SSL.WantReadError:
        return b""
