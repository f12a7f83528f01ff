"""A relay between two ends of a tunnel that loses, doubles and reorders datagrams: an underlay at its worst.

Each argument but the first two is ADDRESS:PORT: where the one end sends to, where that end is; the same of the other
end. The second one is a file for what has come: of each datagram whose from, 0 or 1, its first 12 bytes, and its hash.
"""

import hashlib
import os
import random
import select
import socket
import sys
from itertools import groupby

RECORD = 1 + 12 + 8  # bytes
LOST, DOUBLED, HELD = 0.01, 0.01, 0.02  # of all datagrams
SOL_UDP, UDP_SEGMENT, UDP_GRO = 17, 103, 104  # linux/udp.h


def main(seed: str, record: str, *places: str) -> None:
    chance = random.Random(seed)
    recorded = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    ends: list[tuple[str, int]] = []
    for each in places:
        address, _, port = each.rpartition(":")
        ends.append((address, int(port)))
    one, other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    for sock, here in ((one, ends[0]), (other, ends[2])):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.setsockopt(SOL_UDP, UDP_GRO, 1)
        sock.bind(here)
    leads = {one: (other, ends[3]), other: (one, ends[1])}
    held: dict[socket.socket, bytes] = {}
    print("ready", flush=True)
    while True:
        for heard in select.select([one, other], [], [])[0]:
            sock, to = leads[heard]
            passed: list[bytes] = []
            came = received(heard)
            os.write(recorded, b"".join(record_of(heard is other, data) for data in came))
            for data in came:
                drawn = chance.random()
                if drawn < LOST:
                    continue
                if drawn < LOST + HELD and heard not in held:
                    held[heard] = data  # goes behind the next one
                    continue
                passed += [data] * (2 if drawn > 1 - DOUBLED else 1)
                if heard in held:
                    passed.append(held.pop(heard))
            for size, alike in groupby(passed, len):
                send(sock, to, size, list(alike))


def record_of(side: bool, data: bytes) -> bytes:
    """RECORD bytes."""
    return bytes((side,)) + data[:12].ljust(12, b"\0") + hashlib.blake2b(data, digest_size=8).digest()


def received(sock: socket.socket) -> list[bytes]:
    """The datagrams that the kernel hands over in one call."""
    data, told, _, _ = sock.recvmsg(65535, 64)
    size = int.from_bytes(told[0][2], sys.byteorder) if told else len(data)
    return [data[start : start + size] for start in range(0, len(data), size)]


def send(sock: socket.socket, to: tuple[str, int], size: int, datagrams: list[bytes]) -> None:
    """As many in a call as the kernel takes, so that the far end too gets them by the dozen."""
    most = min(64, 65507 // size)
    for start in range(0, len(datagrams), most):
        segment = (SOL_UDP, UDP_SEGMENT, size.to_bytes(2, sys.byteorder))
        try:
            sock.sendmsg([b"".join(datagrams[start : start + most])], [segment], 0, to)
        except OSError:  # nobody is there at the moment
            continue


if __name__ == "__main__":
    main(*sys.argv[1:])
