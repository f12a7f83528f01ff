"""Prose: headings, code blocks, placeholders, and the numbers that it must take from the run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunlab.labfile.compare import measured_numbers
from tunlab.labfile.placeholders import Reference, fill, parse
from tunlab.labfile.prose import read_page
from tunlab.model.checks import PacketCheck, PacketFilter
from tunlab.model.lab import Step
from tunlab.model.topology import Endpoint

CHECK = PacketCheck("read", (), PacketFilter(Endpoint("h1", "tun0"), "program", "read", 84), 4)
STEP = Step("ping", (), (), (), None, (CHECK,))


def test_a_heading_in_a_code_block_is_code() -> None:
    page = read_page("# T\n\n## a\n### say\n````md\n```\n## b\n````\n~~~\n# c\n~~~\nend\n", "en.md")
    assert list(page.steps) == ["a"]
    assert page.steps["a"].sections["say"].text.endswith("end\n")


def test_deeper_headings_belong_to_the_text() -> None:
    page = read_page("# T\r\n\r\n## a: A\r\n### say ###\r\n#### More\r\n#hash\r\n", "en.md")
    assert page.steps["a"].sections["say"].text == "#### More\n#hash\n"


def test_an_intro_may_be_empty() -> None:
    page = read_page("# T", "en.md")
    assert (page.title, page.intro.text, page.steps) == ("T", "", {})


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("read", Reference("ping", "read", False)),
        ("read.length", Reference("ping", "read", True)),
        ("up.read", Reference("up", "read", False)),
        ("up.read.length", Reference("up", "read", True)),
        ("up.read.size", None),
        ("up.", None),
        (" read", None),
        ("", None),
    ],
)
def test_what_a_placeholder_names(name: str, reference: Reference | None) -> None:
    assert parse(name, "ping") == reference
    assert reference is None or parse(str(reference), "another") == reference


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{a.b} of {a.c}", "4 of ?"),
        ("{{a.b}}", "{a.b}"),
        ("{{{a.b}}}", "{4}"),
        ("{{ and }}", "{ and }"),
    ],
)
def test_fill(text: str, filled: str) -> None:
    assert fill(text, {"a.b": "4"}) == filled


@given(text=st.text())
def test_braces_written_twice_come_back(text: str) -> None:
    assert fill(text.replace("{", "{{").replace("}", "}}"), {}) == text


@pytest.mark.parametrize("text", ["84 bytes", "It is 84.", "长度为84字节", "(84)", "`Read 84 bytes`", "=84,"])
def test_a_measured_number_is_found(text: str) -> None:
    page = read_page(f"# T\n## ping\n### explain\nfirst\n{text}\n", "en.md")
    [problem] = measured_numbers(page, [STEP])
    assert (problem.line, problem.values) == (5, {"number": "84", "name": Reference("ping", "read", True)})


@pytest.mark.parametrize("text", ["840", "0x84", "tun84", "10.84.0.1", "84.5", "fe80::84", "/84", "{read}", "4"])
def test_another_number_is_not(text: str) -> None:
    page = read_page(f"# T\n## ping\n### explain\n{text}\n", "en.md")
    assert list(measured_numbers(page, [STEP])) == []
