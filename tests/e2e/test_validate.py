"""`tunlab validate` as typed: every mistake of a topology's file with its place, in both languages and as JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from terminal import Terminal

from tunlab import paths

TUNLAB = Path(sys.prefix) / "bin/tunlab"
GOOD = "name: x\ntopology:\n  nodes:\n    h1: {}\n    h2: {}\n  links:\n    - endpoints: [h1:eth0, h2:eth0]\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "x.yaml"


def validate(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TUNLAB, "validate", *words], env=os.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def test_a_file_without_mistakes(file: Path) -> None:
    file.write_text(GOOD)
    done = validate("x.yaml")
    assert (done.returncode, done.stdout, done.stderr) == (0, "x.yaml: no mistakes found: 2 nodes, 1 link\n", "")
    assert validate("x.yaml", "--lang", "zh").stdout == "x.yaml：没有发现错误：2 个节点，1 条链路\n"
    assert validate("x.yaml", "--json").stdout == ""


@pytest.mark.parametrize(("language", "columns"), [("en", 40), ("zh", 41)])
def test_on_a_terminal_it_is_wrapped_at_words(file: Path, language: str, columns: int) -> None:
    file.write_text(GOOD.replace("h1: {}", "h1: {image: alpine}"))
    whole = validate("x.yaml", "--lang", language).stdout
    with Terminal([TUNLAB, "validate", "x.yaml", "--lang", language], os.environ, columns=columns) as terminal:
        assert terminal.end() == 2
        lines = [line for line in terminal.text().splitlines() if line]
    assert len(lines) > 2 and not any(line[0] in "，。；：" for line in lines)
    assert set(" ".join(lines).split()) >= {word for word in whole.split() if word.isascii()}


def test_up_says_how_many_more_there_are(file: Path) -> None:
    file.write_text(GOOD.replace("h1: {}", "h1: {kindd: host}"))
    up = [TUNLAB, "up", "x.yaml"]
    one = subprocess.run(up, env=os.environ, capture_output=True, text=True)
    assert (one.returncode, one.stderr.count("\n")) == (2, 1)
    file.write_text(GOOD.replace("h1: {}", "h1: {kindd: host}").replace("h2:eth0", "h2:lo"))
    several = subprocess.run(up, env=os.environ, capture_output=True, text=True)
    assert several.returncode == 2
    assert several.stderr.startswith(one.stderr) and "1 more mistake" in several.stderr
    assert several.stderr.endswith("tunlab validate x.yaml\n")


def test_every_mistake_with_its_place(file: Path) -> None:
    file.write_text(GOOD.replace("h1: {}", "h1: {kindd: host}").replace("h2:eth0", "h2:lo"))
    done = validate("x.yaml")
    assert done.returncode == 2
    assert done.stdout.splitlines() == [
        "x.yaml:4: the key 'kindd' is unknown here; did you mean 'kind'?",
        "x.yaml:7: every node has its 'lo' already; choose another name",
    ]
    assert [
        (each["file"], each["line"]) for each in map(json.loads, validate("x.yaml", "--json").stdout.splitlines())
    ] == [
        ("x.yaml", 4),
        ("x.yaml", 7),
    ]
    assert "x.yaml:7: 每个节点本来就有“lo”" in validate("x.yaml", "--lang", "zh").stdout


@pytest.mark.parametrize("name", ["none.yaml", ".", "/dev/null", "\x1b[31mred"])
def test_what_is_no_topology(file: Path, name: str) -> None:
    done = validate(name)
    assert done.returncode == 2
    assert done.stdout.count("\n") == 1 and "\x1b" not in done.stdout and not done.stderr


def test_the_schema_is_printed(file: Path) -> None:
    done = validate("--schema")
    assert done.returncode == 0
    assert done.stdout == paths.TOPOLOGY_SCHEMA.read_text()
