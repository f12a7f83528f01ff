"""How a program of ours tells those who listen what it read and wrote; they may come and go while it runs."""

import json
import os
import socket
import stat
import sys
import time
from pathlib import Path

from tunlab.model.packet import LinkType

_SETTLED = 50_000_000  # ns after which a folder's time of change tells of every change: a tick of any kernel, and more
_PATIENCE = 5.0  # seconds with a listener that does not read, who would otherwise hold up the program for ever

_Key = tuple[Path, int, int]  # of a listener: a later one may have the name of an earlier, and its inode


class Reporter:
    """A line of JSON per packet (`number`, `t_ns`, `did`, `bytes`, `data`) to every socket in the listeners' folder.

    The first line says who tells: the lab's name of the program, or the module's where it was started by hand, and
    its node and device. `link`: what the packets begin with; the lines say it where that is not the IP header.
    `number` is that of the latest report. `program` is the module's name where it is another than that of the file.

    A program of several processes has a Reporter in each: `part` counts them from 0 on, and all `parts` count in steps
    of that size, so that no two reports have the same number. `leader` is the process that the lab knows, which is the
    parent of the others.
    """

    def __init__(
        self,
        device: str,
        link: LinkType = LinkType.RAW,
        program: str = "",
        part: int = 0,
        parts: int = 1,
        leader: int | None = None,
    ) -> None:
        self.number = part + 1 - parts
        self._step = parts
        self._link = {} if link is LinkType.RAW else {"link": link.name}
        name = os.environ.get("TUNLAB_PROGRAM") or program or Path(sys.argv[0]).stem
        node = os.environ.get("TUNLAB_NODE", "")
        whole = {} if leader is None else {"leader": leader}
        self._hello = _line({"program": name, "node": node, "device": device, **whole})
        folder = os.environ.get("TUNLAB_REPORTS")
        self._folder = Path(folder) if folder else None
        self._seen = -1  # when the folder had changed last, as we know it
        self._known: dict[_Key, socket.socket | None] = {}  # None: not to be had, or not any more
        self._look()

    def packet(self, did: str, data: bytes, cause: int | None = None) -> None:
        """Report a packet that was just `read` or `written` at the device, or `received` or `sent` through a socket.

        `cause`: the number of the report of the packet from which this one was made.
        """
        self.number += self._step
        now = time.time_ns()
        self._look()
        if not any(self._known.values()):
            return
        about = {"number": self.number, "t_ns": now, "did": did, "bytes": len(data), "data": data.hex(), **self._link}
        line = _line(about | ({"cause": cause} if did in ("written", "sent") else {}))
        for key in self._known:
            self._send(key, line)

    def close(self) -> None:
        """Report nothing any more."""
        for key in self._known:
            self._drop(key)
        self._folder = None

    def _look(self) -> None:
        """Introduce us to those who have come since the last look: one stat(2) where nobody has."""
        if self._folder is None:
            return
        try:
            changed = self._folder.stat().st_mtime_ns
            if changed == self._seen:
                return
            # What comes within the same tick of the kernel's clock changes nothing: look again until that is over.
            self._seen = changed if time.time_ns() - changed > _SETTLED else -1
            here = {found for path in self._folder.glob("*.sock") if (found := _identity(path))}
        except OSError:  # there is no such folder, or somebody has just left it
            return
        for key in self._known.keys() - here:
            self._drop(key)
            del self._known[key]
        for key in here - self._known.keys():
            self._known[key] = _connected(key[0])
            self._send(key, self._hello)

    def _send(self, key: _Key, line: bytes) -> None:
        listener = self._known[key]
        if listener is None:
            return
        try:
            listener.sendall(line)
        except OSError:  # nobody listens there any more: the program has its own work to do
            self._drop(key)

    def _drop(self, key: _Key) -> None:
        listener = self._known[key]
        if listener is not None:
            listener.close()
        self._known[key] = None


def _identity(path: Path) -> _Key | None:
    try:
        about = path.lstat()
    except OSError:  # it has just gone
        return None
    return (path, about.st_ino, about.st_ctime_ns) if stat.S_ISSOCK(about.st_mode) else None


def _connected(path: Path) -> socket.socket | None:
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.settimeout(_PATIENCE)
        listener.connect(str(path))
    except OSError:  # whoever made it is dead
        listener.close()
        return None
    return listener


def _line(fields: dict[str, object]) -> bytes:
    return json.dumps(fields).encode() + b"\n"
