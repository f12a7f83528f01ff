"""The page that teaches to write a lab: what a reader has typed is well written after each chapter, and proved at last.

Each code block goes to the file named in the line above it, behind what is there already.
"""

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tunlab.i18n import Words
from tunlab.labfile.lint import lint
from tunlab.model.events import Entry, LabProved, StepProved
from tunlab.ui.proof import told

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"en": "write-a-lab.md", "zh": "write-a-lab.zh.md"}
FILES = ("lab.yaml", "en.md", "zh.md")
BLOCK = re.compile(
    r"`(lab\.yaml|en\.md|zh\.md)`[^\n`]*[:：]\n\n```(?:yaml|markdown)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)


def chapters(language: str) -> list[str]:
    return re.split(r"^## (?=\d\.)", (DOCS / PAGES[language]).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]


def type_in(folder: Path, chapter: str) -> None:
    for name, text in BLOCK.findall(chapter):
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(text)


def written(language: str, folder: Path) -> dict[str, str]:
    folder.mkdir()
    for chapter in chapters(language):
        type_in(folder, chapter)
    return {name: (folder / name).read_text(encoding="utf-8") for name in FILES}


def nowhere(_: str) -> Path | None:
    return None


@pytest.mark.parametrize("language", PAGES)
def test_each_block_is_used(language: str) -> None:
    text = (DOCS / PAGES[language]).read_text(encoding="utf-8")
    assert len(BLOCK.findall(text)) == len(re.findall(r"^```(?:yaml|markdown)$", text, re.MULTILINE)) > len(FILES)


@pytest.mark.parametrize("language", PAGES)
def test_it_is_well_written_after_each_chapter(language: str, tmp_path: Path) -> None:
    begun, *rest = chapters(language)
    type_in(tmp_path, begun)
    for chapter in rest:
        type_in(tmp_path, chapter)
        assert lint(tmp_path, nowhere) == [], chapter.partition("\n")[0]


def test_both_pages_write_the_same_lab(tmp_path: Path) -> None:
    assert written("en", tmp_path / "en") == written("zh", tmp_path / "zh")


@pytest.mark.parametrize("language", PAGES)
def test_a_slip_is_told_as_the_page_says(language: str, tmp_path: Path) -> None:
    text = written(language, tmp_path / "lab-cable")["lab.yaml"]
    (tmp_path / "lab-cable/lab.yaml").write_text(text.replace("- address: {at: h1", "- adress: {at: h1"))
    [error] = lint(tmp_path / "lab-cable", nowhere)
    error.file = str(Path(error.file).relative_to(tmp_path))
    assert f"    {Words(language).error(error)}\n" in chapters(language)[1]


@pytest.mark.needs("sandbox", "tun")
def test_the_lab_is_proved_as_the_pages_say(tmp_path: Path) -> None:
    folder = tmp_path / "lab-cable"
    written("en", folder)
    words = [Path(sys.prefix) / "bin/tunlab", "lab", "prove", folder, "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    for language in PAGES:
        page = "".join(chapters(language))
        for event in events:
            assert all(f"    {line}\n" in page for line in told(as_entry(event), Words(language)))


def as_entry(event: dict[str, Any]) -> Entry:
    """What `lab prove` tells without --json, as the record that it is told of."""
    kinds = {kind.event: kind for kind in (StepProved, LabProved)}
    kind = kinds.get(event["event"])
    known = {field.name for field in fields(kind)} if kind else set()
    return Entry(0, event["lab"], kind(**{name: event[name] for name in known}) if kind else None)  # type: ignore[arg-type]
