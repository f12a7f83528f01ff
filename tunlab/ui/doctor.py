"""Draws a diagnosis: the verdict first, then a line for each finding; or a line of JSON each."""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import takewhile

from rich.console import Console
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.diagnosis import Diagnosis, Finding, Group, Sentence, State
from tunlab.model.events import SCHEMA
from tunlab.ui.printable import printable
from tunlab.ui.prose import plain

NARROW = 80  # columns that the pictures of a lab need
_STYLES = {State.OK: "green", State.PART: "yellow", State.NO: "bold red"}
_STATUS, _NAME = 7, 15  # columns


def draw(diagnosis: Diagnosis, words: Words) -> None:
    """The whole report on standard output. A command stands on a line of its own, so that it can be copied."""
    console = Console(highlight=False)
    _say(console, verdict(diagnosis, words), "bold")
    console.print()
    needed = [finding for finding in diagnosis.findings if finding.needed]
    said: set[str] = set()
    for finding in needed:
        _draw(console, finding, words, said)
    if unneeded := [*_merged(finding for finding in diagnosis.findings if not finding.needed)]:
        console.print()
        _say(console, words("doctor_unneeded"))
        for finding in unneeded:
            _draw(console, finding, words, said)
        console.print()
        _say(console, verdict(diagnosis, words), "bold")  # the first line may have scrolled away


def verdict(diagnosis: Diagnosis, words: Words) -> str:
    """One sentence: can labs run here?"""
    for finding in diagnosis.findings:
        if finding.status is State.NO:
            return words("doctor_cannot", why=_detail(finding, words))
    missing = sum(finding.needed and finding.status is State.PART for finding in diagnosis.findings)
    if missing == 1:
        return words("doctor_can_part_one")
    return words("doctor_can_part", count=missing) if missing else words("doctor_can")


def write_json(diagnosis: Diagnosis, words: Words) -> None:
    """A line for each finding, and one for the whole."""
    for finding in diagnosis.findings:
        line = {
            "schema": SCHEMA,
            "event": finding.event,
            "name": finding.name,
            "status": finding.status,
            "detail": _detail(finding, words),
            "remedy": finding.remedy,
            "needed": finding.needed,
        }
        print(json.dumps(line))
    print(json.dumps({"schema": SCHEMA, "event": diagnosis.event, "state": diagnosis.state}))


def terminal() -> Finding:
    """What standard output is: its width, its encoding, its colours."""
    console = Console()
    encoding = (sys.stdout.encoding or "ascii").upper()
    unreadable = not encoding.startswith("UTF")
    remedy = "export LC_ALL=C.UTF-8" if unreadable else None
    wrong = [Sentence("doctor_terminal_encoding")] if unreadable else []
    if not sys.stdout.isatty():
        about = Sentence("doctor_terminal_none")
    else:
        values = {"columns": console.width, "encoding": encoding, "colours": console.color_system or "-"}
        about = Sentence("doctor_terminal", values)
        if console.width < NARROW:
            wrong.append(Sentence("doctor_terminal_narrow"))
            remedy = remedy or f"stty cols {NARROW}"
    return Finding(Group.ABOUT, "terminal", State.PART if wrong else State.OK, (about, *wrong), remedy)


def _merged(findings: Iterable[Finding]) -> Iterator[Finding]:
    """One for all programs that are there, one for all that are missing; the same for the kinds of device."""
    found: dict[tuple[Group, State], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.group, finding.status), []).append(finding)
    for (group, _), alike in found.items():
        if group is not Group.PROGRAM:
            yield from alike
            continue
        commands = [finding.remedy.split() for finding in alike if finding.remedy]
        same = [words[0] for words in takewhile(lambda words: len(set(words)) == 1, zip(*commands, strict=False))]
        remedy = " ".join([*same, *(word for command in commands for word in command[len(same) :])]) or None
        detail = (Sentence("doctor_programs_missing"),) if commands else ()
        yield replace(alike[0], name=", ".join(finding.name for finding in alike), detail=detail, remedy=remedy)


def _draw(console: Console, finding: Finding, words: Words, said: set[str]) -> None:
    line = Text(f"[{finding.status}]".ljust(_STATUS), _STYLES[finding.status])
    line.append(f"{finding.name}  ".ljust(_NAME), "none")
    for detail in _lines(console, _detail(finding, words), len(line)):
        line.append(detail, "none")
        line.rstrip()
        console.print(line, soft_wrap=True)
        line = Text(" " * (_STATUS + _NAME))
    if finding.remedy and finding.remedy not in said:
        said.add(finding.remedy)
        console.print(Text(" " * (_STATUS + _NAME) + finding.remedy, "bold"), soft_wrap=True)


def _say(console: Console, sentence: str, style: str = "none") -> None:
    for line in _lines(console, sentence):
        console.print(Text(line, style), soft_wrap=True)


def _lines(console: Console, text: str, taken: int = 0) -> Iterator[str]:
    """As wide as the terminal, of which so many columns are taken; all in one where there is none, for grep(1)."""
    return plain(text, console.width - taken if console.is_terminal else sys.maxsize)


def _detail(finding: Finding, words: Words) -> str:
    return printable(words("doctor_and").join(words(each.key, **each.values) for each in finding.detail))
