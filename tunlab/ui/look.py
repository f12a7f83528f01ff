"""How a page looks: its colours, each doubled by a word, and what a projector can show."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.theme import Theme

PROJECTOR_WIDTH = 80  # columns that are still readable from the last row

# The terminal's own sixteen colours: its theme has made them readable.
_ORDINARY = {
    "node": "green",
    "command": "bold",
    "footer": "reverse",
    "wrong": "yellow",
    "question": "bold",
    "verdict": "bold",
    "pass": "bold green",
    "fail": "bold red",
    "unknown": "bold yellow",
    "skipped": "yellow",
    "code": "bold cyan",
    "term": "bold",
}
# A projector washes colours out: strong ones only, all of them bold.
_DARK = _ORDINARY | {
    "node": "bold bright_green",
    "wrong": "bold bright_yellow",
    "question": "bold bright_yellow",
    "verdict": "bold bright_white",
    "pass": "bold bright_green",
    "fail": "bold bright_red",
    "unknown": "bold bright_yellow",
    "skipped": "bold bright_yellow",
    "code": "bold bright_cyan",
}
_LIGHT = _ORDINARY | {
    "node": "bold rgb(0,95,0)",
    "wrong": "bold rgb(135,60,0)",
    "question": "bold rgb(0,0,175)",
    "verdict": "bold rgb(0,0,0)",
    "pass": "bold rgb(0,95,0)",
    "fail": "bold rgb(175,0,0)",
    "unknown": "bold rgb(135,60,0)",
    "skipped": "bold rgb(135,60,0)",
    "code": "bold rgb(0,0,175)",
}
_LIGHT_BACKGROUNDS = ("7", "15")  # of COLORFGBG, as rxvt, Konsole and others set it


@dataclass(frozen=True, slots=True)
class Look:
    """`width`: columns at most. `spare`: few columns and few lines, for a projector."""

    theme: Theme
    width: int | None = None
    spare: bool = False


ORDINARY = Look(Theme(_ORDINARY))


def projector(environment: Mapping[str, str]) -> Look:
    """What is readable from the last row, on the background that COLORFGBG tells of; without it, a dark one."""
    light = environment.get("COLORFGBG", "").rpartition(";")[2] in _LIGHT_BACKGROUNDS
    return Look(Theme(_LIGHT if light else _DARK), PROJECTOR_WIDTH, spare=True)
