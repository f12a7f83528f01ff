"""A lab's prose on the terminal: paragraphs, lists, `code` and **bold**, wrapped as its language wants it.

Chinese has no spaces to break at: a line may end after any character, but none begins with a closing
mark or ends with an opening one (W3C, Requirements for Chinese Text Layout, 3.1).
"""

import re
from collections.abc import Iterator

from rich.text import Text

from tunlab.ui.cells import cells

_INLINE = re.compile(r"`([^`]+)`|\*\*(.+?)\*\*")
_PIECES = re.compile(r"[ \n]+|[^\s\u2e80-\uffef]+|[\u2e80-\uffef]")
_CLOSING = "，。、；：？！）》」』】”’…"
_OPENING = "（《「『【“‘"
_ITEM = "- "
_SHORT = 24  # characters: `kill -9` is read as one word; a longer command may go on in the next line


def wrapped(markdown: str, width: int) -> Iterator[Text]:
    """The lines of a piece of prose, at most `width` cells each; an empty one between two paragraphs."""
    for number, block in enumerate(re.split(r"\n\s*\n", markdown.strip())):
        if number:
            yield Text()
        for item in _items(block):
            if item.startswith(_ITEM):
                yield from _hanging(item.removeprefix(_ITEM), width)
            else:
                yield from _lines(_styled(item), width)


def plain(text: str, width: int) -> Iterator[str]:
    """The same of a text without Markdown; a line that fits stays as it is."""
    for line in text.split("\n"):
        if cells(line) <= width:
            yield line
        else:
            yield from (each.plain for each in _lines(Text(line), width))


def _items(block: str) -> list[str]:
    """A block's list items, or the block itself."""
    return re.split(r"\n(?=- )", block)


def _hanging(item: str, width: int) -> Iterator[Text]:
    for number, line in enumerate(_lines(_styled(item), width - len(_ITEM))):
        yield Text("  " if number else _ITEM).append_text(line)


def _styled(text: str) -> Text:
    """The text with `code` and **bold** turned into styles."""
    styled = Text()
    end = 0
    for found in _INLINE.finditer(text):
        styled.append(text[end : found.start()])
        styled.append(found[1] or found[2], "code" if found[1] else "term")
        end = found.end()
    return styled.append(text[end:])


def _lines(text: Text, width: int) -> Iterator[Text]:
    line = Text()
    for piece in _pieces(text):
        if line.plain and cells(line.plain + piece.plain.rstrip()) > width:
            yield _without_space(line)
            line = Text()
        if line.plain or piece.plain.strip():
            line.append_text(piece)
    yield _without_space(line)


def _pieces(text: Text) -> Iterator[Text]:
    """The text in pieces between which a line may end: a word with its space, a character with its marks."""
    whole = [span for span in text.spans if span.style == "code" and span.end - span.start <= _SHORT]
    start = 0
    for found in _PIECES.finditer(text.plain):
        if any(span.start < found.end() < span.end for span in whole):
            continue
        following = text.plain[found.end() : found.end() + 1]
        if following and (following in _CLOSING or following.isspace() or found[0][-1] in _OPENING):
            continue
        yield _one_line(text[start : found.end()])
        start = found.end()


def _one_line(piece: Text) -> Text:
    piece.plain = re.sub(r"\s+", " ", piece.plain)
    return piece


def _without_space(text: Text) -> Text:
    shorter = text.copy()
    shorter.rstrip()
    return shorter
