"""Listens to what our own programs report of the packets that they read and wrote."""

import json
import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tunlab import paths
from tunlab.engine.loop import Loop
from tunlab.kernel.procfs import parent_of
from tunlab.model.topology import Endpoint

_UCRED = struct.Struct("3i")  # linux/socket.h: pid, uid, gid
MOST_CALLERS = 256
AT_ONCE = 16384  # bytes read in one turn of the loop: keys must not wait for a flood to end
LONGEST = 300_000  # bytes of a line: a packet of 65,535 bytes in hexadecimal, and some

# What the first line may name: it may come from any process in the sandbox.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}|\$ [ -~]{1,500}")  # of a program, or an `exec` command
_NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_DEVICE = re.compile(r"[!-.0-9;-~]{1,15}")  # printable, and neither / nor :


@dataclass(frozen=True, slots=True)
class Teller:
    """Who reports: a program, and the device at whose far end it says that it is."""

    program: str
    at: Endpoint


Heard = Callable[[Teller, dict[str, Any]], None]


class Reports:
    """A socket that programs connect to, as to everybody's who wants to hear them: lines of JSON. A context manager.

    `name` is its own among the listeners. The first line names program, node and device; a caller whose first line
    does not is not listened to. A second program that gives the same name at the same device is called NAME-2, and so
    on. Of a program of several processes each calls, and names the one that is the others' parent. `heard` gets each
    later line's fields: number, t_ns, did, bytes, data (in hexadecimal), link, cause.
    """

    def __init__(self, loop: Loop, heard: Heard, name: str) -> None:
        self._path = paths.LISTENERS / f"{name}.sock"
        self._loop = loop
        self._heard = heard
        self._callers: list[_Caller] = []

    def __enter__(self) -> "Reports":
        unfinished = self._path.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(unfinished))
        unfinished.chmod(0o666)  # under sudo the programs are the real user's; nobody else is in here
        self._listener.listen()
        self._listener.setblocking(False)
        unfinished.rename(self._path)  # before that no program tries it, and none is refused
        self._loop.serve(self._listener, self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._path.unlink(missing_ok=True)
        self._loop.ignore(self._listener)
        self._listener.close()
        for caller in list(self._callers):
            self._leave(caller)

    def name_of(self, pid: int) -> str | None:
        """What the process of that pid calls itself."""
        return next((each.teller.program for each in self._callers if each.teller and each.pid == pid), None)

    def hear_all(self) -> None:
        """Hear every caller once."""
        for caller in list(self._callers):
            self._hear(caller)

    def _accept(self) -> None:
        try:
            line, _ = self._listener.accept()
        except BlockingIOError:  # who called has gone
            return
        line.setblocking(False)
        if len(self._callers) >= MOST_CALLERS:  # descriptors are few, and anybody in the sandbox may call
            line.close()
            return
        caller = _Caller(line)
        self._callers.append(caller)
        self._loop.serve(caller, lambda: self._hear(caller))

    def _hear(self, caller: "_Caller") -> None:
        for fields in caller.said():
            if caller.teller is not None:
                self._heard(caller.teller, fields)
                continue
            caller.teller = self._introduced(caller, fields)
            if caller.teller is None:
                caller.gone = True
                break
        if caller.gone:
            self._leave(caller)

    def _introduced(self, caller: "_Caller", fields: dict[str, Any]) -> Teller | None:
        """The teller that a first line names, or None where it is not to be trusted even that far."""
        match fields:
            case {"program": str(name), "node": str(node), "device": str(device)}:
                if _NAME.fullmatch(name) and _NODE.fullmatch(node) and _DEVICE.fullmatch(device):
                    at = Endpoint(node, device)
                    caller.whole = _whole(caller.pid, fields.get("leader"), name, at)
                    same = (each.teller for each in self._callers if each.whole and each.whole == caller.whole)
                    return next((teller for teller in same if teller), None) or Teller(self._own(name, at), at)
        return None

    def _own(self, name: str, at: Endpoint) -> str:
        taken = {each.teller.program for each in self._callers if each.teller and each.teller.at == at}
        names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 2)))
        return next(each for each in names if each not in taken)

    def _leave(self, caller: "_Caller") -> None:
        self._loop.ignore(caller)
        self._callers.remove(caller)
        caller.close()


def _whole(pid: int, leader: object, name: str, at: Endpoint) -> "_Whole | None":
    """The program of which that process is a part; None where that is all of it, or where the kernel denies it."""
    return (leader, name, at) if isinstance(leader, int) and leader in (pid, parent_of(pid)) else None


_Whole = tuple[int, str, Endpoint]  # a program of several processes: the leader's pid, and what they call themselves


class _Caller:
    """One process's connection; `gone` when it has closed it."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        peer = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        self.pid = _UCRED.unpack(peer)[0]  # the kernel says it, not the caller (unix(7))
        self._partial = b""
        self.teller: Teller | None = None
        self.whole: _Whole | None = None
        self.gone = False

    def fileno(self) -> int:
        return self._line.fileno()

    def close(self) -> None:
        self._line.close()

    def said(self) -> list[dict[str, Any]]:
        """What whole lines have come since the last call."""
        try:
            data = self._line.recv(AT_ONCE)
        except BlockingIOError:
            return []
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
