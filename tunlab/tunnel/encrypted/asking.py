"""A server's wish for a handshake, with which it shows that it is the peer: nobody else makes a client begin.

For whoever could, would have it begin with themselves, pass all on to the server, and so be between the two for good.
"""

import hmac
import time

from cryptography.hazmat.primitives.asymmetric import ec

from tunlab.tunnel.encrypted.dtls import DtlsRecord, hello_request, unknown
from tunlab.tunnel.encrypted.key_files import public_key

_TIME = 8  # bytes: nanoseconds since 1970
_PURPOSE = b"tunlab-tunnel: the server asks for a handshake"


class Asking:
    """Both ends have the same secret without a word: their lasting keys' (ECDH).

    No wish is heard twice: each has to be later than all before it, by the clock of who asks.
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey, peer: str) -> None:
        self._secret = hmac.digest(key.exchange(ec.ECDH(), public_key(peer)), _PURPOSE, "sha256")
        self._latest = 0

    def wish(self) -> bytes:
        """A HelloRequest, and behind it, in a record of a kind that DTLS does not know, who asks."""
        now = time.time_ns().to_bytes(_TIME)
        return hello_request() + unknown(now + hmac.digest(self._secret, now, "sha256"))

    def is_wish(self, found: list[DtlsRecord]) -> bool:
        """Whether the peer has asked, and not yet the same."""
        content = found[1].content if len(found) == 2 else b""
        when = int.from_bytes(content[:_TIME])
        shown = hmac.compare_digest(hmac.digest(self._secret, content[:_TIME], "sha256"), content[_TIME:])
        if not shown or when <= self._latest:
            return False
        self._latest = when
        return True
