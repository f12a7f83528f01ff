"""The page of a trace: what became of the packet, then its path, place by place."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from tunlab.i18n import Words
from tunlab.model.trace import Hop, Traced
from tunlab.ui.trace_headline import headline, verdict
from tunlab.ui.trace_path import Path, paths
from tunlab.ui.trace_table import path_table

_MOST = 3  # paths that are shown hop by hop


def trace_page(
    hops: Sequence[Hop], ends: Sequence[Traced], words: Words, width: int, most: int = 1000, advice: bool = True
) -> RenderableType:
    """All of it. Packets that took the same path are one table; a packet without an end is shown as far as it came.

    Of a path of more than `most` hops, 2 or more, those in the middle are left out; where it is 0, all of them. Without
    `advice` a reason does not say what to do about it: in a lab, that may be the learner's to find.
    """
    return Group(*_parts(paths(hops, ends), words, width, most, advice))


def verdicts(hops: Sequence[Hop], ends: Sequence[Traced], words: Words, width: int) -> RenderableType:
    """What became of the packets, once more: for the end of a page whose beginning has scrolled away."""
    found = paths(hops, ends)
    total = sum(len(path.packets) for path in found)
    return Group(Text(), *(line for path in found[:_MOST] for line in verdict(path, words, total, width)))


def _parts(found: Sequence[Path], words: Words, width: int, most: int, advice: bool) -> Iterator[RenderableType]:
    total = sum(len(path.packets) for path in found)
    if len(found) > 1:
        yield Text(words("trace_several", packets=total, paths=len(found)), style="bold")
        yield Text()
    for number, path in enumerate(found):
        yield from headline(path, words, total, width, advice)
        if path.hops and number < _MOST and not most:
            yield Text(words("trace_left_out", count=len(path.hops)))
        elif path.hops and number < _MOST:
            yield Text()
            yield from path_table(path, words, width, most)
        if number + 1 < len(found):
            yield Text()
