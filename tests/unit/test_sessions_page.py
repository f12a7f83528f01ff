"""The page of the running sessions: names that strangers chose are names, and no more."""

import os
from io import StringIO
from pathlib import Path

from rich.console import Console

from tunlab.i18n import Words
from tunlab.kernel.survey import NodeSeen, ProgramSeen, Survey
from tunlab.session.finding import Found
from tunlab.session.others import Folder
from tunlab.session.record import Session
from tunlab.ui.printable import printable_line
from tunlab.ui.sessions import table


def test_a_name_neither_styles_nor_breaks_the_page() -> None:
    node = NodeSeen("[b]h1[/b]", ("lo", "a\nb", "\udcffx"), (ProgramSeen(7, "sleep\n8  forged"),))
    found = Found(Session("lab-x", "lab-x", 1, 1), Folder(Path("/x"), os.geteuid(), 0))
    out = StringIO()
    Console(file=out, width=120, force_terminal=True, color_system=None).print(
        table([(found, Survey((node,)))], Words("en"))
    )
    lines = out.getvalue().rstrip().split("\n")
    assert len(lines) == 2
    assert lines[1].split("  ")[1:] and "[b]h1[/b]" in lines[1]
    assert "a\ufffdb" in lines[1] and "\ufffdx" in lines[1] and "7  sleep\ufffd8  forged" in lines[1]


def test_a_name_is_one_line() -> None:
    assert printable_line("a\tb\nc\u2028d\x1b\udc80") == "a" + "\ufffdb" + "\ufffdc" + "\ufffdd" + "\ufffd" * 2
