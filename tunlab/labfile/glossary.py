"""The glossary beside a collection of labs: one word for one thing, and the words that must not stand for it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunlab.errors import LabFileError
from tunlab.labfile.claims import ClaimFile
from tunlab.labfile.cursor import texts
from tunlab.labfile.document import open_document
from tunlab.labfile.markdown import Block
from tunlab.labfile.problems import Problems
from tunlab.labfile.prose import Page


@dataclass(frozen=True, slots=True)
class Term:
    """A term with its meaning; `instead` are the words that it replaces."""

    term: str
    means: str
    instead: tuple[str, ...]


def read_glossary(folder: Path, language: str, problems: Problems) -> tuple[Term, ...]:
    """The terms of `glossary.LANG.yaml` in that folder; none where there is no such file."""
    name = f"glossary.{language}.yaml"
    if not (folder / name).is_file():
        return ()
    terms: list[Term] = []
    for item in open_document(folder, name, problems).items():
        with problems.collect():
            fields = item.fields(("term", "means"), ("not",))
            instead = texts(fields["not"]) if "not" in fields else ()
            terms.append(Term(fields["term"].text(), fields["means"].text(), instead))
    return tuple(terms)


def wrong_words(page: Page, terms: tuple[Term, ...]) -> Iterator[LabFileError]:
    """Where a page uses a word that the glossary has another one for."""
    titles = [Block(step.line, step.title) for step in page.steps.values()]
    yield from _wrong(
        page.file, [Block(1, page.title), page.intro, *titles, *(block for _, _, block in page.blocks())], terms
    )


def wrong_words_in_claims(file: ClaimFile, terms: tuple[Term, ...]) -> Iterator[LabFileError]:
    """The same in the claims of a section."""
    blocks = [Block(file.lines[claim.id], f"{claim.says} {claim.in_fact or ''}") for claim in file.claims.values()]
    yield from _wrong(file.file, blocks, terms)


def _wrong(file: str, blocks: Sequence[Block], terms: tuple[Term, ...]) -> Iterator[LabFileError]:
    for term in terms:
        for word in term.instead:
            pattern = re.compile(_pattern(word), re.IGNORECASE)
            for block in blocks:
                for found in pattern.finditer(block.text):
                    line = block.line_of(found.start())
                    yield LabFileError("lab_prose_term", file, line, word=found[0], term=term.term)


def _pattern(word: str) -> str:
    """A Latin word stands alone; Chinese has no blanks to tell."""
    return rf"(?<!\w){re.escape(word)}(?!\w)" if word.isascii() else re.escape(word)
