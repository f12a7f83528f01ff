"""`tunlab capture`: devices of a running lab, or of the host, into one pcapng file."""

import os
import re
import signal
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import typer

from tunlab.cli.choosing import choose_session, unknown
from tunlab.cli.errors import tell, told
from tunlab.cli.joining import run_in
from tunlab.engine.capture import Capture, Place, Wanted
from tunlab.engine.capture_counts import CaptureCounts, Counted
from tunlab.engine.capture_end import end_file
from tunlab.engine.capture_source import HOST
from tunlab.engine.new_file import open_new
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words
from tunlab.kernel.errno_names import name_of
from tunlab.kernel.joined import node_names
from tunlab.kernel.packet_ring import LEAST_BUFFER, MOST_BUFFER
from tunlab.packet.filter import load_libpcap
from tunlab.session.finding import Found
from tunlab.ui.printable import printable

STANDARD_OUTPUT = "-"
_SIZE = re.compile(r"(\d{1,12})([kKmMgG]?)")
_SHIFT = {"": 0, "k": 10, "m": 20, "g": 30}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line."""

    places: list[str]
    write: str
    session: str | None
    host: bool
    buffer: str
    expression: str
    count: int | None


def capture(asked: Asked, language: str) -> None:
    """Capture, and exit with the status."""
    words = Words(language)
    with told(words):
        if asked.host and asked.session is not None:
            raise TunlabError("capture_session_or_host", Status.USAGE)
        wanted = Wanted(_places(asked), _size(asked.buffer), asked.expression, asked.count)
        found = None if asked.host else choose_session(words, asked.session)
        if asked.expression:
            load_libpcap()  # before we join: files may be others there
        with _Output(asked.write) as output:
            raise typer.Exit(_captured(wanted, found, output, words))


class _Output:
    """The file, opened with the caller's own rights and in the caller's own view of the disk."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fd = 1

    def __enter__(self) -> "_Output":
        if self.name == STANDARD_OUTPUT:
            if os.isatty(self.fd):
                raise TunlabError("capture_to_terminal", Status.USAGE)
            return self
        self.fd = open_new(Path(self.name))
        return self

    def __exit__(self, *_: object) -> None:
        if self.name != STANDARD_OUTPUT:
            os.close(self.fd)

    def discard(self) -> None:
        """Nothing was captured: leave no empty file."""
        if self.name != STANDARD_OUTPUT and stat.S_ISREG(os.fstat(self.fd).st_mode):
            with suppress(OSError):
                Path(self.name).unlink()


def _captured(wanted: Wanted, found: Found | None, output: _Output, words: Words) -> int:
    """The status."""
    counts = CaptureCounts()

    def main() -> int:
        return _capture(wanted, found is None, output, counts, words)

    watched = os.isatty(2) and output.name != STANDARD_OUTPUT
    if watched and wanted.most is None:
        _say(words("capture_until"))
    ended = None
    try:
        status = run_in(found, main, terminal=False, keep=[output.fd]) if found else main()
    except TunlabError as error:
        if error.key != "session_ended":
            output.discard()
            raise
        ended, status = error, 0
    counted = counts.kept()
    if not counted.rings:
        output.discard()
        if ended:
            raise ended
        return status
    try:
        if status != 128 + signal.SIGPIPE:
            end_file(output.fd, counted, killed=ended is not None or status == 128 + signal.SIGKILL)
    except BrokenPipeError:
        status = 128 + signal.SIGPIPE
    except OSError as error:
        tell(words, TunlabError("capture_failed", file=output.name, problem=name_of(error)))
        status = Status.ENVIRONMENT
    _report(counted, words)
    if watched:
        _say(words("capture_written", file=output.name))
    if ended:
        _say(words("capture_session_ended", session=ended.values["session"]))
    return status


def _capture(wanted: Wanted, host: bool, output: _Output, counts: CaptureCounts, words: Words) -> int:
    """Runs in the sandbox."""
    try:
        known = [] if host else node_names()
        for node, _ in wanted.places:
            if node != HOST and node not in known:
                raise unknown("node", node, known)
        signum = Capture(wanted, output.fd, counts, lambda key, **values: _say(words(key, **values))).run()
        return 128 + signum if signum not in (0, signal.SIGINT) else Status.FINE
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    except TunlabError as error:
        tell(words, error)
        return error.status
    except OSError as error:
        tell(words, TunlabError("capture_failed", file=output.name, problem=name_of(error)))
        return Status.ENVIRONMENT


def _report(counted: Counted, words: Words) -> None:
    """What was captured and what was lost."""
    for ring in counted.rings:
        for number, name in ring.devices.items():
            captured = ring.captured.get(number, 0)
            if ring.of_node and ring.dropped:
                _say(words("capture_count_captured", name=name, captured=captured))
            else:
                _say(words("capture_count", name=name, captured=captured, dropped=ring.dropped))
        if ring.of_node and ring.dropped:
            name = ring.name or words("capture_this_machine")
            _say(words("capture_count_dropped", name=name, dropped=ring.dropped))


def _say(sentence: str) -> None:
    with suppress(OSError):  # nobody reads it; that is no reason to end a capture
        print(printable(sentence), file=sys.stderr, flush=True)


def _places(asked: Asked) -> tuple[Place, ...]:
    """Each once, and no device of a node of which all devices are wanted."""
    if asked.host:
        return tuple(dict.fromkeys((HOST, device) for device in asked.places)) or ((HOST, None),)
    found: dict[Place, None] = {}
    for place in asked.places:
        node, colon, device = place.partition(":")
        if not node or bool(colon) != bool(device):
            raise TunlabError("capture_place", Status.USAGE, place=place)
        found[node, device or None] = None
    return tuple((node, device) for node, device in found if device is None or (node, None) not in found)


def _size(text: str) -> int:
    """Bytes."""
    match = _SIZE.fullmatch(text)
    size = int(match[1]) << _SHIFT[match[2].lower()] if match else -1
    if not 0 <= size <= MOST_BUFFER:
        raise TunlabError("capture_buffer", Status.USAGE, size=text)
    if size < LEAST_BUFFER:
        raise TunlabError("capture_buffer_small", Status.USAGE, least=LEAST_BUFFER >> 10)
    return size
