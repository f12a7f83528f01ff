"""Sends a message by UDP through a tunnel, and waits for it to come back: send.py ADDRESS [COUNT [random]]"""

import os
import socket
import sys

TEXT = (
    b"meet me at noon by the old bridge, and bring the red book. "
    b"if it rains, wait under the second arch until the church clock strikes nine. "
    b"trust nobody who asks you for my name, and burn this letter when you have read it to the last word. "
)


def main(address: str, count: str = "1", kind: str = "text") -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.connect((address, 5000))
        sending.settimeout(5)
        for _ in range(int(count)):
            sending.send(os.urandom(1181) if kind == "random" else b"\n" + TEXT * 5)
            sending.recv(2000)


main(*sys.argv[1:])
