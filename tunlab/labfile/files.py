"""Reads a text file of a lab folder, or says why it cannot be read."""

import re
from errno import errorcode
from pathlib import Path

from tunlab.errors import LabFileError

MOST_BYTES = 1_000_000

# Bidirectional overrides count as control characters: they make a line read otherwise than it runs.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def read_text(folder: Path, name: str) -> str:
    """The text of a file that lies in the folder."""
    if not stays_inside(folder, name):
        raise LabFileError("lab_file_outside", str(folder / name), None)
    return read_file(folder / name, "lab_file_missing")


def read_file(path: Path, missing: str) -> str:
    """The text of a file wherever it lies; `missing` names the sentence for one that is not there."""
    file = str(path)
    try:
        data = _read_bytes(path, file)
    except (FileNotFoundError, NotADirectoryError):
        raise LabFileError(missing, file, None) from None
    except OSError as error:
        reason = errorcode.get(error.errno or 0, "OSError")
        raise LabFileError("lab_file_unreadable", file, None, reason=reason) from None
    return _decode(data, file)


def stays_inside(folder: Path, name: str) -> bool:
    """Whether a file, all its symbolic links followed, is still in the folder."""
    try:
        return (folder / name).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # links in a circle
        return False


def _read_bytes(path: Path, file: str) -> bytes:
    if path.exists() and not path.is_file():
        raise LabFileError("lab_file_kind", file, None)
    with path.open("rb") as stream:
        data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise LabFileError("lab_file_large", file, None, most=MOST_BYTES)
    return data


def _decode(data: bytes, file: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LabFileError("lab_file_encoding", file, data.count(b"\n", 0, error.start) + 1) from None
    if found := CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise LabFileError("lab_file_control", file, line, code=f"U+{ord(found[0]):04X}")
    return text
