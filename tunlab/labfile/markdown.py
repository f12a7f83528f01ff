"""Splits a Markdown file at its headings of level 1 to 3; what stands in a code block is never a heading."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tunlab.errors import LabFileError

_HEADING = re.compile(r"(#{1,3})[ \t]+(.*?)[ \t#]*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of text, and the number of the first."""

    line: int
    text: str

    def line_of(self, offset: int) -> int:
        """The number of the line that holds the character at `offset`."""
        return self.line + self.text.count("\n", 0, offset)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A heading of a level, and what stands under it up to the next; level 0 is what precedes them all."""

    level: int
    heading: str
    line: int
    body: Block


def split(text: str, file: str) -> Iterator[Chunk]:
    """The chunks of a file in order."""
    level, heading, start = 0, "", 0
    body: list[str] = []
    fence, opened = "", 0
    lines = text.replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        if mark := _FENCE.fullmatch(line):
            if not fence:
                fence, opened = mark[1], number
            elif mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        if not fence and (found := _HEADING.fullmatch(line)):
            yield Chunk(level, heading, start, Block(start + 1, "\n".join(body)))
            level, heading, start, body = len(found[1]), found[2].strip(), number, []
        else:
            body.append(line)
    if fence:
        raise LabFileError("lab_prose_fence", file, opened)
    yield Chunk(level, heading, start, Block(start + 1, "\n".join(body)))
