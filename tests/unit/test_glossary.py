"""The glossary beside the labs: a word that it replaces is found where it stands; a Latin one only as a whole word."""

import shutil
from pathlib import Path

import pytest

from tunlab import paths
from tunlab.i18n import LANGUAGES
from tunlab.labfile.glossary import read_glossary
from tunlab.labfile.lint import lint
from tunlab.labfile.problems import Problems

SAMPLE = Path(__file__).parent / "golden/labfile/sample"


def nowhere(_: str) -> Path | None:
    return None


def found(folder: Path) -> list[tuple[str, int | None, str]]:
    errors = [error for error in lint(folder, nowhere) if error.key == "lab_prose_term"]
    return [(Path(error.file).name, error.line, str(error.values["word"])) for error in errors]


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "lab-sample"))


def test_a_word_of_the_glossary_is_found_in_its_line(lab: Path) -> None:
    (lab.parent / "glossary.en.yaml").write_text("- {term: program, means: what reads, not: [Reader, ead]}\n")
    line = (lab / "en.md").read_text().splitlines().index("Start the reader.") + 1
    assert found(lab) == [("en.md", line, "reader")]


def test_chinese_words_have_no_blanks_around_them(lab: Path) -> None:
    text = (lab / "zh.md").read_text().splitlines()
    line = next(number for number, each in enumerate(text, 1) if each and ord(each[0]) > 0x2E80)
    word = text[line - 1][1:3]
    (lab.parent / "glossary.zh.yaml").write_text(f"- {{term: 词, means: 一个词, not: [{word}]}}\n")
    assert ("zh.md", line, word) in found(lab)


def test_a_mistake_in_the_glossary_is_told_with_its_line(lab: Path) -> None:
    (lab.parent / "glossary.en.yaml").write_text("- {term: program}\n")
    (error,) = [error for error in lint(lab, nowhere) if error.file.endswith("glossary.en.yaml")]
    assert (error.key, error.line) == ("lab_missing_key", 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shipped_glossaries_explain_every_term_once(language: str) -> None:
    terms = [term.term for term in read_glossary(paths.labs(), language, Problems())]
    assert len(terms) >= 10 and len(set(terms)) == len(terms)
