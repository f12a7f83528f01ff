"""The claims of a section on a page: what each says, and which steps of which labs demonstrate it."""

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tunlab.i18n import Words
from tunlab.labfile.demonstrated import Demonstrated, SectionClaims
from tunlab.ui.prose import wrapped

_ID = 3
_GAP = 2
_WHERE = 26  # cells: a lab's id and a step's; less where a third of the page is less


def page(sections: Iterable[SectionClaims], words: Words, width: int) -> RenderableType:
    """A table for each section."""
    return Group(*(_table(section, words, width) for section in sections))


def as_json(sections: Iterable[SectionClaims]) -> Iterator[dict[str, object]]:
    """A mapping for each claim, in the order of the tables."""
    for section in sections:
        for shown in section.claims:
            yield {
                "schema": 1,
                "section": section.section,
                "id": shown.claim.id,
                "says": shown.claim.says,
                "in_fact": shown.claim.in_fact,
                "steps": [{"lab": where.lab, "step": where.step} for where in shown.where],
            }


def _table(section: SectionClaims, words: Words, width: int) -> RenderableType:
    """Wrapped here and not by the table: Chinese has rules of its own for where a line may end."""
    right = min(_WHERE, width // 3)
    middle = width - _ID - right - 2 * _GAP
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column(words("claims_says"), no_wrap=True)
    table.add_column(words("claims_where"), no_wrap=True)
    for shown in section.claims:
        says = [shown.claim.says]
        if shown.claim.in_fact:
            says.append(words("claims_not_so", in_fact=shown.claim.in_fact))
        table.add_row(shown.claim.id, _cell(says, middle), _cell(_where(shown, words), right))
    heading = Text(f"{section.section}  {section.title or ''}", style="bold")
    return Group(heading, Text(), table, Text())


def _where(shown: Demonstrated, words: Words) -> list[str]:
    """A paragraph for each lab, with its steps."""
    steps: dict[str, list[str]] = {}
    for where in shown.where:
        steps.setdefault(where.lab, []).append(where.step)
    return [f"{lab} {', '.join(names)}" for lab, names in steps.items()] or [words("claims_nowhere")]


def _cell(paragraphs: Iterable[str], width: int) -> Text:
    return Text("\n").join(line for paragraph in paragraphs for line in wrapped(paragraph, width))
