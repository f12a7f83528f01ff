"""All that a topology can hold works in a lab too: devices, addresses, programs, commands."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tunlab import paths
from tunlab.engine.stage import Stage
from tunlab.errors import TunlabError
from tunlab.labfile.load import load
from tunlab.labfile.topology.load import load_topology
from tunlab.model.events import Action
from tunlab.model.lab import Lab
from tunlab.session.log import EventLog

pytestmark = pytest.mark.needs("sandbox", "tun")

TOPOLOGY = """
name: all-of-it
topology:
  nodes:
    h1:
      env: {WHERE: here}
      devices:
        tun0: {type: tun, ipv4: 192.0.2.1/24, state: up, program: echo}
        br0: {type: bridge}
      sysctl: {net.ipv4.ip_default_ttl: 77}
      exec: ["sh -c 'echo $WHERE $TUNLAB_NODE >said'", ip route add 198.51.100.0/24 dev tun0]
    r1: {kind: router}
  links:
    - endpoints: ["h1:eth0", "r1:eth1"]
      ipv4: [10.0.1.2/24, 10.0.1.1/24]
      mtu: 1400
      rate: 10mbit
"""


def lab_with(text: str, folder: Path) -> Lab:
    file = folder / "topology.yaml"
    file.write_text(text)
    lab = load(paths.labs() / "lab-1.4.3", "fast", paths.find_lab)
    assert isinstance(lab, Lab)
    return replace(lab, topology=load_topology(file))


def test_stage_has_all_of_it(sandboxed: Any, tmp_path: Path) -> None:
    lab = lab_with(TOPOLOGY, tmp_path)

    def inside(_: Any) -> dict[str, Any]:
        entries: list[Any] = []
        log = EventLog()
        log.follow(entries.append)
        with Stage(lab, log) as stage:
            links = {
                node: {each.name: each for each in running.netlink.links()} for node, running in stage.nodes.items()
            }
            h1 = links["h1"]
            with stage.nodes["r1"].namespace.entered():
                forwards = Path("/proc/sys/net/ipv4/ip_forward").read_text().strip()
            return {
                "up": {name: "UP" in each.flags for name, each in h1.items() if name in ("lo", "tun0", "br0", "eth0")},
                "tun0": stage.nodes["h1"].netlink.addresses(h1["tun0"].index),
                "mtu": h1["eth0"].mtu,
                "forwards": forwards,
                "said": (paths.WORK / "said").read_text(),
                "hosts": paths.HOSTS.read_text().splitlines(),
                "actions": [entry.what.command for entry in entries if isinstance(entry.what, Action)],
            }

    found = sandboxed(inside)
    assert found["up"] == {"lo": True, "tun0": True, "br0": False, "eth0": False}
    assert "192.0.2.1/24" in found["tun0"]
    assert (found["mtu"], found["forwards"], found["said"]) == (1400, "1", "here h1\n")
    assert {"10.0.1.2 h1", "10.0.1.1 r1"} <= set(found["hosts"])
    assert found["actions"] == [
        "sysctl -w net.ipv4.ip_default_ttl=77",
        "python3 -m tunlab.programs.echo --device tun0",
        "sh -c 'echo $WHERE $TUNLAB_NODE >said'",
        "ip route add 198.51.100.0/24 dev tun0",
    ], json.dumps(found["actions"])


def test_command_that_fails_leaves_nothing(sandboxed: Any, tmp_path: Path) -> None:
    lab = lab_with("name: bad\ntopology: {nodes: {h1: {exec: ['ip route add 10.0.0.0/8 dev none']}}}\n", tmp_path)

    def inside(_: Any) -> None:
        try:
            with Stage(lab, EventLog()):
                pass
        finally:
            assert not list(paths.NETNS.iterdir())

    with pytest.raises(TunlabError) as refused:
        sandboxed(inside)
    assert refused.value.key == "command_failed"


TRACED = """
schema: 1
id: lab-traced
topology:
  nodes:
    h1: {kind: host}
    r1: {kind: router}
    h2: {kind: host}
  links:
    - endpoints:
        - {node: h1, interface: eth0, ipv4: 10.0.1.2/24, state: up}
        - {node: r1, interface: eth1, ipv4: 10.0.1.1/24, state: up}
    - endpoints:
        - {node: h2, interface: eth0, ipv4: 10.0.2.2/24, state: up}
        - {node: r1, interface: eth2, ipv4: 10.0.2.1/24, state: up}
steps:
  - id: no-way-back
    do:
      - route: {node: h1, to: default, via: 10.0.1.1}
      - trace: {node: h1, to: 10.0.2.2}
    check:
      - id: lost
        traced: {state: lost, last: "h2:eth0 in", why: no_route_back}
  - id: answered
    do:
      - route: {node: h2, to: default, via: 10.0.2.1}
      - trace: {node: h1, to: 10.0.2.2, protocol: udp, port: 7}
      - trace: {node: h1, to: 10.0.2.2}
    check:
      - id: answered
        traced: {state: answered, last: "h1:eth0 in"}
"""


def test_a_packet_is_traced(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text(TRACED)
    for language in ("en", "zh"):
        text = "# T\n\n## no-way-back\n\n### say\n\nA.\n\n## answered\n\n### say\n\nB.\n"
        (tmp_path / f"{language}.md").write_text(text)
    command = [Path(sys.executable).with_name("tunlab"), "run", tmp_path, "--auto"]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    ends = [(each["step"], each["state"]) for each in events if each["event"] == "traced"]
    assert ends == [("no-way-back", "lost"), ("answered", "refused"), ("answered", "answered")]
    assert [each["step"] for each in events if each["event"] == "hop"].count("answered") == 16
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert "-- LOST here --" in told.stdout and "r1    eth2 out" in told.stdout
