"""Waits at a UDP port, prints how many bytes each datagram brings, and sends them back, as RFC 862 has it."""

import argparse
import socket
import sys

BUFFER = 65536  # bytes: no datagram is longer


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    wanted = parser.parse_args()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind(("", wanted.port))
        print(f"Waiting at UDP port {wanted.port}...", flush=True)
        try:
            while True:
                data, (address, port) = here.recvfrom(BUFFER)
                print(f"Received {len(data)} bytes from {address}:{port}", flush=True)
                here.sendto(data, (address, port))
        except KeyboardInterrupt:
            return 130


if __name__ == "__main__":
    sys.exit(main())
