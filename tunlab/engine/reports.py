"""Listens to what our own programs report of the packets that they read and wrote."""

import json
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from tunlab import paths
from tunlab.model.program import Program

if TYPE_CHECKING:
    from tunlab.engine.stage import Stage


class Reports:
    """The socket that programs connect to: lines of JSON, the first naming the program. A context manager."""

    def __init__(self, stage: "Stage", program_named: Callable[[str], Program | None]) -> None:
        self._stage = stage
        self._program_named = program_named
        self._callers: list[socket.socket] = []

    def __enter__(self) -> "Reports":
        paths.REPORTS.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(paths.REPORTS))
        paths.REPORTS.chmod(0o666)  # under sudo the programs are the real user's; nobody else is in here
        self._listener.listen()
        self._listener.setblocking(False)
        self._stage.serve(self._listener, self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stage.ignore(self._listener)
        self._listener.close()
        for caller in self._callers:
            self._stage.ignore(caller)
            caller.close()

    def _accept(self) -> None:
        caller, _ = self._listener.accept()
        caller.setblocking(False)
        self._callers.append(caller)
        told = _Told()
        self._stage.serve(caller, lambda: self._hear(caller, told))

    def _hear(self, caller: socket.socket, told: "_Told") -> None:
        data = caller.recv(1 << 20)
        if not data:
            self._stage.ignore(caller)
            self._callers.remove(caller)
            caller.close()
            return
        for line in told.lines(data):
            fields = json.loads(line)
            if "program" in fields:
                told.program = self._program_named(fields["program"])
            elif told.program is not None and told.program.device is not None:
                self._stage.drain()  # a capture saw what was read before the program did
                self._stage.packets.told_with_bytes(
                    self._stage.step,
                    told.program,
                    fields["did"],
                    bytes.fromhex(fields["data"]),
                    fields["t_ns"],
                )


class _Told:
    """What one caller has said so far."""

    def __init__(self) -> None:
        self.program: Program | None = None
        self._partial = b""

    def lines(self, data: bytes) -> list[bytes]:
        *whole, self._partial = (self._partial + data).split(b"\n")
        return whole
