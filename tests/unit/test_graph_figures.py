"""Mermaid, DOT and SVG: well-formed whatever a scene says, alike each time, and without overlaps."""

import re
import shutil
import subprocess
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from scenes import ALL, LIVE, ROUTED, TUNNEL, scenes

from tunlab.i18n import Words
from tunlab.model.endpoint import Endpoint
from tunlab.model.scene import Scene
from tunlab.ui.graph.dot import dot
from tunlab.ui.graph.figure import box_of, placed
from tunlab.ui.graph.mermaid import mermaid
from tunlab.ui.graph.svg import svg

WORDS = Words("en")
TEXT = r'"[^"\n]*"'
MERMAID = re.compile(
    rf"  subgraph n\d+\[{TEXT}\]|    n\d+(d\d+|_none)\[{TEXT}\]|  end|  classDef down [\w#:, -]+|  class [\w,]+ down"
    rf"|  n\d+d\d+ (---|-\.-)(\|{TEXT}\|)? n\d+d\d+|  n\d+d\d+ <--> n\d+d\d+_program\(\[{TEXT}\]\)"
)
STRING = r'"(?:[^"\\\n]|\\.)*"'
DOT = re.compile(
    rf"  (graph|node|edge) \[.*\];|  subgraph cluster_n\d+ {{|  }}|    label={STRING};|    style=rounded;"
    rf"|    n\d+(d\d+|_none|d\d+_program) \[label={STRING}(, \w+=({STRING}|\w+))*\];"
    rf"| +n\d+d\d+ -- n\d+d\d+(_program)?( \[\w+=({STRING}|\w+)(, \w+=({STRING}|\w+))*\])?;"
)


def test_mermaid_names_what_there_is() -> None:
    text = mermaid(LIVE)
    assert 'subgraph n0["h1<br/>host"]' in text and 'n0d1 <--> n0d1_program(["echo pid 12"])' in text
    assert "class n0d0,n1d0 down" in text
    assert 'n2d1 ---|"10mbit<br/>delay 20ms"| n1d0' in mermaid(ROUTED)
    assert 'n0d1 -.-|"vxlan 7"| n2d1' in mermaid(TUNNEL)


@pytest.mark.skipif(not shutil.which("dot"), reason="no graphviz")
@pytest.mark.parametrize("name", ALL)
def test_graphviz_takes_it(name: str) -> None:
    done = subprocess.run(["dot", "-Tcanon"], input=dot(ALL[name]), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@settings(max_examples=150)
@given(scenes())
def test_any_scene_is_well_formed(scene: Scene) -> None:
    first, *lines = mermaid(scene).removesuffix("\n").split("\n")
    assert first == "flowchart LR" and [line for line in lines if not MERMAID.fullmatch(line)] == []
    first, *lines, last = dot(scene).removesuffix("\n").split("\n")
    assert re.fullmatch(rf"graph {STRING} {{", first) and last == "}"
    assert [line for line in lines if not DOT.fullmatch(line)] == []
    marks = {Endpoint(node.name, each.name): ("1", "<") for node in scene.nodes for each in node.devices}
    assert ElementTree.fromstring(svg(scene, marks, WORDS)).tag == "{http://www.w3.org/2000/svg}svg"
    assert_apart(scene)


@pytest.mark.parametrize("name", ALL)
def test_boxes_stand_apart(name: str) -> None:
    assert_apart(ALL[name])


def assert_apart(scene: Scene) -> None:
    boxes = {node.name: box_of(node, {}, WORDS) for node in scene.nodes}
    width, height = placed(scene, boxes)
    for box in boxes.values():
        assert box.x >= 0 and box.y >= -0.1 and box.x + box.width <= width + 0.1 and box.y + box.height <= height + 0.1
    for one, other in combinations(boxes.values(), 2):
        beside = one.x + one.width < other.x or other.x + other.width < one.x
        assert beside or one.y + one.height < other.y or other.y + other.height < one.y


def test_svg_can_be_read_and_is_the_same_each_time() -> None:
    text = svg(ROUTED, {Endpoint("h1", "eth0"): ("1", "12")}, Words("zh"))
    assert text == svg(ROUTED, {Endpoint("h1", "eth0"): ("1", "12")}, Words("zh"))
    told = [each.text for each in ElementTree.fromstring(text).iter() if each.text]
    assert "routed：文件里写的拓扑" in told and "路由器" in told and "h1:eth0 - r1:eth1" in told
    assert told.count("12") == 1 and 'viewBox="0 0 ' in text and "Noto Sans Mono CJK SC" in text


def test_svg_shows_state_and_program() -> None:
    text = svg(LIVE, {}, WORDS)
    assert "NO-CARRIER" in text and "echo pid 12" in text and 'class="wire broken"' in text
