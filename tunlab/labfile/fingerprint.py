"""One number for what the machine acts on in a lab's folder, by which a lab is known to have changed."""

import hashlib
import os
from errno import errorcode
from pathlib import Path

from tunlab.errors import LabFileError
from tunlab.i18n import LANGUAGES
from tunlab.labfile.files import read_text, stays_inside
from tunlab.labfile.lab import FILE

_PROSE = frozenset(f"{language}.md" for language in LANGUAGES)


def fingerprint(folder: Path) -> str:
    """SHA-256 over lab.yaml and the folder's other files, names included; prose may change without a change of it.

    Of what is no readable file of the folder's own, such as a link out of it, only the name counts. Raises
    LabFileError where lab.yaml cannot be read.
    """
    read_text(folder, FILE)
    whole = hashlib.sha256()
    for name in sorted(_names(folder) - _PROSE, key=os.fsencode):
        whole.update(os.fsencode(name) + b"\0" + _content(folder, name) + b"\n")
    return whole.hexdigest()


def _names(folder: Path) -> set[str]:
    try:
        return {path.name for path in folder.iterdir() if not path.is_dir()}
    except OSError as error:
        reason = errorcode.get(error.errno or 0, "OSError")
        raise LabFileError("lab_file_unreadable", str(folder), None, reason=reason) from None


def _content(folder: Path, name: str) -> bytes:
    path = folder / name
    if not stays_inside(folder, name) or not path.is_file():
        return b""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError:
        return b""
