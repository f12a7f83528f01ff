"""Whatever is in the files of a lab, it loads or is refused with a sentence: never a traceback."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunlab.errors import LabFileError
from tunlab.labfile.lint import lint
from tunlab.labfile.load import load
from tunlab.messages import en, zh
from tunlab.model.lab import Lab, Section

SAMPLE = Path(__file__).parent / "golden" / "labfile" / "sample"
YAML = (SAMPLE / "lab.yaml").read_text()
PROSE = (SAMPLE / "en.md").read_text()

# Texts of the format and of YAML, put together at random.
PIECES = st.sampled_from(("schema: 1\n", "id: x\n", "parts:", "{pace.x}", "!!map ", "%YAML 1.3\n", "---\n", "...\n"))
SIGNS = st.sampled_from("-{}[]&*?|<'\"\t\n\x85\u2028# :a,")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("fuzz") / "lab"
    shutil.copytree(SAMPLE, folder)
    yield folder


def nowhere(_: str) -> Path | None:
    return None


def loads_or_is_refused(lab: Path, file: str, data: bytes) -> None:
    """With `data` as that file; lint agrees with load, and every error can be told in both languages."""
    (lab / file).write_bytes(data)
    try:
        refused = None
        assert isinstance(load(lab, "fast", nowhere), Lab | Section)
    except LabFileError as error:
        refused = error
    problems = lint(lab, nowhere)
    (lab / file).write_bytes((SAMPLE / file).read_bytes())
    assert refused is None or problems or refused.key.startswith("lab_unknown_pace")
    for error in (*problems, *([refused] if refused else [])):
        for sentences in (en.SENTENCES, zh.SENTENCES):
            assert "\n" not in sentences[error.key].format(**error.values)


@given(data=st.binary())
def test_any_bytes(lab: Path, data: bytes) -> None:
    loads_or_is_refused(lab, "lab.yaml", data)
    loads_or_is_refused(lab, "en.md", data)


@given(pieces=st.lists(PIECES | SIGNS, max_size=40))
def test_any_yaml(lab: Path, pieces: list[str]) -> None:
    loads_or_is_refused(lab, "lab.yaml", "".join(pieces).encode())


@given(line=st.integers(0, YAML.count("\n") - 1), twice=st.booleans())
def test_a_line_dropped_or_doubled(lab: Path, line: int, twice: bool) -> None:
    lines = YAML.splitlines(keepends=True)
    lines[line] *= 2 if twice else 0
    loads_or_is_refused(lab, "lab.yaml", "".join(lines).encode())


@given(at=st.integers(0, len(YAML) - 1), letter=st.characters(exclude_categories=["Cs"]))
def test_a_character_changed(lab: Path, at: int, letter: str) -> None:
    loads_or_is_refused(lab, "lab.yaml", (YAML[:at] + letter + YAML[at + 1 :]).encode())


@given(
    at=st.integers(0, len(PROSE) - 1),
    text=st.text(max_size=3) | st.sampled_from(["{", "}", "# ", "```", "\n"]),
)
def test_prose_changed(lab: Path, at: int, text: str) -> None:
    loads_or_is_refused(lab, "en.md", (PROSE[:at] + text + PROSE[at + 1 :]).encode())


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "[{", "a:\n- "])
def test_many_openings(lab: Path, opening: str) -> None:
    data = (opening * 200_000)[:200_000].encode()
    loads_or_is_refused(lab, "lab.yaml", data)


@pytest.mark.parametrize("data", ["a" * 1_000_000, "a: b\n" * 20_000, "{" * 1_000_000, "### say\n" * 20_000])
def test_a_large_file(lab: Path, data: str) -> None:
    for file in ("lab.yaml", "en.md"):
        loads_or_is_refused(lab, file, data.encode())
