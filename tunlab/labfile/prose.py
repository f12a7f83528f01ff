"""en.md or zh.md becomes a page: a title, an intro, and for each step its sections."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tunlab.errors import LabFileError
from tunlab.labfile.markdown import Block, Chunk, split
from tunlab.labfile.problems import shown, unknown
from tunlab.model.lab import SECTIONS

# A heading in Chinese is likely to have a full-width colon.
_STEP = re.compile(r"([a-z0-9-]+)(?:\s*[:：]\s*(.+))?")


@dataclass(slots=True)
class PageStep:
    """What a file says of a step; `line` is its heading's."""

    title: str
    line: int
    sections: dict[str, Block] = field(default_factory=dict)


@dataclass(slots=True)
class Page:
    """A file of prose, not yet compared with the lab."""

    file: str
    title: str
    intro: Block
    steps: dict[str, PageStep] = field(default_factory=dict)

    def blocks(self) -> Iterator[tuple[str, str, Block]]:
        """Every section with its step's id and its own name."""
        for identifier, step in self.steps.items():
            for section, block in step.sections.items():
                yield identifier, section, block


def read_page(text: str, file: str) -> Page:
    """The page that a file's text holds."""
    chunks = list(split(text, file))
    preface = chunks[0].body.text
    if preface.strip() or len(chunks) == 1 or chunks[1].level != 1 or not chunks[1].heading:
        raise LabFileError("lab_prose_title", file, 1)
    page = Page(file, chunks[1].heading, chunks[1].body)
    for chunk in chunks[2:]:
        if chunk.level == 1:
            raise LabFileError("lab_prose_title_twice", file, chunk.line, title=shown(chunk.heading))
        if chunk.level == 2:
            _add_step(page, chunk)
        else:
            _add_section(page, chunk)
    return page


def _add_step(page: Page, chunk: Chunk) -> None:
    found = _STEP.fullmatch(chunk.heading)
    if not found:
        raise LabFileError("lab_prose_heading", page.file, chunk.line, heading=shown(chunk.heading))
    name = found[1]
    if name in page.steps:
        line = page.steps[name].line
        raise LabFileError("lab_id_twice", page.file, chunk.line, name=shown(name), first=line)
    if chunk.body.text.strip():
        raise LabFileError("lab_prose_loose", page.file, chunk.line, step=shown(name), names=", ".join(SECTIONS))
    page.steps[name] = PageStep(found[2] or name, chunk.line)


def _add_section(page: Page, chunk: Chunk) -> None:
    name = chunk.heading
    if not page.steps:
        raise LabFileError("lab_prose_no_step", page.file, chunk.line, section=shown(name))
    if name not in SECTIONS:
        key, gaps = unknown("lab_unknown_section", name, SECTIONS)
        raise LabFileError(key, page.file, chunk.line, **gaps)
    sections = list(page.steps.values())[-1].sections
    if name in sections:
        raise LabFileError("lab_id_twice", page.file, chunk.line, name=name, first=sections[name].line - 1)
    if not chunk.body.text.strip():
        raise LabFileError("lab_prose_empty", page.file, chunk.line, section=name)
    sections[name] = chunk.body
