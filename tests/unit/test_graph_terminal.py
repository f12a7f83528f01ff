"""Drawings on the terminal: golden pictures, and for any scene no line that is too wide."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import ALL, BIG, LIVE, ROUTED, STAR, scene, scenes, veth

from tunlab.i18n import Words
from tunlab.model.endpoint import Endpoint
from tunlab.model.scene import Scene
from tunlab.ui.cells import cells
from tunlab.ui.graph.terminal import terminal

GOLDEN = Path(__file__).parent / "golden" / "graph"
PICTURES = [
    (name, width, language)
    for name in ("routed", "live", "star", "tunnel", "ring")
    for width, language in ((80, "en"), (80, "zh"), (120, "en"))
]


def drawn(scene: Scene, width: int = 80, language: str = "en", **marks: tuple[str, ...]) -> str:
    at = {Endpoint(*place.split("_")): told for place, told in marks.items()}
    return "".join(f"{line.plain}\n" for line in terminal(scene, at, width, Words(language)))


@pytest.mark.parametrize(("name", "width", "language"), PICTURES)
def test_golden(name: str, width: int, language: str) -> None:
    """After a change that is meant: look at what `drawn` gives, and write that into the file."""
    golden = GOLDEN / f"{name}-{width}-{language}.txt"
    assert drawn(ALL[name], width, language) == golden.read_text(encoding="utf-8")


def test_marks_stand_beside_their_device() -> None:
    assert "eth0 [1 12]" in drawn(ROUTED, h1_eth0=("1", "12")) and "[" not in drawn(ROUTED)
    assert "port2 [3]" in drawn(STAR, s1_port2=("3",))


def test_what_cannot_be_passed_is_marked_and_coloured() -> None:
    lines = terminal(LIVE, {}, 80, Words("en"))
    found = {line.plain[span.start : span.end] for line in lines for span in line.spans if span.style == "fail"}
    assert found == {"DOWN", "NO-CARRIER", "x"}


def test_the_kernels_own_link_local_address_is_left_out() -> None:
    address = "fe80::1/64"
    for state, there in (("UP", False), (None, True)):
        text = drawn(scene("x", {"h1": [veth("eth0", "10.0.0.1/24", address, state=state)]}))
        assert (address in text) is there and "10.0.0.1/24" in text


def test_two_hundred_nodes_name_the_far_ends() -> None:
    lines = drawn(BIG).splitlines()
    assert len(lines) < 850
    assert sum("> s1:p" in line for line in lines) + sum("> h" in line for line in lines) > 300


@settings(max_examples=150)
@given(scenes(), st.integers(1, 130), st.sampled_from(["en", "zh"]))
def test_any_scene_fits_its_width(scene: Scene, width: int, language: str) -> None:
    marks = {Endpoint(node.name, each.name): ("1", "2") for node in scene.nodes[:2] for each in node.devices}
    for line in terminal(scene, marks, width, Words(language)):
        assert cells(line.plain) <= width and "\n" not in line.plain and "\x1b" not in line.plain
