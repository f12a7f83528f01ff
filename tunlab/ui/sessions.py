"""The running sessions on a page: their nodes, devices and programs; and how long they have been there."""

import os
import time
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tunlab.i18n import Words
from tunlab.kernel.survey import NodeSeen, Survey
from tunlab.session.finding import Found
from tunlab.session.others import Folder
from tunlab.session.record import LAB, TOPOLOGY, Session
from tunlab.ui.printable import printable_line

_TICKS = os.sysconf("SC_CLK_TCK")


def seconds(session: Session) -> int:
    """Since it began."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) - session.started / _TICKS)


def age(session: Session, words: Words) -> str:
    """The same in the largest unit that fits."""
    count = seconds(session)
    if count < 60:
        return words("clean_seconds", count=count)
    if count < 3600:
        return words("clean_minutes", count=count // 60)
    return words("clean_hours", count=count // 3600)


def about(session: Session, folder: Folder, words: Words) -> str:
    """A line: the session, its lab, its age, and whose it is if it is not one's own."""
    own = folder.uid == os.geteuid()
    told = {"session": session.name, "lab": session.lab, "age": age(session, words), "user": folder.user()}
    if session.kind == TOPOLOGY:
        return words("up_session" if own else "up_session_of", **told)
    return words("clean_session" if own else "clean_session_of", **told)


def table(seen: Sequence[tuple[Found, Survey]], words: Words) -> RenderableType:
    """Each session's line, and below it a row for each node, with a line for each program."""
    parts: list[RenderableType] = []
    for found, survey in seen:
        grid = Table.grid(padding=(0, 2), expand=False)
        grid.add_column(width=0)
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_column(overflow="fold")
        for node in survey.nodes:
            devices = Text(printable_line("  ".join(node.devices)))
            grid.add_row("", Text(printable_line(node.name)), devices, _programs(node, words))
        parts += [Text(printable_line(about(found.session, found.folder, words)), style="bold"), grid, Text()]
    return Group(*parts[:-1])


def _programs(node: NodeSeen, words: Words) -> Text:
    lines = [words("ps_program", pid=each.pid, command=printable_line(each.command)) for each in node.programs]
    return Text("\n".join(lines))


def as_json(found: Found, survey: Survey) -> dict[str, object]:
    """A session as a mapping: `lab` is the name of what runs, and `kind` tells what that is.

    `pid` is that inside the sandbox, `holder` that of its first process outside.
    """
    return {
        "schema": 1,
        "session": found.session.name,
        "lab": found.session.lab,
        "kind": TOPOLOGY if found.session.kind == TOPOLOGY else LAB,
        "user": found.folder.user(),
        "seconds": seconds(found.session),
        "holder": found.session.holder,
        "nodes": [
            {
                "name": node.name,
                "devices": list(node.devices),
                "programs": [{"pid": each.pid, "command": each.command} for each in node.programs],
            }
            for node in survey.nodes
        ],
    }
