"""The example in the reference of the format is a lab that loads, and both languages show the same one."""

import re
from pathlib import Path

from tunlab.labfile.lint import lint
from tunlab.labfile.load import load
from tunlab.model.lab import Lab

DOCS = Path(__file__).parents[2] / "docs"


def nowhere(_: str) -> Path | None:
    return None


def example(file: str, kind: str) -> str:
    """The only code block of a kind in a document."""
    text = (DOCS / file).read_text(encoding="utf-8")
    [block] = re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(block)


def test_the_example_loads(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text(example("lab-format.md", "yaml"), encoding="utf-8")
    (tmp_path / "en.md").write_text(example("lab-format.md", "markdown"), encoding="utf-8")
    (tmp_path / "zh.md").write_text(example("lab-format.zh.md", "markdown"), encoding="utf-8")
    assert isinstance(load(tmp_path, "fast", nowhere), Lab)
    assert lint(tmp_path, nowhere) == []


def test_both_languages_show_the_same_lab() -> None:
    assert example("lab-format.md", "yaml") == example("lab-format.zh.md", "yaml")
