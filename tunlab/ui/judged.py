"""A judged check as a row: its status in a word, what it demands, what was seen."""

from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.checks import Check
from tunlab.model.events import CheckJudged
from tunlab.ui.describe import describe


def judged_row(judged: CheckJudged, check: Check, words: Words, status: str | None = None) -> RenderableType:
    """The row. `status` replaces the word of the check's own."""
    line, saw = Text(describe(check, words)), Text()
    if judged.status == "skipped":
        line.append("  " + words("skipped", reason=words(judged.reason or "")))
    elif judged.status != "pass":
        line.append("\n" + words("expected_saw", expected=judged.expected, actual=judged.actual), "verdict")
        line.append("\n" + words(judged.reason) if judged.reason else "")
    elif judged.actual.isdecimal():
        saw.append(words("saw", actual=judged.actual), "verdict")
    row = Table.grid(
        Column(), Column(overflow="fold", ratio=1), Column(no_wrap=True, vertical="bottom"), padding=(0, 1), expand=True
    )
    told = status or words(f"status_{judged.status}")
    row.add_row(Text(told, judged.status if status is None else "unknown"), line, saw)
    return row
