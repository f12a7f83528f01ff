"""Keeps a run in a folder: its events as JSON lines, and every captured packet in one pcapng file."""

import json
from pathlib import Path
from typing import BinaryIO

from tunlab.errors import Status, TunlabError
from tunlab.kernel.errno_names import name_of
from tunlab.kernel.user import give_to_real_user
from tunlab.model.events import Entry, PacketSeen
from tunlab.model.packet import LinkType
from tunlab.packet.pcapng import PcapngWriter

EVENTS, PACKETS = "events.jsonl", "packets.pcapng"


class Saved:
    """A reader of the log that writes both files as it goes.

    Raises TunlabError when the folder cannot be used or the disk is full.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            _make(folder)
            self._events = _new(folder / EVENTS)
            self._packets = _new(folder / PACKETS)
            self._pcapng = PcapngWriter(self._packets)
        except FileExistsError as error:
            taken = Path(error.filename).name if folder.is_dir() else folder.name
            raise TunlabError("save_exists", Status.USAGE, folder=folder, file=taken) from error
        except OSError as error:
            raise TunlabError("save_refused", Status.USAGE, folder=folder, problem=name_of(error)) from error
        self._interfaces: dict[str, int] = {}

    def discard(self) -> None:
        """The run was refused before it began: leave no empty files."""
        for name in (EVENTS, PACKETS):
            (self._folder / name).unlink()

    def entry(self, entry: Entry) -> None:
        """Write an entry of the log."""
        try:
            self._events.write(json.dumps(entry.as_json()).encode() + b"\n")
            self._events.flush()
            if isinstance(entry.what, PacketSeen) and entry.what.seen_by == "capture":
                self._packet(entry.what)
                self._packets.flush()
        except OSError as error:
            raise TunlabError("save_failed", folder=self._folder, problem=name_of(error)) from error

    def _packet(self, packet: PacketSeen) -> None:
        name = f"{packet.node}:{packet.device}"
        if name not in self._interfaces:
            self._interfaces[name] = self._pcapng.interface(name, LinkType[packet.link])
        self._pcapng.packet(
            self._interfaces[name],
            packet.time_ns,
            bytes.fromhex(packet.data),
            packet.length,
            comment=packet.step,
        )


def _make(folder: Path) -> None:
    if not folder.is_dir():
        _make(folder.parent)
        folder.mkdir()
        give_to_real_user(folder)


def _new(path: Path) -> BinaryIO:
    file = path.open("xb")
    give_to_real_user(path)
    return file
