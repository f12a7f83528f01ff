"""The JSON Schema for editors says what the parser says: the same keys and words, good and bad shapes."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tunlab import paths
from tunlab.labfile import known
from tunlab.labfile.topology import devices, keys
from tunlab.labfile.topology.load import check_topology
from tunlab.model.topology import KINDS

SAMPLE = (Path(__file__).parent / "golden" / "topology" / "sample.yaml").read_text()
SCHEMA: Mapping[str, Any] = json.loads(paths.TOPOLOGY_SCHEMA.read_text())
PARTS: Mapping[str, Any] = SCHEMA["definitions"]
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)

_CORE = (
    (re.compile("true|True|TRUE"), lambda _: True),
    (re.compile("false|False|FALSE"), lambda _: False),
    (re.compile("null|Null|NULL|~|"), lambda _: None),
    (re.compile("[-+]?[0-9]+"), int),
    (re.compile(r"[-+]?[0-9]*\.[0-9]+"), float),
)


def as_an_editor_reads(text: str) -> object:
    """The file with the types of YAML 1.2's core schema, which editors go by."""
    return _typed(yaml.compose(text, Loader=yaml.BaseLoader))


def _typed(node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return {str(_text(key)): _typed(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_typed(each) for each in node.value]
    if not isinstance(node, yaml.ScalarNode) or node.style is not None:
        return _text(node)
    matching = (make for pattern, make in _CORE if pattern.fullmatch(node.value))
    return next(matching, str)(node.value)


def _text(node: yaml.Node) -> object:
    return node.value


def names(part: Mapping[str, Any]) -> set[str]:
    return set(part["properties"])


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("topology", keys.TOPOLOGY),
        ("node", keys.NODE),
        ("kind", keys.KIND),
        ("link", keys.LINK),
        ("endpoint", keys.ENDPOINT),
        ("netem", keys.NETEM),
        ("program", keys.PROGRAM),
        ("peer", keys.PEER),
    ],
)
def test_keys(part: str, expected: tuple[str, ...]) -> None:
    assert names(PARTS[part]) == set(expected)


def test_keys_of_the_file() -> None:
    assert names(SCHEMA) == set(keys.FILE)


# What the parser knows, and refuses with a sentence of its own.
REFUSED = {
    "tun": {"mac", "master"},
    "bridge": {"master"},
    "macvlan": {"master"},
    "ipvlan": {"mac"},
    "ipip": {"mac", "master"},
    "gre": {"mac", "master"},
    "wireguard": {"mac", "master"},
}


@pytest.mark.parametrize("kind", keys.DEVICES)
def test_keys_of_a_device(kind: str) -> None:
    expected = {"type", *keys.DEVICES[kind], *keys.INTERFACE}
    assert names(PARTS[kind]) == expected - REFUSED.get(kind, set())


def test_every_object_is_closed() -> None:
    def objects(part: object) -> list[Mapping[str, Any]]:
        if isinstance(part, list):
            return [each for item in part for each in objects(item)]
        if not isinstance(part, dict):
            return []
        return [part, *(each for item in part.values() for each in objects(item))]

    for part in objects(SCHEMA):
        if "properties" in part and "if" not in part and "type" in part and part is not PARTS["device"]:
            assert part.get("additionalProperties") is not None, part


def test_words() -> None:
    assert PARTS["node"]["properties"]["kind"]["enum"] == list(KINDS)
    assert names(PARTS["topology"]["properties"]["kinds"]) == set(KINDS)
    assert set(PARTS["module"]["enum"]) == set(known.far_ends("tun"))
    assert set(PARTS["tap_module"]["enum"]) == set(known.far_ends("tap"))
    assert PARTS["device"]["properties"]["type"]["enum"] == list(keys.DEVICES)
    for kind, modes in devices.MODES.items():
        assert PARTS[kind]["properties"]["mode"]["enum"] == list(modes)


GOOD = {
    "sample": SAMPLE,
    "least": "name: x\ntopology: {nodes: {h1: }}\n",
    "numbers": "name: x\ntopology: {nodes: {h1: {env: {A: 1, B: yes, C: 0.5}, sysctl: {net.ipv4.ip_forward: 1}}}}\n",
    "empty-mappings": "name: x\ntopology: {defaults: {}, nodes: {h1: {env: {}, sysctl: , devices: {}}}}\n",
}

SHAPES = {
    "unknown-key": ("name: sample", "name: sample\nauthor: me"),
    "no-name": ("name: sample\n", ""),
    "bad-name": ("name: sample", "name: a/b"),
    "list-for-nodes": ("    s1: {kind: bridge}", "    s1: [kind, bridge]"),
    "unknown-kind": ("kind: bridge}", "kind: switch}"),
    "unknown-type": ("tun0: {type: tun", "tun0: {type: tunnel"),
    "key-of-another-device": ("du0: {type: dummy,", "du0: {type: dummy, id: 7,"),
    "no-id": ("id: 42, ", ""),
    "lo": ("        tun0:", "        lo:"),
    "long-device-name": ("        tun0:", "        a-very-long-name:"),
    "three-endpoints": ('["h1:eth0", "s1:port1"]', '["h1:eth0", "s1:port1", "s1:port2"]'),
    "no-endpoint": ('"s1:port1"', '"s1"'),
    "no-interface": ("node: r1, interface: eth0,", "node: r1,"),
    "tun-as-a-port": ("tun0: {type: tun,", "tun0: {type: tun, master: br0,"),
    "multicast-mac": ("02:00:00:00:00:01", "03:00:00:00:00:01"),
    "no-prefix-length": ("192.0.2.1/24", "192.0.2.1"),
    "ipv6-under-ipv4": ("ipv4: 192.0.2.1/24", 'ipv4: "2001:db8::9/64"'),
    "mtu": ("mtu: 9000", "mtu: 60"),
    "rate-without-unit": ("10mbit", "10"),
    "time-without-unit": ("10ms", "10"),
    "unknown-netem": ("corrupt: 0%", "corruption: 0%"),
    "command-that-is-no-list": ("exec: [ip -6 route]", "exec: ip -6 route"),
    "sysctl-outside-net": ("net.ipv4.ip_forward: 0", "kernel.hostname: x"),
    "two-ways": ("{module: reader,", "{module: reader, words: [x],"),
    "guest-of-a-tun": ("program: echo", "program: guest"),
    "guest-of-a-tun-in-full": ("{module: reader,", "{module: guest,"),
    "unknown-module": ("program: echo", "program: telnet"),
    "containerlab-image": ("      kind: host\n", "      kind: host\n      image: alpine:3\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_good_files(name: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(GOOD[name])
    assert check_topology(tmp_path / "x.yaml")[1] == []
    assert [error.message for error in VALIDATOR.iter_errors(as_an_editor_reads(GOOD[name]))] == []


@pytest.mark.parametrize("name", SHAPES)
def test_bad_shapes(name: str, tmp_path: Path) -> None:
    old, new = SHAPES[name]
    assert old in SAMPLE
    text = SAMPLE.replace(old, new, 1)
    (tmp_path / "x.yaml").write_text(text)
    assert check_topology(tmp_path / "x.yaml")[1]
    assert not VALIDATOR.is_valid(as_an_editor_reads(text))
