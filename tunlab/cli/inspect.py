"""`tunlab inspect`: finds a device, and has it shown where it is."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import typer

from tunlab import paths
from tunlab.cli.choosing import choose, choose_session, sessions, unknown
from tunlab.cli.errors import told
from tunlab.cli.joining import answers, run_in
from tunlab.engine.new_file import new_file
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words
from tunlab.kernel.survey import devices
from tunlab.session.finding import Found, nearest


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line. `count`: end after so many packets."""

    device: str
    session: str | None
    host: bool
    once: bool
    count: int | None
    expression: str
    write: Path | None
    json: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where the device is: a node of a session, or this machine's own namespace, where `found` is None."""

    found: Found | None
    node: str
    device: str


def inspect_device(asked: Asked, language: str) -> None:
    """Show a device, and exit with the status."""
    words = Words(language)
    with told(words):
        if asked.host and asked.session is not None:
            raise TunlabError("capture_session_or_host", Status.USAGE)
        if asked.once and (asked.count is not None or asked.write or asked.expression):
            raise TunlabError("inspect_once_alone", Status.USAGE)
        place = _find(asked, words)
        with new_file(asked.write) as file:
            raise typer.Exit(_shown(place, asked, words, file))


def _shown(place: Place, asked: Asked, words: Words, file: BinaryIO | None) -> int:
    """The status. What is imported is imported now, and not in the sandbox."""
    from tunlab.cli.looking import Look, prepared

    lab = place.found.session.lab if place.found else ""
    look = Look(place.node, place.device, asked.once, asked.count, asked.json, asked.expression, lab)
    if place.found is None:
        return prepared(look, words, None, file, str(asked.write))()
    host_proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    main = prepared(look, words, host_proc, file, str(asked.write))
    keep = [host_proc, *([file.fileno()] if file else [])]
    return run_in(place.found, main, os.isatty(0) and os.isatty(1), keep)


def _find(asked: Asked, words: Words) -> Place:
    """The device that is meant. One that is named with its node need not be there yet."""
    node, colon, device = asked.device.rpartition(":")
    if not device or (colon and not node):
        raise TunlabError("inspect_device", Status.USAGE, device=asked.device)
    here = [name for _, name in socket.if_nameindex()]
    if asked.host or paths.SANDBOX_RUN.is_dir():
        if not node and device not in here:
            raise unknown("device", device, here)
        return Place(None, node, device)
    found = nearest([choose_session(words, asked.session)] if asked.session is not None else sessions())
    places, known = [], []
    for each, its_devices in answers(found, devices, words):
        for name, names in its_devices.items():
            known += [f"{name}:{one}" for one in names]
            if device in names or (node and not asked.once):
                places += [Place(each, name, device)] if node in ("", name) else []
    if not places and not node and asked.session is None and device in here:
        return Place(None, "", device)
    if not places and not found:
        raise TunlabError("unknown_device_here", Status.USAGE, name=asked.device, known=", ".join(here))
    if not places:
        raise unknown("device", asked.device, list(dict.fromkeys(known)))
    return places[0] if len(places) == 1 else _chosen(places, words)


def _chosen(places: list[Place], words: Words) -> Place:
    """One of several; where they are in several sessions, without a terminal those are named."""
    names = list(dict.fromkeys(place.found.name() for place in places if place.found))
    labels = [f"{place.node}:{place.device}" for place in places]
    if len(names) > 1 and not os.isatty(0):
        raise TunlabError("several_session", Status.USAGE, names=", ".join(names))
    if len(names) > 1:
        labels = [f"{label}  {place.found.name()}" for label, place in zip(labels, places, strict=True) if place.found]
    return places[choose(words, "choose_device", labels)]
