"""Whatever is in a topology's file, it loads or is refused with sentences: never a traceback, never slowly."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunlab.i18n import LANGUAGES, Words
from tunlab.labfile.topology import keys
from tunlab.labfile.topology.load import check_topology

SAMPLE = (Path(__file__).parent / "golden" / "topology" / "sample.yaml").read_text()
WORDS = [Words(language) for language in LANGUAGES]

KEYS = sorted({
    *keys.FILE, *keys.TOPOLOGY, *keys.NODE, *keys.ENDPOINT, *keys.LINK, *keys.NETEM, *keys.PROGRAM, *keys.PEER,
    *keys.DEVICES, *(key for each in keys.DEVICES.values() for key in each),
    "type", "h1", "h2", "eth0", "br0", "lo", "host", "image", "",
})  # fmt: skip
TEXTS = sorted({
    *KEYS, "h1:eth0", "h2:eth0", "true", "false", "0", "1", "-1", "1500", "4095", "10ms", "1%", "10mbit", "echo", "up",
    "10.0.0.1/24", "10.0.0.0/24", "10.0.0.1", "2001:db8::1/64", "fe80::1%eth0/64", "239.1.1.1", "02:00:00:00:00:01",
    "ip route", "'", "router", "bridge", "{pace.x}", "\u2028", "网桥", "~", "x" * 40,
})  # fmt: skip
SCALARS = st.sampled_from(TEXTS) | st.text(max_size=8)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=25,
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "x.yaml"


def loads_or_is_refused(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    topology, errors = check_topology(file)
    assert (topology is None) == bool(errors)
    for error in errors:
        for words in WORDS:
            assert "\n" not in words.error(error)


def flow(tree: object) -> str:
    """YAML's flow style, by hand: what the sample's parser is given need not be what a writer would write."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(flow, tree)) + "]"
    text = str(tree).encode("unicode_escape").decode().replace('"', '\\"')
    return f'"{text}"'


@given(data=st.binary())
def test_any_bytes(file: Path, data: bytes) -> None:
    loads_or_is_refused(file, data)


@given(tree=TREES)
def test_any_topology(file: Path, tree: object) -> None:
    loads_or_is_refused(file, f"name: x\ntopology: {flow(tree)}\n".encode())


@given(key=st.sampled_from(["defaults", "kinds", "links"]), tree=TREES)
def test_any_value_of_a_key(file: Path, key: str, tree: object) -> None:
    loads_or_is_refused(file, f"name: x\ntopology: {{nodes: {{h1: {{}}, h2: {{}}}}, {key}: {flow(tree)}}}\n".encode())


@given(kind=st.sampled_from(sorted(keys.DEVICES)), data=st.data())
@settings(max_examples=300)
def test_any_value_of_a_device(file: Path, kind: str, data: st.DataObject) -> None:
    tree = data.draw(st.dictionaries(st.sampled_from((*keys.DEVICES[kind], *keys.INTERFACE)), TREES, max_size=4))
    device = flow({"type": kind, **tree})
    loads_or_is_refused(
        file, f"name: x\ntopology: {{nodes: {{h1: {{devices: {{d0: {device}, br0: {{type: bridge}}}}}}}}}}\n".encode()
    )


@given(line=st.integers(0, SAMPLE.count("\n") - 1), twice=st.booleans())
def test_a_line_dropped_or_doubled(file: Path, line: int, twice: bool) -> None:
    lines = SAMPLE.splitlines(keepends=True)
    lines[line] *= 2 if twice else 0
    loads_or_is_refused(file, "".join(lines).encode())


@given(at=st.integers(0, len(SAMPLE) - 1), letter=st.characters(exclude_categories=["Cs"]))
def test_a_character_changed(file: Path, at: int, letter: str) -> None:
    loads_or_is_refused(file, (SAMPLE[:at] + letter + SAMPLE[at + 1 :]).encode())


def chain(nodes: int, wrong: str = "") -> str:
    """Nodes in a row, with addresses, in the extended form."""
    lines = ["name: chain", "topology:", "  nodes:", *(f"    n{number}: {{}}" for number in range(nodes)), "  links:"]
    for number in range(nodes - 1):
        net = f"10.{number // 250}.{number % 250}"
        near = f"{{node: {wrong}n{number}, interface: east, ipv4: {net}.1/24}}"
        far = f"{{node: n{number + 1}, interface: west, ipv4: {net}.2/24}}"
        lines.append(f"    - endpoints: [{near}, {far}]")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(("nodes", "wrong"), [(200, ""), (500, ""), (500, "m")])
def test_a_large_topology(file: Path, nodes: int, wrong: str) -> None:
    """Half a second is what 500 nodes take on a slow machine; ten say that something grows faster than they do."""
    file.write_text(chain(nodes, wrong))
    began = time.monotonic()
    topology, errors = check_topology(file)
    assert time.monotonic() - began < 10
    assert len(errors) == (nodes - 1 if wrong else 0)
    assert wrong or (topology and len(topology.nodes) == nodes)


def test_a_long_pile_of_devices(file: Path) -> None:
    pile = "".join(f"        v{number}: {{type: vlan, link: v{number + 1}, id: 1}}\n" for number in range(3000))
    text = f"name: x\ntopology:\n  nodes:\n    h1:\n      devices:\n{pile}        v3000: {{type: dummy}}\n"
    file.write_text(text)
    topology, errors = check_topology(file)
    assert not errors and topology and topology.nodes[0].devices[0].name == "v3000"
