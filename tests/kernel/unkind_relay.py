"""A relay between two ends of a tunnel that loses, doubles and reorders datagrams: an underlay at its worst.

Each argument but the first is ADDRESS:PORT: where the one end sends to, where that end is; the same of the other end.
"""

import random
import select
import socket
import sys

LOST, DOUBLED, HELD = 0.01, 0.01, 0.02  # of all datagrams


def main(seed: str, *places: str) -> None:
    chance = random.Random(seed)
    ends: list[tuple[str, int]] = []
    for each in places:
        address, _, port = each.rpartition(":")
        ends.append((address, int(port)))
    one, other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    for sock, here in ((one, ends[0]), (other, ends[2])):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind(here)
    leads = {one: (other, ends[3]), other: (one, ends[1])}
    held: dict[socket.socket, bytes] = {}
    print("ready", flush=True)
    while True:
        for heard in select.select([one, other], [], [])[0]:
            data = heard.recv(65535)
            sock, to = leads[heard]
            drawn = chance.random()
            if drawn < LOST:
                continue
            if drawn < LOST + HELD and heard not in held:
                held[heard] = data  # goes behind the next one
                continue
            for each in (
                data,
                *((data,) if drawn > 1 - DOUBLED else ()),
                *((held.pop(heard),) if heard in held else ()),
            ):
                try:
                    sock.sendto(each, to)
                except OSError:  # nobody is there at the moment
                    continue


if __name__ == "__main__":
    main(*sys.argv[1:])
