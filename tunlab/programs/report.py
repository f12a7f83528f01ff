"""How a program of ours tells the session what it read and wrote, while somebody listens."""

import json
import os
import socket
import time


class Reporter:
    """A line of JSON per packet (`t_ns`, `did`, `bytes`, `data`) to the socket that the lab named, if any."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        path = os.environ.get("TUNLAB_REPORTS")
        if not path:
            return
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(path)
            self._send(program=os.environ.get("TUNLAB_PROGRAM", ""))
        except OSError:
            self._socket = None

    def packet(self, did: str, data: bytes) -> None:
        """Report a packet that was just `read` or `written`."""
        self._send(t_ns=time.time_ns(), did=did, bytes=len(data), data=data.hex())

    def _send(self, **fields: object) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendall(json.dumps(fields).encode() + b"\n")
        except OSError:  # nobody listens any more: the program has its own work to do
            self._socket = None
