"""The lists in prose whose items are told apart: answers and feedback by id, hints by rank."""

import re
from collections.abc import Iterator

from tunlab.labfile.markdown import Block

_ITEM = re.compile(r"^- ", re.MULTILINE)
_NAMED = re.compile(r"([a-z0-9-]+)\s*[:：]\s*(.*)", re.DOTALL)


def before_items(text: str) -> str:
    """What stands in front of the list."""
    return _ITEM.split(text, maxsplit=1)[0].strip()


def items(text: str) -> tuple[str, ...]:
    """The items of the list, each without its dash."""
    return tuple(part.strip() for part in _ITEM.split(text)[1:])


def named(text: str) -> dict[str, str]:
    """The items that are written `- id: text`, by id; others are left out."""
    return {found[1]: found[2].strip() for item in items(text) if (found := _NAMED.fullmatch(item))}


def named_lines(block: Block) -> Iterator[tuple[int, str | None]]:
    """Each item's line, and its id, or None where it has none or an empty text."""
    for start in _ITEM.finditer(block.text):
        item = _ITEM.split(block.text[start.start() :])[1].strip()
        found = _NAMED.fullmatch(item)
        yield block.line_of(start.start()), found[1] if found and found[2].strip() else None
