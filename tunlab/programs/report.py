"""How a program of ours tells the session what it read and wrote, while somebody listens."""

import json
import os
import socket
import sys
import time
from pathlib import Path

from tunlab.model.packet import LinkType


class Reporter:
    """A line of JSON per packet (`t_ns`, `did`, `bytes`, `data`) to the socket that the lab named, if any.

    The first line says who tells: the lab's name of the program, or the module's where it was started by hand, and
    its node and device. `link`: what the packets begin with; the lines say it where that is not the IP header.
    """

    def __init__(self, device: str, link: LinkType = LinkType.RAW) -> None:
        self._link = {} if link is LinkType.RAW else {"link": link.name}
        self._socket: socket.socket | None = None
        path = os.environ.get("TUNLAB_REPORTS")
        if not path:
            return
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(path)
        except OSError:
            self._socket = None
        name = os.environ.get("TUNLAB_PROGRAM") or Path(sys.argv[0]).stem
        self._send(program=name, node=os.environ.get("TUNLAB_NODE", ""), device=device)

    def packet(self, did: str, data: bytes) -> None:
        """Report a packet that was just `read` or `written`."""
        self._send(t_ns=time.time_ns(), did=did, bytes=len(data), data=data.hex(), **self._link)

    def _send(self, **fields: object) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendall(json.dumps(fields).encode() + b"\n")
        except OSError:  # nobody listens any more: the program has its own work to do
            self._socket = None
