"""Bad topologies, each one change away from the good sample, and the exact words in which they are refused.

`UPDATE_GOLDEN=1 pytest tests/unit/test_topology_errors.py` rewrites the golden files.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tunlab.errors import LabFileError
from tunlab.i18n import LANGUAGES, Words
from tunlab.labfile.topology.load import check_topology
from tunlab.messages import topology_en

GOLDEN = Path(__file__).parent / "golden" / "topology"
SAMPLE = (GOLDEN / "sample.yaml").read_text()

Change = Callable[[str], str | bytes]


def swap(old: str, new: str) -> Change:
    def change(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, 1)

    return change


def device(text: str) -> Change:
    """One more device of h1."""
    return swap("        tun0:", f"        new0: {text}\n        tun0:")


def put(text: str | bytes) -> Change:
    return lambda _: text


TUN2 = "{module: reader, arguments: [--packet-info], ready: Open tun}"

CHANGES: dict[str, Change] = {
    # The file.
    "empty": put(""),
    "only-blanks": put("\n  \n"),
    "binary": put(b"\xff\xfe"),
    "large": put("#" * 1_000_001),
    "syntax": swap("name: sample", "name: sample: 2"),
    "tab": swap("  nodes:", "\tnodes:"),
    "anchor": swap("kind: host\n", "kind: &kind host\n"),
    "a-lab": put("schema: 1\nid: lab-x\nsteps: []\n"),
    "no-name": swap("name: sample\n", ""),
    "no-topology": put("name: x\n"),
    "no-nodes": put("name: x\ntopology:\n  links:\n    - endpoints: [a:b, c:d]\n"),
    "bad-name": swap("name: sample", "name: ../sample"),
    "many-mistakes": lambda text: text.replace("eth0", "lo").replace("10ms", "10").replace("kind: bridge", "kind: sw"),
    # Keys.
    "unknown-key": swap("name: sample", "name: sample\nauthor: me"),
    "misspelt-key": swap("  links:", "  link:"),
    "misspelt-key-of-a-device": swap("vlan_filtering:", "vlan_filter:"),
    "key-of-another-device": device("{type: dummy, id: 7}"),
    "containerlab-management": swap("name: sample", "name: sample\nmgmt: {network: custom}"),
    "containerlab-groups": swap("  nodes:", "  groups: {}\n  nodes:"),
    "containerlab-image": swap("      kind: host\n", "      kind: host\n      image: alpine:3\n"),
    "containerlab-binds": swap("    kind: host\n", "    kind: host\n    binds: [/tmp:/tmp]\n"),
    "containerlab-sysctls": swap("      sysctl: {net.ipv4.ip_forward", "      sysctls: {net.ipv4.ip_forward"),
    "containerlab-kind": swap("      kind: host\n", "      kind: linux\n"),
    "containerlab-kinds": swap("    router:", "    nokia_srlinux:"),
    "containerlab-labels": swap("      type: veth\n", "      labels: {a: b}\n"),
    "containerlab-vars": swap("state: up}", "vars: {a: b}}"),
    "containerlab-host": swap('"s1:port1"', '"host:port1"'),
    "containerlab-macvlan": swap("      type: veth\n", "      type: macvlan\n"),
    "unknown-type-of-link": swap("      type: veth\n", "      type: vet\n"),
    # Names.
    "bad-node-name": swap("    h2:\n", "    h2.x:\n"),
    "long-node-name": swap("    h2:\n", f"    {'h' * 33}:\n"),
    "long-device-name": swap("h1:eth0", "h1:a-very-long-name"),
    "dot": swap("h1:eth0", "h1:."),
    "two-dots": swap("        tun0:", "        ..:"),
    "slash": swap("        tun0:", "        tun/0:"),
    "empty-device-name": swap("        tun0:", '        "":'),
    "control-character-in-a-name": swap("        tun0:", '        "tun\\e":'),
    "lo-as-a-device": swap("        tun0:", "        lo:"),
    "lo-as-an-end": swap("h1:eth0", "h1:lo"),
    "lo-as-an-interface": swap("interface: eth1", "interface: lo"),
    "bad-variable": swap("ROLE: edge", "RO-LE: edge"),
    "bad-command": swap('"ip rule add from', "\"echo 'ip rule add from"),
    "sysctl-outside-net": swap("net.ipv4.ip_forward: 0", "kernel.hostname: x"),
    "bad-owner": swap("owner: 1000", "owner: -1"),
    # Nodes and devices that are not there.
    "unknown-node": swap('"s1:port1"', '"gateway:port1"'),
    "misspelt-node": swap('"s1:port1"', '"s11:port1"'),
    "escape-sequences-stay-inside": lambda text: text.replace("    h2:\n", '    "h\\e[31m\\n":\n').replace(
        "h1:eth0", "gate:x"
    ),
    "no-endpoint": swap('"s1:port1"', '"s1"'),
    "one-endpoint": swap('["h1:eth0", "s1:port1"]', '["h1:eth0"]'),
    "endpoint-twice": swap('"h1:eth0"', '"h2:eth0"'),
    "endpoint-is-a-device": swap('"h1:eth0"', '"h1:br0"'),
    "endpoint-is-the-bridge": swap('"s1:port1"', '"s1:sw0"'),
    "unknown-master": swap("master: br0", "master: switch"),
    "misspelt-master": swap("master: br0", "master: br1"),
    "unknown-link": swap("mv0: {type: macvlan, link: eth0", "mv0: {type: macvlan, link: nic"),
    "unknown-dev": swap("group: 239.1.1.1, dev: eth0", "group: 239.1.1.1, dev: nic"),
    "circle": device("{type: vlan, link: new1, id: 1}\n        new1: {type: macvlan, link: new0}"),
    "circle-of-one": device("{type: vlan, link: new0, id: 1}"),
    "faulty-device-is-not-missed": swap("br0: {type: bridge,", "br0: {type: brigde,"),
    "faulty-end-is-not-missed": swap('"02:00:00:00:00:01"', '"02:00"'),
    # Devices.
    "no-type": device("{mtu: 1500}"),
    "unknown-type": device("{type: macvtap, link: eth0}"),
    "misspelt-type": device("{type: tunn}"),
    "tun-as-a-port": device("{type: tun, master: br0}"),
    "bridge-as-a-port": device("{type: bridge, master: br0}"),
    "wireguard-as-a-port": device("{type: wireguard, master: br0}"),
    "port-of-no-bridge": swap("master: br0", "master: tap1"),
    "vlan-on-a-tun": device("{type: vlan, link: tun0, id: 1}"),
    "two-bridges": swap("s1: {kind: bridge}", "s1: {kind: bridge, devices: {b: {type: bridge}}}"),
    "no-such-program": swap("program: echo", "program: ecko"),
    "program-of-a-tun": device("{type: tap, program: echo}"),
    "program-of-a-tap": device("{type: tun, program: guest}"),
    "program-without-a-way": swap(TUN2, "{ready: x}"),
    "program-with-two-ways": swap(TUN2, "{module: reader, words: [x]}"),
    "arguments-of-words": swap(TUN2, "{words: [x], arguments: [y]}"),
    "held-by-nobody": device("{type: tun, persistent: false}"),
    "program-decides": device("{type: tun, program: echo, multi_queue: true}"),
    "yes-is-no-boolean": swap("stp: true", "stp: yes"),
    "vni-too-large": swap("id: 42", "id: 16777216"),
    "vlan-too-large": swap("id: 7}", "id: 4095}"),
    "vxlan-without-id": device("{type: vxlan}"),
    "remote-and-group": device("{type: vxlan, id: 1, remote: 10.9.9.9, group: 239.1.1.1, dev: eth0}"),
    "remote-is-a-group": device("{type: vxlan, id: 1, remote: 239.1.1.1}"),
    "group-is-a-remote": device("{type: vxlan, id: 1, group: 10.9.9.9, dev: eth0}"),
    "group-without-dev": device("{type: vxlan, id: 1, group: 239.1.1.1}"),
    "other-address-family": device('{type: vxlan, id: 1, remote: 10.9.9.9, local: "2001:db8::9"}'),
    "unknown-mode": swap("mode: private", "mode: privat"),
    "outer-ipv6": device('{type: ipip, remote: "2001:db8::9"}'),
    "ttl-of-nothing": swap(", ttl: 64", ", ttl: 0"),
    "bad-key": swap("yAnz5TF", "yAnz5T"),
    "bad-place-of-a-peer": swap('"10.0.0.1:51820"', '"far.example:51820"'),
    "bad-allowed-prefix": swap("[10.1.0.0/16]", "[default]"),
    "allowed-host-bits": swap("[10.1.0.0/16]", "[10.1.0.1/16]"),
    # Addresses.
    "no-prefix-length": swap("192.0.2.1/24", "192.0.2.1"),
    "other-family": swap("192.0.2.1/24", '"2001:db8::9/64"'),
    "ipv4-under-ipv6": swap('"2001:db8::1/64"', "192.0.2.9/24"),
    "address-of-the-network": swap("192.0.2.1/24", "192.0.2.0/24"),
    "address-of-the-network-6": swap('"2001:db8::1/64"', '"2001:db8::/64"'),
    "broadcast": swap("192.0.2.1/24", "192.0.2.255/24"),
    "multicast": swap("192.0.2.1/24", "224.0.0.1/24"),
    "address-twice": swap("198.51.100.2/24", "192.0.2.1/24"),
    "address-twice-in-two-nodes": swap("10.0.1.1/24", "10.0.1.2/24"),
    "address-twice-once-without-company": swap("10.0.1.1/24", "203.0.113.1/24"),
    "three-addresses": swap("ipv4: [10.0.0.2/24]", "ipv4: [10.0.0.2/24, 10.0.0.3/24, 10.0.0.4/24]"),
    "here-and-there": swap("    - endpoints:\n        -", "    - ipv4: [10.7.0.1/24]\n      endpoints:\n        -"),
    "bad-mac": swap("02:00:00:00:00:0a", "02-00-00-00-00-0a"),
    "zero-mac": swap("02:00:00:00:00:0a", "00:00:00:00:00:00"),
    "multicast-mac": swap("02:00:00:00:00:0a", "01:00:5E:00:00:0a"),
    "mac-of-a-tun": device('{type: tun, mac: "02:00:00:00:00:09"}'),
    "mac-of-an-ipvlan": swap("mode: l3", 'mac: "02:00:00:00:00:09"'),
    "mtu-too-small": swap("mtu: 9000", "mtu: 67"),
    "mtu-too-large": swap("mtu: 9000", "mtu: 65536"),
    "mtu-of-a-tap": device("{type: tap, mtu: 65535}"),
    "mtu-without-ipv6": swap("mtu: 1400", "mtu: 1000"),
    "mtu-of-a-link-without-ipv6": swap("    - endpoints:\n        -", "    - mtu: 1000\n      endpoints:\n        -"),
    # Links.
    "rate-without-unit": swap("10mbit", "10000"),
    "rate-of-nothing": swap("10mbit", "0mbit"),
    "time-without-unit": swap("10ms", "10"),
    "time-too-long": swap("10ms", "3601s"),
    "more-than-all": swap("0.1%", "101%"),
    "jitter-without-delay": swap("delay: 10ms, ", ""),
    "reorder-without-delay": swap("delay: 10ms, jitter: 1.5ms, ", ""),
    "jitter-larger-than-delay": swap("jitter: 1.5ms", "jitter: 15ms"),
    "netem-of-nothing": swap("netem: {", "netem: {}  # {"),
    "limit-of-nothing": swap("limit: 100", "limit: 0"),
}


def refusals(here: Path) -> dict[str, list[LabFileError]]:
    """What each change leads to; the file is x.yaml of the current folder."""
    found: dict[str, list[LabFileError]] = {}
    for name, change in CHANGES.items():
        changed = change(SAMPLE)
        (here / "x.yaml").write_bytes(changed.encode() if isinstance(changed, str) else changed)
        topology, found[name] = check_topology(Path("x.yaml"))
        assert topology is None and found[name], name
    found["missing"] = check_topology(Path("none.yaml"))[1]
    return found


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[LabFileError]]:
    here = tmp_path_factory.mktemp("topologies")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        return refusals(here)


@pytest.mark.parametrize("language", LANGUAGES)
def test_wording(refused: dict[str, list[LabFileError]], language: str) -> None:
    words = Words(language)
    parts = ("\n".join((f"[{name}]", *map(words.error, errors))) for name, errors in refused.items())
    told = "\n\n".join(parts) + "\n"
    golden = GOLDEN / f"errors.{language}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(told)
    assert told == golden.read_text()


def test_every_sentence_is_pinned(refused: dict[str, list[LabFileError]]) -> None:
    told = {error.key for errors in refused.values() for error in errors}
    assert {key for key in topology_en.SENTENCES if key.startswith("topology_")} - told == set()


def test_one_change_is_one_mistake(refused: dict[str, list[LabFileError]]) -> None:
    several = {name for name, errors in refused.items() if len(errors) > 1}
    assert several == {
        "many-mistakes",
        "bad-node-name",
        "long-node-name",
        "escape-sequences-stay-inside",
        "two-bridges",
    }
