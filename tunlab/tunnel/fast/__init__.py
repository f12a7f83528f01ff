"""The fast path: many packets in a system call, and still each in a datagram of its own (docs/fast-path.md)."""
