"""Sends one UDP datagram from each of many source ports: so many flows, with ordinary sockets."""

import argparse
import socket
import sys
from contextlib import ExitStack

PORT = 9  # discard, RFC 863
DATA = b"one datagram of one flow"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", required=True, metavar="ADDRESS", help="where the datagrams are sent")
    parser.add_argument("--count", type=int, default=40, help="how many flows")
    wanted = parser.parse_args()
    family = socket.AF_INET6 if ":" in wanted.to else socket.AF_INET
    with ExitStack() as stack:
        # All open at once, so that the kernel gives each a port of its own.
        sockets = [stack.enter_context(socket.socket(family, socket.SOCK_DGRAM)) for _ in range(wanted.count)]
        for each in sockets:
            try:
                each.sendto(DATA, (wanted.to, PORT))
            except OSError as error:
                print(f"Sending to {wanted.to}: {error.strerror}", flush=True)
                return 1
        ports = {each.getsockname()[1] for each in sockets}
    print(f"Sent {len(sockets)} datagrams to {wanted.to} from {len(ports)} source ports", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
