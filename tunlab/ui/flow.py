"""Short pieces side by side, as many to a line as fit, behind a label."""

from collections.abc import Iterable, Iterator

from rich.text import Text

from tunlab.ui.cells import cells

GAP = 3  # cells between two pieces


def flow(pieces: Iterable[Text], width: int) -> Iterator[Text]:
    """The pieces on lines of at most `width` cells; one that is longer than a line is cut where the line ends."""
    line = Text()
    for piece in pieces:
        if line and cells(line.plain) + GAP + cells(piece.plain) <= width:
            line = Text.assemble(line, " " * GAP, piece)
            continue
        if line:
            yield line
        *full, line = _cut(piece, width)
        yield from full
    if line:
        yield line


def labelled(label: str, lines: Iterable[Text], indent: int) -> Iterator[Text]:
    """The lines from column `indent` on, with the label before the first one."""
    for number, line in enumerate(lines):
        head = "" if number else label
        yield Text.assemble((head, "bold"), " " * (indent - cells(head)), line)


def _cut(piece: Text, width: int) -> list[Text]:
    parts: list[Text] = []
    start = taken = 0
    for number, character in enumerate(piece.plain):
        size = cells(character)
        if taken and taken + size > width:
            parts.append(piece[start:number])
            start, taken = number, 0
        taken += size
    return [*parts, piece[start:]]
