"""Loads a lab or a section from its folder; the first error in the files ends it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tunlab.i18n import LANGUAGES
from tunlab.labfile.cursor import Value
from tunlab.labfile.lab import is_section, open_lab, read_lab, read_parts
from tunlab.labfile.problems import Problems
from tunlab.labfile.words import find_problems, prose_of, read_pages
from tunlab.model.lab import Lab, Prose, Section

Find = Callable[[str], Path | None]


def load(folder: Path, pace: str, find: Find) -> Lab | Section:
    """The lab in `folder` at a pace, or a section; `find` knows the folder of a part, or None."""
    problems = Problems()
    root = open_lab(folder, problems)
    if not is_section(root):
        return _lab(root, folder, pace, problems)
    identifier, parts, _ = read_parts(root)
    labs = tuple(load_part(part, where, pace) for part in parts if (where := find(part.text())) is not None)
    if not labs:
        raise root.entries()["parts"].error("lab_no_parts", id=identifier)
    return Section(identifier, labs, section_prose(folder))


def section_prose(folder: Path) -> dict[str, Prose]:
    """The title and intro of a section by language; it may do without both files, but not without one."""
    problems = Problems()
    if not has_prose(folder):
        return {}
    pages = read_pages(folder, problems)
    for page in pages.values():
        problems.errors += find_problems(page, steps=())
    problems.raise_first()
    return {language: prose_of(page) for language, page in pages.items()}


def has_prose(folder: Path) -> bool:
    """Whether a folder holds words in any language."""
    return any((folder / f"{language}.md").exists() for language in LANGUAGES)


def load_part(part: Value, folder: Path, pace: str) -> Lab:
    """A lab that a section lists; a section among them is refused."""
    problems = Problems()
    root = open_lab(folder, problems)
    if is_section(root):
        raise part.error("lab_nested", name=part.text())
    return _lab(root, folder, pace, problems)


def _lab(root: Value, folder: Path, pace: str, problems: Problems) -> Lab:
    with problems.collect():
        lab = read_lab(root, folder, pace)
    problems.raise_first()
    pages = read_pages(folder, problems)
    for page in pages.values():
        problems.errors += find_problems(page, lab.steps)
    problems.raise_first()
    return replace(lab, prose={language: prose_of(page) for language, page in pages.items()})
