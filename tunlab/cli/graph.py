"""`tunlab graph`: draws the topology of a file as it is written, or that of a session as it runs."""

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from tunlab.cli.choosing import choose_session
from tunlab.cli.errors import end_with_reader, told
from tunlab.cli.joining import ask_in
from tunlab.engine.new_file import new_file
from tunlab.engine.scene import running, written
from tunlab.engine.scene_data import scene_from_data
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words
from tunlab.kernel.errno_names import name_of
from tunlab.kernel.escort import session_odd
from tunlab.labfile.topology.load import load_topology
from tunlab.model.scene import Scene
from tunlab.ui.graph.dot import dot
from tunlab.ui.graph.mermaid import mermaid
from tunlab.ui.graph.svg import svg
from tunlab.ui.graph.terminal import terminal
from tunlab.ui.page import Page

# By a file's suffix: those of Graphviz's and Mermaid's own documentation.
_TEXT = ("", ".txt")
FORMATS = {".svg": "svg", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".mermaid": "mermaid"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line. Without a `format`, the file's name tells it, or it is for a terminal."""

    file: Path | None
    session: str | None
    format: str | None
    write: Path | None

    def wanted(self) -> str:
        """terminal, mermaid, dot or svg."""
        suffix = self.write.suffix.lower() if self.write else ""
        if not self.format and suffix not in FORMATS and suffix not in _TEXT:
            raise TunlabError("graph_suffix", Status.USAGE, suffix=suffix)
        return self.format or FORMATS.get(suffix, "terminal")


def graph(asked: Asked, language: str) -> None:
    """Draw it, on standard output or into a new file."""
    words = Words(language)
    end_with_reader()
    with told(words):
        if asked.file is not None and asked.session is not None:
            raise TunlabError("graph_file_or_session", Status.USAGE)
        if asked.wanted() == "svg" and asked.write is None and sys.stdout.isatty():
            raise TunlabError("graph_svg_on_terminal", Status.USAGE)
        scene = written(load_topology(asked.file)) if asked.file is not None else _running(asked.session, words)
        if asked.wanted() == "terminal" and asked.write is None:
            page = Page(words)
            for line in terminal(scene, {}, page.width, words):
                page.console.print(line, no_wrap=True, crop=False, overflow="ignore")
            return
        _write(asked.write, _text(scene, asked.wanted(), words))


def _running(session: str | None, words: Words) -> Scene:
    """What the sandbox itself tells; its owner may have put anything in there."""
    found = choose_session(words, session)
    name = found.session.name

    def question() -> dict[str, Any]:
        return asdict(running(name))

    try:
        return scene_from_data(ask_in(found, question))
    except (KeyError, TypeError, ValueError) as error:
        odd = session_odd()
        odd.values["session"] = found.name()
        raise odd from error


def _text(scene: Scene, format: str, words: Words) -> str:
    if format == "mermaid":
        return mermaid(scene)
    if format == "dot":
        return dot(scene)
    if format == "svg":
        return svg(scene, {}, words)
    return "".join(f"{line.plain}\n" for line in terminal(scene, {}, Console().width, words))


def _write(path: Path | None, text: str) -> None:
    data = text.encode(errors="replace")
    with new_file(path) as file:
        if file is None:
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
            return
        try:
            file.write(data)
            file.flush()
        except OSError as error:
            raise TunlabError("file_refused", Status.USAGE, file=path, problem=name_of(error)) from error
