"""Where on the shelf each claim of a section is demonstrated: the steps whose checks test it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunlab import paths
from tunlab.labfile.claims import has_claims, read_claim_files
from tunlab.labfile.cursor import Value
from tunlab.labfile.lab import is_section, open_lab, read_parts
from tunlab.labfile.load import load_part, section_prose
from tunlab.labfile.problems import Problems
from tunlab.model.claim import Claim
from tunlab.model.lab import Lab

_ANY_PACE = "fast"


@dataclass(frozen=True, slots=True)
class Where:
    """A step of a lab, by their ids."""

    lab: str
    step: str


@dataclass(frozen=True, slots=True)
class Demonstrated:
    """A claim, and the steps that test it; there may be none yet."""

    claim: Claim
    where: tuple[Where, ...]


@dataclass(frozen=True, slots=True)
class SectionClaims:
    """The claims of a section by number."""

    section: str
    title: str | None
    claims: tuple[Demonstrated, ...]


def demonstrated(language: str) -> Iterator[SectionClaims]:
    """Of every section on the shelf that has claims. Raises LabFileError for one that is wrong, or a lab of it."""
    for name in paths.lab_ids():
        folder = paths.labs() / name
        if has_claims(folder):
            problems = Problems()
            root = open_lab(folder, problems)
            if is_section(root):
                yield _section(root, folder, language, problems)


def _section(root: Value, folder: Path, language: str, problems: Problems) -> SectionClaims:
    identifier, parts, beside = read_parts(root)
    files = read_claim_files(folder, problems)
    problems.raise_first()
    found = ((part, paths.find_lab(part.text())) for part in (*parts, *beside))
    labs = [load_part(part, where, _ANY_PACE) for part, where in found if where is not None]
    prose = section_prose(folder).get(language)
    claims = sorted(files[language].claims.values(), key=lambda claim: claim.id)
    where = tuple(Demonstrated(claim, _where(claim.id, labs)) for claim in claims)
    return SectionClaims(identifier, prose.title if prose else None, where)


def _where(claim: str, labs: Sequence[Lab]) -> tuple[Where, ...]:
    return tuple(
        Where(lab.id, step.id)
        for lab in labs
        for step in lab.steps
        if any(claim in check.claims for check in step.checks)
    )
