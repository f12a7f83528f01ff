"""A pcapng file, written block by block (draft-ietf-opsawg-pcapng)."""

import struct
from typing import BinaryIO

from tunlab.model.packet import LinkType

# Block types and options, by the draft's sections 4.1 to 4.3 and 3.5
_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_BYTE_ORDER = 0x1A2B3C4D
_SECTION_LENGTH_UNKNOWN = -1
_END, _COMMENT = 0, 1
_SHB_USERAPPL, _IF_NAME, _IF_TSRESOL = 4, 2, 9
_NANOSECONDS = bytes([9])  # 10 to the power of minus 9 s
_SNAPLEN_UNLIMITED = 0


class PcapngWriter:
    """Writes one section to `file`, which must be open for binary writing and stays the caller's to close.

    Every block is written and flushed whole, so that the file is valid up to the last one, whenever
    the writer is killed, and can be read while it grows. OSError where `file` refuses.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._interfaces = 0
        header = struct.pack("<IHHq", _BYTE_ORDER, 1, 0, _SECTION_LENGTH_UNKNOWN)
        self._block(_SECTION, header + _options((_SHB_USERAPPL, b"tunlab")))

    def interface(self, name: str, link: LinkType) -> int:
        """Declare an interface; the number that `packet` wants. Timestamps are in nanoseconds."""
        header = struct.pack("<HHI", link, 0, _SNAPLEN_UNLIMITED)
        self._block(_INTERFACE, header + _options((_IF_NAME, name.encode()), (_IF_TSRESOL, _NANOSECONDS)))
        self._interfaces += 1
        return self._interfaces - 1

    def packet(
        self, interface: int, time_ns: int, data: bytes, original_length: int, comment: str | None = None
    ) -> None:
        """Write one packet; `time_ns` since 1970, `original_length` in bytes before any cut.

        A comment has at most 65535 bytes of UTF-8 (struct.error otherwise).
        """
        header = struct.pack("<5I", interface, time_ns >> 32, time_ns & 0xFFFFFFFF, len(data), original_length)
        options = b"" if comment is None else _options((_COMMENT, comment.encode()))
        self._block(_PACKET, header + _padded(data) + options)

    def _block(self, kind: int, body: bytes) -> None:
        """Type and length in front, the length again at the end: section 3.1."""
        length = struct.pack("<I", 12 + len(body))
        self._file.write(struct.pack("<I", kind) + length + body + length)
        self._file.flush()


def _options(*options: tuple[int, bytes]) -> bytes:
    ended = (*options, (_END, b""))
    return b"".join(struct.pack("<HH", code, len(value)) + _padded(value) for code, value in ended)


def _padded(value: bytes) -> bytes:
    return value + bytes(-len(value) % 4)
