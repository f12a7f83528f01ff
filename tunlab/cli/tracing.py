"""What `tunlab trace` does where the nodes are. All of it is imported before a sandbox is joined."""

import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import BinaryIO, NoReturn

from rich.console import RenderableType

from tunlab import paths
from tunlab.cli.choosing import unknown
from tunlab.cli.errors import tell
from tunlab.engine.loop import Loop
from tunlab.engine.scene import running
from tunlab.engine.trace.tracer import Tracer, Wanted
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words
from tunlab.kernel.holder import Ended
from tunlab.kernel.namespaces import named
from tunlab.model.trace import Hop, Traced
from tunlab.packet.scapy_loader import load_scapy
from tunlab.ui.graph.svg import svg
from tunlab.ui.output import HungUp
from tunlab.ui.page import Page
from tunlab.ui.printable import printable_line
from tunlab.ui.trace_drawing import drawing
from tunlab.ui.trace_json import TraceJson
from tunlab.ui.trace_marks import marks_of
from tunlab.ui.trace_page import trace_page, verdicts
from tunlab.ui.trace_words import place
from tunlab.ui.waiting import Waiting


@dataclass(frozen=True, slots=True)
class Showing:
    """How to show it. `name` is that of the session, or of this machine; `lab` that of its session, for `--json`."""

    json: bool
    graph: bool
    svg: BinaryIO | None
    name: str
    lab: str


def prepared(wanted: Wanted, showing: Showing, words: Words) -> Callable[[], int]:
    """What runs there and returns the exit status; it imports nothing."""
    load_scapy()
    page = Page(words)
    with page.console.capture():  # rich loads its emoji and the widths of characters when it first needs them
        page.console.print(":x: 包")

    def main() -> int:
        for signum in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, _end)  # so that nothing is left behind
        try:
            return _traced(wanted, showing, page)
        except TunlabError as error:
            tell(words, error)
            return error.status
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        except Ended as ended:
            return 128 + ended.signum
        except BrokenPipeError:
            return 128 + signal.SIGPIPE
        except HungUp:
            return 128 + signal.SIGHUP

    return main


def _end(signum: int, _: object) -> NoReturn:
    raise Ended(signum)


def _traced(wanted: Wanted, showing: Showing, page: Page) -> int:
    hops: list[Hop] = []
    ends: list[Traced] = []
    lines = TraceJson(showing.lab) if showing.json else None
    high = 0
    with named() as nodes, Loop() as loop:
        descriptors = dict(nodes)
        if wanted.node not in descriptors:
            raise _no_node(wanted, list(descriptors))
        meant = replace(wanted, to=_address(wanted.to, list(descriptors)))
        waiting = Waiting(page.words("trace_waiting"))
        with Tracer(descriptors, loop, paths.LISTENERS.is_dir(), waiting.say) as tracer:
            try:
                for told in tracer.trace(meant):
                    waiting.clear()
                    if lines is not None:
                        lines.tell(told)
                    if isinstance(told, Hop):
                        hops.append(told)
                    else:
                        ends.append(told)
            except KeyboardInterrupt:
                waiting.clear()
                _say_so_far(tracer.so_far(), page.words)
                raise
            finally:
                waiting.clear()
                if lines is None and ends:
                    high = _print(trace_page(hops, ends, page.words, page.width), page)
    if showing.graph or showing.svg is not None:
        high += _draw(hops, ends, showing, page)
    if page.console.is_terminal and high >= page.console.height:
        _print(verdicts(hops, ends, page.words, page.width), page)
    return Status.FINE if all(end.state == "answered" for end in ends) else Status.CHECK_FAILED


def _say_so_far(seen: str, words: Words) -> None:
    """In one line, of a packet that is not waited for any longer."""
    key = "trace_interrupted" if seen else "trace_interrupted_nowhere"
    print(words(key, place=place(seen, words)), file=sys.stderr, flush=True)


def _print(what: RenderableType, page: Page) -> int:
    """How many lines it was."""
    page.console.print(what)
    return len(page.console.render_lines(what, pad=False))


def _draw(hops: list[Hop], ends: list[Traced], showing: Showing, page: Page) -> int:
    """The first packet's way. How many lines it took."""
    scene = running(showing.name)
    end = ends[0] if ends else None
    high = 0
    if showing.graph and not showing.json:
        page.blank()
        high = 1 + _print(drawing(scene, hops, end, page.words, page.width), page)
    if showing.svg is not None:
        try:
            showing.svg.write(svg(scene, marks_of(hops, end), page.words).encode(errors="replace"))
            showing.svg.flush()
        except OSError as error:
            raise TunlabError("trace_write_failed", problem=error.strerror) from error
    return high


def _no_node(wanted: Wanted, nodes: list[str]) -> TunlabError:
    if wanted.to in nodes and _is_address(wanted.node):
        return TunlabError("trace_node_first", Status.USAGE, node=wanted.to, address=wanted.node)
    return unknown("node", wanted.node, nodes)


def _is_address(text: str) -> bool:
    with suppress(ValueError):
        return bool(ip_address(text))
    return False


def _address(text: str, nodes: list[str]) -> str:
    """An address as it is, or that of the node of that name (hosts(5)). Raises TunlabError."""
    if _is_address(text):
        return str(ip_address(text))
    lines: list[str] = []
    with suppress(OSError, UnicodeDecodeError):
        lines = Path("/etc/hosts").read_text().splitlines()
    for line in lines:
        first, *names = line.partition("#")[0].split() or [""]
        if text in names:
            with suppress(ValueError):
                return str(ip_address(first))
    if text in nodes:
        raise TunlabError("trace_no_address_of", Status.USAGE, node=text)
    node, colon, _ = text.partition(":")
    if colon and node in nodes:
        raise TunlabError("trace_node_alone", Status.USAGE, node=node, address=text)
    near = get_close_matches(text, nodes, 1, 0.5)
    known = {"near": near[0]} if near else {"known": ", ".join(map(printable_line, nodes))}
    raise TunlabError("trace_address_near" if near else "trace_address", Status.USAGE, address=text, **known)
