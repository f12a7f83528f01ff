"""What `tunlab inspect` does where the device is: shows it, live, line by line or as JSON.

All of it is imported before a sandbox is joined: the files in there may be others.
"""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tunlab.cli.errors import end_with_reader, tell
from tunlab.engine.inspection import Inspection, watch
from tunlab.engine.new_file import open_new
from tunlab.errors import Status, TunlabError
from tunlab.i18n import Words
from tunlab.packet.filter import load_libpcap
from tunlab.packet.scapy_loader import load_scapy
from tunlab.ui.inspect_json import InspectJson
from tunlab.ui.inspect_lines import InspectLines
from tunlab.ui.output import HungUp, unread
from tunlab.ui.page import Page


@dataclass(frozen=True, slots=True)
class Look:
    """How to look at a device. `most`: packets to show; `lab`: that of its session, for `--json`."""

    node: str
    device: str
    once: bool
    most: int | None
    json: bool
    expression: str
    lab: str


def prepared(look: Look, words: Words, host_proc: int | None, file: BinaryIO | None, name: str) -> Callable[[], int]:
    """What runs there and returns the exit status; it imports nothing. `name` is the file's, for the words."""
    load_scapy()
    live = not (look.once or look.json or look.most is not None) and _full_screen()
    if look.expression:
        load_libpcap()
    if live:
        with suppress(TunlabError):  # the key f will say so
            load_libpcap()
        # Keys as numbers (kitty's protocol) would stay on if we were killed.
        os.environ["TEXTUAL_DISABLE_KITTY_KEY"] = "1"
        from tunlab.ui.inspector.app import InspectApp
    page = Page(words)
    with page.console.capture():  # rich loads its emoji and the widths of characters when it first needs them
        page.console.print(":x: \u5305")
    folder = Path.cwd()

    def main() -> int:
        end_with_reader()
        with suppress(OSError):
            os.chdir(folder)
        try:
            inspection = Inspection(look.node, look.device, host_proc, look.expression)
            if file:
                inspection.write_to(file, name)
            if live:
                return InspectApp(inspection, words, open_new).show()
            return _printed(inspection, look, page)
        except TunlabError as error:
            tell(words, error)
            return error.status
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        except HungUp:
            return 128 + signal.SIGHUP

    return main


def _printed(inspection: Inspection, look: Look, page: Page) -> int:
    audience = InspectJson(inspection, look.lab, look.most) if look.json else InspectLines(inspection, page, look.most)
    with inspection:
        if inspection.refused and look.most is not None:
            raise inspection.refused
        try:
            watch(inspection, audience, lambda: look.once or audience.enough or unread())
        finally:
            audience.end()
    return Status.FINE if look.once or audience.enough else 128 + signal.SIGPIPE


def _full_screen() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
