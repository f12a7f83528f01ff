"""`tunlab graph` as typed: a file as it is written, a session as it runs, and what does not go together."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from other_terminal import STRANGER, running
from strange import Done, shell

FILE = """name: x
topology:
  nodes:
    h1: {devices: {tun0: {type: tun, ipv4: 192.0.2.1/24, program: echo}}}
    h2: {}
  links:
    - {endpoints: ["h1:eth0", "h2:eth0"], ipv4: [10.0.0.1/24, 10.0.0.2/24]}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "x.yaml").write_text(FILE)
    return tmp_path


def graph(place: Path, line: str) -> Done:
    return shell(f'"$TUNLAB" graph {line}', place, XDG_RUNTIME_DIR=place)


def test_a_file_in_every_format(place: Path) -> None:
    done = graph(place, "x.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert "tun0  192.0.2.1/24  <=> echo" in done.stdout and "o-----------o" in done.stdout
    assert graph(place, "x.yaml --format mermaid").stdout.startswith("flowchart LR\n")
    assert graph(place, "x.yaml --format dot").stdout.startswith('graph "x" {\n')
    assert graph(place, "x.yaml --format svg --write x.svg --lang zh").stdout == ""
    assert "主机" in (place / "x.svg").read_text(encoding="utf-8")
    ElementTree.parse(place / "x.svg")


def test_what_is_refused(place: Path) -> None:
    (place / "there").write_text("mine")
    for line, status in (
        ("x.yaml --session lab", 2),
        ("missing.yaml", 2),
        ("x.yaml --write there", 2),
        ("x.yaml -w z.png", 2),
    ):
        done = graph(place, line)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (status, "", 1), line
    assert (place / "there").read_text() == "mine"


@pytest.mark.needs("user")  # root sees what others run
def test_nothing_runs(place: Path) -> None:
    done = graph(place, "")
    assert done.returncode == 3 and done.stderr.count("\n") == 1


@pytest.mark.needs("sandbox")
def test_what_runs(place: Path) -> None:
    with running(place) as lab:
        shell('"$TUNLAB" exec h1 -- ip link add eth0 type veth peer eth0 netns h2', XDG_RUNTIME_DIR=place)
        shell('"$TUNLAB" exec h1 -- ip addr add 10.0.0.1/24 dev eth0', XDG_RUNTIME_DIR=place)
        done = graph(place, f"--session {lab.name}")
        assert done.returncode == 0, done.stderr
        assert "10.0.0.1/24" in done.stdout and done.stdout.count("DOWN") == 2 and "--x--" in done.stdout


@pytest.mark.needs("sandbox", "root")
def test_another_users(place: Path) -> None:
    """Nothing is imported in there: the files may be theirs."""
    with running(place, STRANGER) as lab:
        done = graph(place, f"--session {STRANGER}/{lab.name}")
    assert done.returncode == 0, done.stderr
    assert "h1, host" in done.stdout and "h2, host" in done.stdout


def test_neither_scapy_nor_pyroute2_is_loaded(place: Path) -> None:
    told = shell('PYTHONPROFILEIMPORTTIME=1 "$TUNLAB" graph x.yaml', place).stderr
    assert "tunlab.ui.graph.terminal" in told and "scapy" not in told and "pyroute2" not in told
