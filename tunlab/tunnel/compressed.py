"""The mode that saves bytes: a datagram is a packet, or a frame of Zstandard (RFC 8878) with the packet in it.

The two cannot be confused: a packet begins with 4 or 6, its version; a frame with 28 B5 2F FD.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from zstandard import FORMAT_ZSTD1, ZstdCompressor, ZstdDecompressor, ZstdError, get_frame_parameters

from tunlab.tunnel import counts
from tunlab.tunnel.mode import Mode
from tunlab.tunnel.rows import Packet, Rows, rows_of
from tunlab.tunnel.whole import Malformed, whole

_LEVEL = 1  # the quickest: more would gain little on so few bytes
_MAGIC = b"\x28\xb5\x2f\xfd"
_LONGEST = 65535  # bytes: no IP packet is longer


class Compressing:
    """Of the process that sends. What becomes no shorter goes as it is, so this adds nothing to a packet's length."""

    def __init__(self) -> None:
        self._compress = ZstdCompressor(level=_LEVEL, write_checksum=False, write_dict_id=False).compress
        self._view = memoryview(bytearray(2 * _LONGEST))

    def wrap(self, packet: Packet) -> Packet:
        frame = self._compress(packet)
        return frame if len(frame) < len(packet) else packet

    def wrap_all(self, rows: Rows) -> Iterable[Rows]:
        """Frames that follow each other are filled up with 0 to the longest one's length: so they go in one call."""
        found = [bytes(self.wrap(packet)) for packet in rows]
        for is_frame, some in groupby(found, lambda each: each[:4] == _MAGIC):
            packets = list(some)
            if is_frame:
                size = max(map(len, packets))
                packets[:-1] = [each.ljust(size, b"\0") for each in packets[:-1]]
            for _, made in rows_of(packets, self._view):
                yield made


class Decompressing:
    """Of the process that receives. `limit`: how many bytes a packet may have."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._most = limit()
        # What a frame asks for is never granted beyond what the limit was checked against.
        self._decompress = ZstdDecompressor(max_window_size=1 << 16, format=FORMAT_ZSTD1).decompress
        self.view: memoryview | None = memoryview(bytearray(2 * _LONGEST))

    def unwrap(self, datagram: Packet) -> Packet:
        return whole(self._packet(datagram))

    def unwrap_all(self, rows: Rows, refused: Callable[[Malformed], None]) -> Iterable[tuple[int, Rows]]:
        assert self.view is not None
        return rows_of(self._packets(rows, refused), self.view)

    def _packets(self, rows: Rows, refused: Callable[[Malformed], None]) -> Iterator[bytes | None]:
        for each in rows:
            try:
                yield bytes(self._packet(each))
            except Malformed as fault:
                refused(fault)
                yield None

    def _packet(self, datagram: Packet) -> Packet:
        """Nothing is decompressed before its length is known: a few bytes may stand for gigabytes."""
        if datagram[:4] != _MAGIC:
            return datagram
        try:
            length = get_frame_parameters(datagram).content_size
            if not length or (length > self._most and length > self._ask_again()):
                raise Malformed(counts.FRAME)
            return self._decompress(datagram, allow_extra_data=True)
        except ZstdError as error:
            raise Malformed(counts.FRAME) from error

    def _ask_again(self) -> int:
        """The device's MTU may have been changed."""
        self._most = self._limit()
        return self._most


def compressed(limit: Callable[[], int]) -> Mode:
    """`limit`: the device's MTU in bytes."""
    return Mode(0, Compressing(), Decompressing(limit))
