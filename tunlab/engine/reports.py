"""Listens to what our own programs report of the packets that they read and wrote."""

import json
import socket
from collections.abc import Callable
from typing import Any

from tunlab import paths
from tunlab.engine.loop import Loop

LONGEST = 300_000  # bytes of a line: a packet of 65,535 bytes in hexadecimal, and some

Heard = Callable[[str, dict[str, Any]], None]


class Reports:
    """The socket that programs connect to: lines of JSON, the first naming the program. A context manager.

    `heard` gets the program's name and each later line's fields: t_ns, did, bytes, data (in hexadecimal).
    """

    def __init__(self, loop: Loop, heard: Heard) -> None:
        self._loop = loop
        self._heard = heard
        self._callers: list[_Caller] = []

    def __enter__(self) -> "Reports":
        paths.REPORTS.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(paths.REPORTS))
        paths.REPORTS.chmod(0o666)  # under sudo the programs are the real user's; nobody else is in here
        self._listener.listen()
        self._listener.setblocking(False)
        self._loop.serve(self._listener, self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.ignore(self._listener)
        self._listener.close()
        for caller in list(self._callers):
            self._leave(caller)

    def _accept(self) -> None:
        line, _ = self._listener.accept()
        line.setblocking(False)
        caller = _Caller(line)
        self._callers.append(caller)
        self._loop.serve(caller, lambda: self._hear(caller))

    def _hear(self, caller: "_Caller") -> None:
        for fields in caller.said():
            if caller.program is None:
                caller.program = str(fields.get("program"))
            else:
                self._heard(caller.program, fields)
        if caller.gone:
            self._leave(caller)

    def _leave(self, caller: "_Caller") -> None:
        self._loop.ignore(caller)
        self._callers.remove(caller)
        caller.close()


class _Caller:
    """One program's connection; `gone` when it has closed it."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._partial = b""
        self.program: str | None = None
        self.gone = False

    def fileno(self) -> int:
        return self._line.fileno()

    def close(self) -> None:
        self._line.close()

    def said(self) -> list[dict[str, Any]]:
        """What whole lines have come since the last call."""
        try:
            data = self._line.recv(1 << 20)
        except ConnectionResetError:
            data = b""
        *whole, self._partial = (self._partial + data).split(b"\n")
        self.gone = not data or len(self._partial) > LONGEST
        return [fields for line in whole if (fields := _object(line)) is not None]


def _object(line: bytes) -> dict[str, Any] | None:
    """The JSON object on a line; None for anything else, which any process of the lab may send."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None
