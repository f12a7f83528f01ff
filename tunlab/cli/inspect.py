"""`tunlab inspect`: finds a device, goes to where it is, and has it shown."""

import os
import signal
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import typer

from tunlab import paths
from tunlab.cli.choosing import choose, choose_session, sessions, unknown
from tunlab.cli.errors import end_with_reader, tell, told
from tunlab.cli.joining import ask_in, run_in
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
        with _written(asked.write) as file:
            show = _shown(place, asked, words, file)
            terminal = os.isatty(0) and os.isatty(1)
            raise typer.Exit(run_in(place.found, show, terminal) if place.found else show())


def _find(asked: Asked, words: Words) -> Place:
    """The device that is meant. One that is named with its node need not be there yet."""
    node, colon, device = asked.device.rpartition(":")
    if not device or (colon and not node):
        raise TunlabError("inspect_device", Status.USAGE, device=asked.device)
    here = _here()
    if asked.host or paths.SANDBOX_RUN.is_dir():
        if not node and device not in here:
            raise unknown("device", device, here)
        return Place(None, node, device)
    found = nearest([choose_session(words, asked.session)] if asked.session is not None else sessions())
    places, known = [], []
    for each in found:
        for name, names in ask_in(each, devices).items():
            known += [f"{name}:{one}" for one in names]
            if device in names if asked.once or not node else name == node:
                places.append(Place(each, name, device))
    if not places and not node and asked.session is None and device in here:
        return Place(None, "", device)
    if not places:
        known = [each for each in known if not each.endswith(":lo")] or known
        raise unknown("device", asked.device, [*known, *(here if asked.session is None else ())])
    if len(places) == 1:
        return places[0]
    several = len({place.found.name() for place in places if place.found}) > 1
    return places[choose(words, "choose_device", [_label(place, several) for place in places])]


def _here() -> list[str]:
    return [name for _, name in socket.if_nameindex()]


def _label(place: Place, several: bool) -> str:
    at = f"{place.node}:{place.device}"
    return f"{at}  {place.found.name()}" if several and place.found else at


@contextmanager
def _written(path: Path | None) -> Iterator[BinaryIO | None]:
    """The file, opened with the caller's own rights and in the caller's own view of the disk; gone if nothing began."""
    from tunlab.engine.new_file import open_new

    if path is None:
        yield None
        return
    with os.fdopen(open_new(path), "wb") as file:
        try:
            yield file
        finally:
            with suppress(OSError):
                about = path.lstat()
                if stat.S_ISREG(about.st_mode) and about.st_size == 0:
                    path.unlink()


def _shown(place: Place, asked: Asked, words: Words, file: BinaryIO | None) -> Callable[[], int]:
    """What runs where the device is. It imports nothing: the files there may be others."""
    from tunlab.engine.inspection import Inspection, watch
    from tunlab.engine.new_file import open_new
    from tunlab.packet.filter import load_libpcap
    from tunlab.packet.scapy_loader import load_scapy
    from tunlab.ui.inspect_json import InspectJson
    from tunlab.ui.inspect_lines import InspectLines
    from tunlab.ui.output import HungUp
    from tunlab.ui.page import Page

    load_scapy()
    if asked.expression:
        load_libpcap()
    live = not (asked.once or asked.json or asked.count is not None) and _full_screen()
    if live:
        with suppress(TunlabError):  # the key f will say so
            load_libpcap()
        # Keys as numbers (kitty's protocol) would stay on if we were killed.
        os.environ["TEXTUAL_DISABLE_KITTY_KEY"] = "1"
        from tunlab.ui.inspector.app import InspectApp
    page = Page(words)
    lab = place.found.session.lab if place.found else ""
    host_proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY) if place.found else None
    folder = Path.cwd()

    def look() -> int:
        with suppress(OSError):
            os.chdir(folder)
        inspection = Inspection(place.node, place.device, host_proc, asked.expression)
        if file:
            inspection.write_to(file, str(asked.write))
        if live:
            return InspectApp(inspection, words, open_new).show()
        audience = (
            InspectJson(place.node, place.device, lab, asked.count)
            if asked.json
            else InspectLines(inspection, page, asked.count)
        )
        with inspection:
            if inspection.refused and asked.count is not None:
                raise inspection.refused
            try:
                watch(inspection, audience, lambda: asked.once or audience.enough)
            finally:
                audience.end()
        return Status.FINE

    def show() -> int:
        end_with_reader()
        try:
            return look()
        except TunlabError as error:
            tell(words, error)
            return error.status
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        except HungUp:
            return 128 + signal.SIGHUP

    return show


def _full_screen() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
