"""A pcapng file, written block by block (draft-ietf-opsawg-pcapng)."""

import struct
from typing import BinaryIO

from tunlab.model.packet import LinkType

# Block types and options, by the draft's sections 4.1 to 4.3, 4.6 and 3.5
_SECTION, _INTERFACE, _STATISTICS, PACKET = 0x0A0D0D0A, 1, 5, 6
_BYTE_ORDER = 0x1A2B3C4D
_SECTION_LENGTH_UNKNOWN = -1
_END, COMMENT = 0, 1
_SHB_USERAPPL, _IF_NAME, _IF_TSRESOL = 4, 2, 9
_ISB_IFRECV, _ISB_IFDROP = 4, 5
_NANOSECONDS = bytes([9])  # 10 to the power of minus 9 s
_SNAPLEN_UNLIMITED = 0


class PcapngWriter:
    """Writes one section to `file`, which must be open for binary writing and stays the caller's to close.

    Every block is written and flushed whole, so that the file is valid up to the last one, whenever
    the writer is killed, and can be read while it grows. OSError where `file` refuses. `begun`: the section is
    there already, and is gone on with.
    """

    def __init__(self, file: BinaryIO, begun: bool = False) -> None:
        self._file = file
        self._interfaces = 0
        if begun:
            return
        header = struct.pack("<IHHq", _BYTE_ORDER, 1, 0, _SECTION_LENGTH_UNKNOWN)
        self._block(_SECTION, header + options((_SHB_USERAPPL, b"tunlab")))

    def interface(self, name: str, link: LinkType) -> int:
        """Declare an interface; the number that `packet` wants. Timestamps are in nanoseconds."""
        header = struct.pack("<HHI", link, 0, _SNAPLEN_UNLIMITED)
        self._block(_INTERFACE, header + options((_IF_NAME, _text(name)), (_IF_TSRESOL, _NANOSECONDS)))
        self._interfaces += 1
        return self._interfaces - 1

    def packet(
        self, interface: int, time_ns: int, data: bytes, original_length: int, comment: str | None = None
    ) -> None:
        """Write one packet; `time_ns` since 1970, `original_length` in bytes before any cut.

        A comment has at most 65535 bytes of UTF-8 (struct.error otherwise).
        """
        header = struct.pack("<5I", interface, time_ns >> 32, time_ns & 0xFFFFFFFF, len(data), original_length)
        told = b"" if comment is None else options((COMMENT, _text(comment)))
        self._block(PACKET, header + padded(data) + told)

    def packets(self, blocks: bytes) -> None:
        """Write packets that are blocks already, as packet/ring_blocks.py makes them."""
        self._file.write(blocks)
        self._file.flush()

    def statistics(self, interface: int, time_ns: int, received: int, dropped: int | None, comment: str = "") -> None:
        """Say how many packets an interface got up to now and how many the kernel dropped; None: nobody knows."""
        told = [(COMMENT, _text(comment))] if comment else []
        told.append((_ISB_IFRECV, struct.pack("<Q", received)))
        if dropped is not None:
            told.append((_ISB_IFDROP, struct.pack("<Q", dropped)))
        header = struct.pack("<3I", interface, time_ns >> 32, time_ns & 0xFFFFFFFF)
        self._block(_STATISTICS, header + options(*told))

    def _block(self, kind: int, body: bytes) -> None:
        """Type and length in front, the length again at the end: section 3.1."""
        length = struct.pack("<I", 12 + len(body))
        self._file.write(struct.pack("<I", kind) + length + body + length)
        self._file.flush()


def options(*told: tuple[int, bytes]) -> bytes:
    """Options, each a number and its value, and their end."""
    ended = (*told, (_END, b""))
    return b"".join(struct.pack("<HH", code, len(value)) + padded(value) for code, value in ended)


def _text(text: str) -> bytes:
    """UTF-8, as the format wants it; the name of a device may have bytes that are none (os.fsdecode)."""
    return text.encode(errors="replace")


def padded(value: bytes) -> bytes:
    """Filled up to a multiple of four bytes."""
    return value + bytes(-len(value) % 4)
