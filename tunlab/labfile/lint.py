"""Every problem of a lab folder at once: what stops a load, and what would mislead a reader."""

from collections.abc import Collection, Sequence
from pathlib import Path

from tunlab.errors import LabFileError
from tunlab.labfile.claims import compare_claims, known_claims, read_claim_files, sections_of
from tunlab.labfile.compare import compare_languages, measured_numbers
from tunlab.labfile.cursor import Value
from tunlab.labfile.glossary import read_glossary, wrong_words, wrong_words_in_claims
from tunlab.labfile.lab import is_section, open_lab, read_lab, read_parts
from tunlab.labfile.load import Find, has_prose
from tunlab.labfile.pace import read_paces
from tunlab.labfile.problems import Problems, position
from tunlab.labfile.words import find_problems, read_pages
from tunlab.model.lab import Step

_ANY_PACE = "fast"  # of a lab that has none


def lint(folder: Path, find: Find) -> list[LabFileError]:
    """The problems of a lab, or of a section with all its labs, sorted by file and line."""
    problems = Problems()
    with problems.collect():
        root = open_lab(folder, problems)
        if is_section(root):
            _section(root, folder, find, problems)
        else:
            _lab(root, folder, _claims_of_sections(folder, problems), problems)
    unique = {(position(error), str(error)): error for error in (*problems.errors, *problems.advice)}
    return sorted(unique.values(), key=position)


def _section(root: Value, folder: Path, find: Find, problems: Problems) -> None:
    identifier, parts, beside = read_parts(root)
    if has_prose(folder):
        _prose(folder, (), problems)
    claims = _claims(folder, problems)
    if not any(find(part.text()) for part in parts):
        raise root.entries()["parts"].error("lab_no_parts", id=identifier)
    found = [(part, where) for part in (*parts, *beside) if (where := find(part.text())) is not None]
    for part, where in found:
        with problems.collect():
            part_root = open_lab(where, problems)
            if is_section(part_root):
                raise part.error("lab_nested", name=part.text())
            _lab(part_root, where, claims, problems)


def _claims(folder: Path, problems: Problems) -> Collection[str] | None:
    """Those that a section knows; None where it has none, or they are wrong themselves."""
    before = len(problems.errors)
    files = read_claim_files(folder, problems)
    for language, file in files.items():
        with problems.collect():
            problems.advice += wrong_words_in_claims(file, read_glossary(folder.resolve().parent, language, problems))
    if not files or len(problems.errors) > before:
        return None
    problems.advice += compare_claims(tuple(files.values()))
    return known_claims(files)


def _claims_of_sections(folder: Path, problems: Problems) -> Collection[str] | None:
    """Those that a lab may name, which is linted without its section."""
    known = [_claims(section, problems) for section in sections_of(folder)]
    return {name for each in known for name in each or ()} if known and None not in known else None


def _lab(root: Value, folder: Path, claims: Collection[str] | None, problems: Problems) -> None:
    """The prose is compared with the steps only once these are right, or it would be blamed for them."""
    before = len(problems.errors)
    for pace in read_paces(root.entries().get("pace")) or (_ANY_PACE,):
        lab = read_lab(root, folder, pace, claims)
    _prose(folder, lab.steps if len(problems.errors) == before else None, problems)


def _prose(folder: Path, steps: Sequence[Step] | None, problems: Problems) -> None:
    before = len(problems.errors)
    pages = read_pages(folder, problems)
    if steps is None:
        return
    for language, page in pages.items():
        problems.errors += find_problems(page, steps)
        problems.advice += measured_numbers(page, steps)
        with problems.collect():
            problems.advice += wrong_words(page, read_glossary(folder.resolve().parent, language, problems))
    if len(problems.errors) == before:
        problems.advice += compare_languages(tuple(pages.values()))
