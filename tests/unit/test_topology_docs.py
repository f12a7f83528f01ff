"""The examples in the reference of topologies have no mistake, and both languages show the same ones and every key."""

import re
from pathlib import Path

import pytest

from tunlab.labfile import known
from tunlab.labfile.topology import keys
from tunlab.labfile.topology.load import check_topology
from tunlab.model.topology import KINDS

DOCS = Path(__file__).parents[2] / "docs"
FILES = ("topology.md", "topology.zh.md")


def examples(file: str) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", (DOCS / file).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", examples(FILES[0]), ids=lambda text: text.splitlines()[0].removeprefix("name: "))
def test_examples(example: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(example, encoding="utf-8")
    topology, errors = check_topology(tmp_path / "x.yaml")
    assert topology and errors == []


def test_both_languages_show_the_same() -> None:
    assert examples(FILES[0]) == examples(FILES[1])
    assert len(examples(FILES[0])) == 4


@pytest.mark.parametrize("file", FILES)
def test_every_key_is_told(file: str) -> None:
    text = (DOCS / file).read_text(encoding="utf-8")
    told = {word for quoted in re.findall("`([^`\n]+)`", text) for word in re.findall("[A-Za-z0-9_]+", quoted)}
    wanted = {
        *keys.FILE,
        *keys.TOPOLOGY,
        *keys.NODE,
        *keys.ENDPOINT,
        *keys.LINK,
        *keys.NETEM,
        *keys.PROGRAM,
        *keys.PEER,
    }
    wanted |= {*keys.DEVICES, *KINDS, *known.far_ends("tun"), *known.far_ends("tap")} | {
        key for each in keys.DEVICES.values() for key in each
    }
    assert wanted - told == set()
