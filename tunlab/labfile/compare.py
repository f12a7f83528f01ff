"""What lint tells of prose that loads: languages that differ, and measured numbers written out."""

import re
from collections.abc import Iterator, Sequence
from itertools import permutations

from tunlab.errors import LabFileError
from tunlab.labfile.markdown import Block
from tunlab.labfile.placeholders import Reference, without
from tunlab.labfile.prose import Page
from tunlab.labfile.words import references
from tunlab.model.checks import AgreeCheck, PacketCheck
from tunlab.model.lab import Step

_TELLING = 10  # smaller numbers are counts of anything

# A number alone: no part of a name, an address, a prefix length or a decimal.
_NUMBER = re.compile(r"(?<![0-9A-Za-z_.:/])[0-9]+(?![0-9A-Za-z_]|\.[0-9])")


def compare_languages(pages: Sequence[Page]) -> Iterator[LabFileError]:
    """Sections and placeholders that one language has and another has not."""
    for page, other in permutations(pages, 2):
        for name, section, block in other.blocks():
            here = page.steps[name]
            if section not in here.sections:
                yield LabFileError(
                    "lab_prose_differs", page.file, here.line, step=name, section=section, other=other.file
                )
                continue
            used = references(here.sections[section], name)
            for placeholder, line in references(block, name).items():
                if placeholder not in used:
                    yield LabFileError(
                        "lab_prose_unused",
                        page.file,
                        here.sections[section].line - 1,
                        name=placeholder,
                        other=f"{other.file}:{line}",
                    )


def measured_numbers(page: Page, steps: Sequence[Step]) -> Iterator[LabFileError]:
    """Lengths that the lab measures, written in prose that may then contradict the kernel."""
    lengths = _lengths(steps)
    titles = [Block(step.line, step.title) for step in page.steps.values()]
    blocks = (block for _, section, block in page.blocks() if section != "predict")  # whose answers are guesses
    for block in (Block(1, page.title), page.intro, *titles, *blocks):
        for found in _NUMBER.finditer(without(block.text)):
            if reference := lengths.get(int(found[0])):
                line = block.line_of(found.start())
                yield LabFileError("lab_prose_number", page.file, line, number=found[0], name=reference)


def _lengths(steps: Sequence[Step]) -> dict[int, Reference]:
    """The lengths that checks expect, each with the placeholder that gives it (the first of several)."""
    lengths: dict[int, Reference] = {}
    for step in steps:
        for check in step.checks:
            if isinstance(check, PacketCheck | AgreeCheck) and (length := check.packets.length or 0) >= _TELLING:
                lengths.setdefault(length, Reference(step.id, check.id, length=True))
    return lengths
