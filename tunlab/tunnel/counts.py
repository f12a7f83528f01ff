"""What an endpoint counts: cells in memory that its two processes share, each of them written by one process only."""

import mmap

# What stands in each cell is an unsigned number of 64 bits. Where both processes count the same, it has two cells.
NAMES = (
    # by the process that sends
    "read", "read_bytes", "sent", "sent_in_fragments", "too_big", "too_big_told",
    "peer_closed", "unreachable", "send_full", "send_failed", "no_key",
    # by the process that receives
    "received", "received_bytes", "written",
    "empty", "version", "header_length", "total_length", "checksum",
    "frame", "handshake", "no_session", "unauthentic", "replayed",
    "peer_closed", "unreachable", "device_down", "write_full", "write_refused",
    # by the process that keeps the keys
    "handshakes", "handshakes_failed", "wrong_key", "alerts", "hellos_dropped", "moved", "foreign",
    # by the kernel, and copied from there by the process that sends
    "foreign", "overflow",
)  # fmt: skip

(
    READ, READ_BYTES, SENT, FRAGMENTED, TOO_BIG, TOO_BIG_TOLD,
    SEND_CLOSED, SEND_UNREACHABLE, SEND_FULL, SEND_FAILED, NO_KEY,
    RECEIVED, RECEIVED_BYTES, WRITTEN,
    EMPTY, VERSION, HEADER_LENGTH, TOTAL_LENGTH, CHECKSUM,
    FRAME, HANDSHAKE, NO_SESSION, UNAUTHENTIC, REPLAYED,
    ICMP_CLOSED, ICMP_UNREACHABLE, WRITE_DOWN, WRITE_FULL, WRITE_REFUSED,
    HANDSHAKES, HANDSHAKES_FAILED, WRONG_KEY, ALERTS, HELLOS_DROPPED, MOVED, KEEPER_FOREIGN,
    FOREIGN, OVERFLOW,
) = range(len(NAMES))  # fmt: skip


class Counts:
    """`cells[READ] += 1` counts; a fork shares them."""

    def __init__(self) -> None:
        self.cells = memoryview(mmap.mmap(-1, 8 * len(NAMES))).cast("Q")

    def told(self) -> dict[str, int]:
        """All of them by name."""
        found: dict[str, int] = {}
        for name, value in zip(NAMES, self.cells, strict=True):
            found[name] = found.get(name, 0) + value
        return found
