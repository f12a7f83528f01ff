"""An endpoint's own key, in a file that nobody else may read; and a public one as a line of text.

They are of the curve P-256: TLS libraries all have it, and OpenSSL 4.0's DTLS refused Ed25519 ("no shared cipher").
"""

import base64
import binascii
import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tunlab.errors import Status, TunlabError

_CURVE = ec.SECP256R1()
_LARGEST = 10_000  # bytes: a key's file has about 240


def generate(path: Path) -> str:
    """Write a new private key (PEM, PKCS #8). The public key's text.

    Raises TunlabError where the file is there already: a key is never overwritten.
    """
    key = ec.generate_private_key(_CURVE)
    data = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise TunlabError("tunnel_key_there", path=path) from error
    except OSError as error:
        raise TunlabError("tunnel_key_unwritten", path=path, reason=error.strerror) from error
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(data)
    except OSError as error:  # half a key is none
        path.unlink()
        raise TunlabError("tunnel_key_unwritten", path=path, reason=error.strerror) from error
    return public_text(key.public_key())


def read_private(path: Path) -> ec.EllipticCurvePrivateKey:
    """Raises TunlabError for a file that is none, or that others than its owner, us, may read or write."""
    try:
        with path.open("rb") as opened:
            status = os.fstat(opened.fileno())
            if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO) or status.st_uid not in (0, os.geteuid()):
                raise TunlabError("tunnel_key_open", path=path, mode=f"{stat.S_IMODE(status.st_mode):04o}")
            data = opened.read(_LARGEST)
    except OSError as error:
        raise TunlabError("tunnel_key_unread", path=path, reason=error.strerror) from error
    try:
        key = serialization.load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise TunlabError("tunnel_key_none", path=path) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != _CURVE.name:
        raise TunlabError("tunnel_key_none", path=path)
    return key


def public_text(key: ec.EllipticCurvePublicKey) -> str:
    """44 characters: the point in compressed form (SEC 1, section 2.3.3) in base64."""
    point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    return base64.b64encode(point).decode()


def public_key(text: str) -> ec.EllipticCurvePublicKey:
    """What `public_text` has written. Raises ValueError for anything else."""
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, base64.b64decode(text, validate=True))


def read_public(text: str) -> str:
    """The same text. Raises TunlabError for what is no public key."""
    try:
        return public_text(public_key(text))
    except (ValueError, binascii.Error) as error:
        raise TunlabError("tunnel_bad_peer_key", Status.USAGE, text=text) from error
