"""The claims of section 1.4: both languages state each one, and a step of a lab demonstrates it."""

import shutil
from pathlib import Path

import pytest
from rich.console import Console

from tunlab import paths
from tunlab.errors import LabFileError
from tunlab.i18n import LANGUAGES, Words
from tunlab.labfile.demonstrated import Demonstrated, SectionClaims, Where, demonstrated
from tunlab.labfile.lint import lint
from tunlab.model.claim import Claim
from tunlab.ui.claims import page

SAMPLE = Path(__file__).parent / "golden/labfile/sample"
ALL = [f"C{number:02}" for number in range(1, 33)]

# What no lab demonstrates yet, by the lab that will. Whoever adds the lab takes its claims out of here.
COMING: dict[str, list[str]] = {}


def shipped(language: str) -> SectionClaims:
    (section,) = [each for each in demonstrated(language) if each.section == "lab-1.4"]
    return section


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_claim_is_stated(language: str) -> None:
    assert [shown.claim.id for shown in shipped(language).claims] == ALL


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_book_has_wrong_is_put_right(language: str) -> None:
    wrong = [shown.claim.id for shown in shipped(language).claims if shown.claim.in_fact]
    assert wrong == ["C11", "C15", "C22", "C26", "C29"]


def test_every_claim_is_demonstrated_but_those_still_to_come() -> None:
    missing = [shown.claim.id for shown in shipped("en").claims if not shown.where]
    assert missing == sorted(claim for claims in COMING.values() for claim in claims)


# A shelf of one section, with the sample as its part.


@pytest.fixture
def labs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(SAMPLE, tmp_path / "lab-sample")
    (tmp_path / "lab-s").mkdir()
    (tmp_path / "lab-s/lab.yaml").write_text("schema: 1\nid: lab-s\nparts: [lab-sample]\n")
    state(tmp_path, "C04", "C01", "C02", "C03", "C09")
    monkeypatch.setattr(paths, "labs", lambda: tmp_path)
    return tmp_path


def state(labs: Path, *claims: str) -> None:
    for language in LANGUAGES:
        text = "".join(f"- id: {claim}\n  says: Claim {claim}.\n" for claim in claims)
        (labs / f"lab-s/claims.{language}.yaml").write_text(text)


def where(language: str = "en") -> dict[str, tuple[Where, ...]]:
    (section,) = demonstrated(language)
    return {shown.claim.id: shown.where for shown in section.claims}


def test_the_steps_whose_checks_test_a_claim_are_found(labs: Path) -> None:
    found = where()
    assert list(found) == ["C01", "C02", "C03", "C04", "C09"]
    assert found["C03"] == (Where("lab-sample", "ping"),)
    assert found["C09"] == ()


def test_a_step_none_of_whose_checks_tests_the_claim_does_not_count(labs: Path) -> None:
    file = labs / "lab-sample/lab.yaml"
    assert where()["C02"] == where()["C01"] == (Where("lab-sample", "prepare"),)
    file.write_text(file.read_text().replace("claims: [C02]", "claims: [C01]"))
    assert (where()["C01"], where()["C02"]) == ((Where("lab-sample", "prepare"),), ())


def test_labs_beside_the_section_are_found_where_they_are_there(labs: Path) -> None:
    section = labs / "lab-s/lab.yaml"
    shutil.copytree(labs / "lab-sample", labs / "lab-other")
    file = labs / "lab-other/lab.yaml"
    file.write_text(file.read_text().replace("id: lab-sample", "id: lab-other"))
    assert {each.lab for each in where()["C03"]} == {"lab-sample"}
    section.write_text(section.read_text() + "beside: [lab-missing, lab-other]\n")
    assert [each.lab for each in where()["C03"]] == ["lab-sample", "lab-other"]


def test_a_mistake_is_told_with_its_line(labs: Path) -> None:
    (labs / "lab-s/claims.zh.yaml").write_text("- id: C01\n  says: 是\n- {id: C2, says: 是}\n")
    with pytest.raises(LabFileError) as refused:
        where()
    assert (refused.value.key, Path(refused.value.file).name, refused.value.line) == (
        "lab_bad_claim",
        "claims.zh.yaml",
        3,
    )
    (labs / "lab-s/claims.zh.yaml").unlink()
    with pytest.raises(LabFileError) as refused:
        where()
    assert (refused.value.key, Path(refused.value.file).name) == ("lab_claims_missing", "claims.zh.yaml")


# Lint of a lab without its section.


def told(labs: Path) -> list[tuple[str, object]]:
    return [(error.key, error.values.get("claim")) for error in lint(labs / "lab-sample", paths.find_lab)]


def test_a_lab_may_name_what_its_section_claims(labs: Path) -> None:
    assert told(labs) == []
    state(labs, "C01", "C02", "C04")
    assert told(labs) == [("lab_claim_unknown", "C03")]


def test_without_claims_or_in_another_section_a_lab_may_name_any(labs: Path) -> None:
    state(labs, "C01")
    (labs / "lab-s/lab.yaml").write_text("schema: 1\nid: lab-s\nparts: [lab-other]\n")
    assert told(labs) == []
    (labs / "lab-s/lab.yaml").write_text("schema: 1\nid: lab-s\nparts: [lab-sample]\n")
    for language in LANGUAGES:
        (labs / f"lab-s/claims.{language}.yaml").unlink()
    assert told(labs) == []


def test_a_word_of_the_glossary_is_found_in_claims(labs: Path) -> None:
    (labs / "glossary.en.yaml").write_text("- {term: statement, means: what is claimed, not: [claim]}\n")
    errors = [error for error in lint(labs / "lab-s", paths.find_lab) if error.key == "lab_prose_term"]
    assert [(Path(error.file).name, error.line) for error in errors] == [
        ("claims.en.yaml", line) for line in (1, 3, 5, 7, 9)
    ]


# The table.

SECTION = SectionClaims(
    "lab-s",
    "A section",
    (
        Demonstrated(
            Claim("C01", "Both ends of a cable are alike, and whoever looks at one has seen them both. 两端一样。"),
            (Where("lab-a", "one"), Where("lab-a", "two"), Where("lab-b-with-a-long-name", "packet")),
        ),
        Demonstrated(Claim("C02", "网线的两端都在同一个网络命名空间里面，也可以不在。", "各在各的命名空间。"), ()),
    ),
)
TABLES = {
    "en": """\
lab-s  A section

     Claim                                           Demonstrated in
C01  Both ends of a cable are alike, and whoever     lab-a one, two
     looks at one has seen them both. 两端一样。     lab-b-with-a-long-name
                                                     packet
C02  网线的两端都在同一个网络命名空间里面，也可以不  no lab yet
     在。
     Not so. 各在各的命名空间。
""",
    "zh": """\
lab-s  A section

     论断                                            在哪里演示
C01  Both ends of a cable are alike, and whoever     lab-a one, two
     looks at one has seen them both. 两端一样。     lab-b-with-a-long-name
                                                     packet
C02  网线的两端都在同一个网络命名空间里面，也可以不  还没有实验演示
     在。
     不对：各在各的命名空间。
""",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table(language: str) -> None:
    console = Console(width=80, highlight=False)
    with console.capture() as captured:
        console.print(page([SECTION], Words(language), 80))
    assert "\n".join(line.rstrip() for line in captured.get().splitlines()).strip() + "\n" == TABLES[language]
