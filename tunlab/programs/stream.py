"""One TCP stream as fast as it goes: `--listen` receives it, `--to` sends it and prints what has come, as JSON."""

import argparse
import json
import socket
import sys
import time

BLOCK = 1 << 17  # bytes
CONGESTION = b"cubic"


def listen(address: str, port: int) -> None:
    """Receive one stream to its end, and tell the sender how much has come and in how long."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, port), family=family) as server:
        print(f"Listening on {address} port {port}...", flush=True)
        caller, _ = server.accept()
    with caller:
        room, total, began = bytearray(BLOCK), 0, time.monotonic()
        while count := caller.recv_into(room):
            total += count
        caller.sendall(json.dumps({"bytes": total, "seconds": time.monotonic() - began}).encode())


def send(address: str, port: int, seconds: float) -> None:
    """Send for so long, and print what the receiver has counted."""
    with socket.create_connection((address, port), 5) as out:
        out.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, CONGESTION)
        block, end = bytes(BLOCK), time.monotonic() + seconds
        while time.monotonic() < end:
            out.sendall(block)
        out.shutdown(socket.SHUT_WR)
        print(out.recv(BLOCK).decode(), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--listen", metavar="ADDRESS")
    way.add_argument("--to", metavar="ADDRESS")
    parser.add_argument("--port", type=int, default=5201)
    parser.add_argument("--seconds", type=float, default=1.0)
    wanted = parser.parse_args()
    try:
        if wanted.listen:
            listen(wanted.listen, wanted.port)
        else:
            send(wanted.to, wanted.port, wanted.seconds)
    except OSError as error:
        print(f"{wanted.listen or wanted.to} port {wanted.port}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
