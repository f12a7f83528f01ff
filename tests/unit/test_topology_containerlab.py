"""Files as containerlab's documentation shows them: what means something here is read, the rest has a sentence."""

from pathlib import Path

import pytest

from tunlab.errors import LabFileError
from tunlab.i18n import Words
from tunlab.labfile.topology.load import check_topology
from tunlab.model.topology import Topology

# What is the same in both.
BRIEF = """\
name: srlceos01

topology:
  nodes:
    srl:
      kind: router
    ceos:
      kind: router

  links:
    - endpoints: ["srl:e1-1", "ceos:eth1"]
"""
ADDRESSES = """\
name: addresses
topology:
  nodes:
    n1: {kind: host}
    n2: {kind: host}
  links:
    - endpoints: ["n1:eth1", "n2:eth1"]
      ipv4: ["192.168.0.1/24", "192.168.0.2/24"]
      ipv6: ["2001:db8::1/64", "2001:db8::2/64"]
      mtu: 1500
"""
EXTENDED = """\
name: extended
topology:
  nodes:
    node1: {kind: host}
    node2: {kind: router}
  links:
    - type: veth
      mtu: 1400
      endpoints:
        - node: node1
          interface: eth1
          mac: aa:c1:ab:00:00:01
          ipv4: 192.168.1.1/24
        - node: node2
          interface: eth1
          ipv6: 2001:db8::1/64
"""
DEFAULTS = """\
name: defaults
topology:
  defaults:
    kind: host
    env:
      VAR1: value1
  kinds:
    router:
      env:
        VAR1: value2
      exec:
        - ip -br link
  nodes:
    srl1:
      kind: router
      env:
        VAR2: value3
    client:
      exec:
        - ip address add 10.1.0.1/24 dev eth1
        - bash -c 'echo "two words"'
  links:
    - endpoints: [srl1:e1-1, client:eth1]
"""
SWITCH = """\
name: br01
topology:
  nodes:
    br-clab:
      kind: bridge
    h1:
    h2:
    h3:
  links:
    - endpoints: ["h1:eth1", "br-clab:eth1"]
    - endpoints: ["h2:eth1", "br-clab:eth2"]
    - endpoints: ["h3:eth1", "br-clab:eth3"]
"""

CONTAINERS = """\
name: srl02
prefix: ""
mgmt:
  network: custom_mgmt
  ipv4-subnet: 172.100.100.0/24
topology:
  groups:
    servers: {image: alpine}
  kinds:
    nokia_srlinux:
      image: ghcr.io/nokia/srlinux
  nodes:
    srl1:
      kind: nokia_srlinux
      image: ghcr.io/nokia/srlinux:24.3
      startup-config: myconfig.json
    client:
      image: alpine:3
      binds: [config/daemons:/etc/frr/daemons]
      ports: [80:8080]
      mgmt-ipv4: 172.100.100.11
  links:
    - endpoints: ["srl1:e1-1", "client:eth1"]
"""
OUTWARDS = """\
name: outwards
topology:
  nodes:
    srl1: {kind: router}
  links:
    - endpoints: ["srl1:e1-1", "host:srl1_e1-1"]
    - endpoints: ["srl1:e1-2", "mgmt-net:srl1-mgmt"]
    - endpoints: ["srl1:e1-3", "macvlan:enp0s3"]
    - type: dummy
      endpoint:
        node: srl1
        interface: e1-4
    - type: vxlan
      endpoint: {node: srl1, interface: e1-5}
      remote: 10.0.0.18
      vni: 100
      dst-port: 4789
"""


@pytest.mark.parametrize("text", [BRIEF, ADDRESSES, EXTENDED, DEFAULTS, SWITCH])
def test_what_both_have(text: str, tmp_path: Path) -> None:
    topology, errors = check(tmp_path, text)
    assert errors == [] and topology and topology.links


def test_values_as_containerlab_merges_them(tmp_path: Path) -> None:
    topology, _ = check(tmp_path, DEFAULTS)
    assert topology
    router, client = topology.nodes
    assert router.environment == (("VAR1", "value2"), ("VAR2", "value3"))
    assert client.environment == (("VAR1", "value1"),)
    assert client.commands[1] == ("bash", "-c", 'echo "two words"')


def test_addresses_of_a_brief_link(tmp_path: Path) -> None:
    topology, _ = check(tmp_path, ADDRESSES)
    assert topology
    assert [each.addresses for each in topology.links[0].interfaces] == [
        ("192.168.0.1/24", "2001:db8::1/64"),
        ("192.168.0.2/24", "2001:db8::2/64"),
    ]


def test_what_is_for_containers_only(tmp_path: Path) -> None:
    """One sentence at a time for each mapping, and each leads on: a file is cleaned from the top."""
    text = CONTAINERS
    seen = []
    for _ in range(20):
        topology, errors = check(tmp_path, text)
        if topology:
            break
        lines = text.splitlines()
        assert all(error.key in ("topology_foreign", "lab_unknown_value") for error in errors), errors
        seen += [str(error.values.get("name")) for error in errors]
        for line in sorted({error.line or 0 for error in errors}, reverse=True):
            indent = len(lines[line - 1]) - len(lines[line - 1].lstrip())
            del lines[line - 1]
            while line - 1 < len(lines) and len(lines[line - 1]) - len(lines[line - 1].lstrip()) > indent:
                del lines[line - 1]
        text = "\n".join(lines) + "\n"
        text = text.replace("  kinds:\n  nodes:", "  nodes:")
    assert topology
    assert {"prefix", "mgmt", "groups", "image", "startup-config", "binds", "ports", "mgmt-ipv4"} <= set(seen)


def test_links_that_lead_outwards(tmp_path: Path) -> None:
    topology, errors = check(tmp_path, OUTWARDS)
    assert topology is None
    assert [(error.key, error.line) for error in errors] == [("topology_outside", line) for line in (6, 7, 8, 9, 13)]
    assert "leads out of the topology" in Words("en").error(errors[0])


def test_a_node_may_be_called_host(tmp_path: Path) -> None:
    text = BRIEF.replace("srl:", "host:")
    topology, errors = check(tmp_path, text)
    assert errors == [] and topology


def check(folder: Path, text: str) -> tuple[Topology | None, list[LabFileError]]:
    (folder / "x.clab.yml").write_text(text)
    return check_topology(folder / "x.clab.yml")
