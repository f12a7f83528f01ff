"""The simple path: a packet is read and sent, a packet is received and written, one process a direction.

Of figure 1-12 these are the arrows 4 and 5, once up and once down; all others are the kernel's.
"""

import os
from socket import socket
from typing import NoReturn

from tunlab.tunnel.mode import Unwrapping, Wrapping
from tunlab.tunnel.receiving import Receiving
from tunlab.tunnel.sending import Sending
from tunlab.tunnel.whole import Malformed

LONGEST = 65535  # bytes: no IP packet is longer


def outwards(tun: int, wire: socket, mode: Wrapping, book: Sending) -> NoReturn:
    """What the stack sends to the tun device goes to the peer, each packet in a datagram of its own."""
    while True:
        packet = os.read(tun, LONGEST)  # 4: from the stack, through tun0, up to us
        number = book.read(packet)
        try:
            datagram = mode.wrap(packet)
            wire.send(datagram)  # 5: down again, as the data of a socket
        except OSError as error:
            book.not_sent(packet, error, number)
        else:
            book.sent(datagram, number)


def inwards(tun: int, wire: socket, mode: Unwrapping, book: Receiving) -> NoReturn:
    """What comes from the peer goes to the stack, as if it had come in at the tun device."""
    while True:
        try:
            datagram = wire.recv(LONGEST)  # 5, on the way back
        except OSError as error:
            book.not_received(error)
            continue
        number = book.received(datagram)
        try:
            packet = mode.unwrap(datagram)
            os.write(tun, packet)  # 4, on the way back
        except Malformed as fault:
            book.refused(fault)
        except OSError as error:
            book.not_written(error)
        else:
            book.written(packet, number)
