"""The claims of a section, `claims.LANG.yaml` in its folder: each with its number and a sentence in that language."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path

from tunlab.errors import LabFileError
from tunlab.i18n import LANGUAGES
from tunlab.labfile.cursor import if_there
from tunlab.labfile.document import open_document
from tunlab.labfile.lab import is_section, open_lab, read_parts
from tunlab.labfile.problems import Problems
from tunlab.labfile.values import claim
from tunlab.model.claim import Claim


@dataclass(slots=True)
class ClaimFile:
    """The claims of one language by id, and the line of each."""

    file: str
    claims: dict[str, Claim] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def has_claims(folder: Path) -> bool:
    """Whether a section's folder holds claims in any language."""
    return any((folder / _name(language)).exists() for language in LANGUAGES)


def read_claim_files(folder: Path, problems: Problems) -> dict[str, ClaimFile]:
    """The claims by language; a section may do without, but not in one language only."""
    files: dict[str, ClaimFile] = {}
    if has_claims(folder):
        for language in LANGUAGES:
            with problems.collect():
                files[language] = _read(folder, _name(language), problems)
    return files


def known_claims(files: Mapping[str, ClaimFile]) -> frozenset[str]:
    """The numbers that a section's steps may name."""
    return frozenset(name for each in files.values() for name in each.claims)


def compare_claims(files: Sequence[ClaimFile]) -> Iterator[LabFileError]:
    """What one language claims or puts right, and another does not."""
    for here, other in permutations(files, 2):
        for name, there in other.claims.items():
            if name not in here.claims:
                yield LabFileError("lab_claim_missing", here.file, None, claim=name, other=other.file)
            elif there.in_fact and not here.claims[name].in_fact:
                yield LabFileError("lab_claim_differs", here.file, here.lines[name], claim=name, other=other.file)


def sections_of(folder: Path) -> Iterator[Path]:
    """The sections beside a lab's folder that have claims, and list the lab. One that cannot be read is left out."""
    lab = folder.resolve()
    for file in sorted(lab.parent.glob("*/lab.yaml")):
        if has_claims(file.parent):
            with suppress(LabFileError):
                root = open_lab(file.parent, Problems())
                if is_section(root) and lab.name in [part.text() for parts in read_parts(root)[1:] for part in parts]:
                    yield file.parent


def _name(language: str) -> str:
    return f"claims.{language}.yaml"


def _read(folder: Path, name: str, problems: Problems) -> ClaimFile:
    file = str(folder / name)
    if not (folder / name).exists():
        raise LabFileError("lab_claims_missing", file, None)
    found = ClaimFile(file)
    for item in open_document(folder, name, problems).items():
        with problems.collect():
            fields = item.fields(("id", "says"), ("in_fact",))
            number = claim(fields["id"])
            if number in found.claims:
                raise fields["id"].error("lab_id_twice", name=number, first=found.lines[number])
            found.claims[number] = Claim(
                number, fields["says"].text(), if_there(fields.get("in_fact"), lambda there: there.text())
            )
            found.lines[number] = item.line
    return found
