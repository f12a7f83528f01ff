"""How long a topology takes to build and to tear down: by tunlab, by `ip -batch` and by Mininet, in turn.

A chain joins neighbours, a star gives each node a link to a hub; every end of a link has an IPv4 address, every device
is up. All of it happens in a sandbox of this run's own, as root or as an ordinary user. Imports are not counted. A
teardown is over when the kernel has freed the namespaces, which it does in the background: a veth pair between the
first, the last and the outermost namespace and the sandbox shows it, because it goes when its other end goes.
Prints times, asserts none. The aims are beside the ratios.
"""

import gc
import ipaddress
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median

from tunlab import paths
from tunlab.engine.building import built
from tunlab.errors import TunlabError
from tunlab.i18n import Words
from tunlab.kernel import sandbox
from tunlab.model.endpoint import Endpoint
from tunlab.model.interface import Interface
from tunlab.model.topology import Link, Node, Topology

ROUNDS = {10: 7, 100: 5, 500: 3}  # by the number of nodes
MININET_ROUNDS = {10: 3, 100: 2, 500: 1}  # it needs 5 s for 100, and 25 s for 500
SHAPES = ("chain", "star")
HUB = "hub"
PATIENCE = 60.0  # seconds for a teardown to be over
MININET_PYTHON = "/usr/bin/python3"  # Debian's, which finds Debian's package

# Two of Mininet's habits are left out: `mn -c`, and Mininet.init(), which raises limits of the whole machine.
MININET = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
from mininet.net import Mininet
from mininet.node import Host
Mininet.inited = True
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
nodes, links = json.load(open(sys.argv[1]))
began = time.perf_counter()
net = Mininet(controller=None, build=False)
hosts = {name: net.addHost(name, cls=Host, ip=None) for name in nodes}
for (one, device, address), (other, its_device, its_address) in links:
    net.addLink(hosts[one], hosts[other], intfName1=device, intfName2=its_device,
                params1={"ip": address}, params2={"ip": its_address})
net.start()
built = time.perf_counter() - began
print(json.dumps({"built": built, "pids": {name: host.pid for name, host in hosts.items()}}), flush=True)
sys.stdin.readline()
began = time.perf_counter()
net.stop()
print(json.dumps({"stopped": time.perf_counter() - began}), flush=True)
"""


@dataclass
class Taken:
    """Seconds of every round: to build, until the teardown's call is back, until the kernel has freed everything."""

    build: list[float] = field(default_factory=list)
    back: list[float] = field(default_factory=list)
    gone: list[float] = field(default_factory=list)


Results = dict[tuple[str, int, str], Taken]  # shape, nodes, side
Side = Callable[[Topology, Taken], None]


def main() -> None:
    try:
        sys.exit(sandbox.run(lambda _: measure(), lambda _: None))
    except TunlabError as error:
        sys.exit(Words("en").error(error))


def measure() -> int:
    sides: dict[str, Side] = {"tunlab": by_tunlab, "ip -batch": by_ip}
    missing = mininet_is_missing()
    if missing:
        print(f"Mininet is skipped: {missing}")
    else:
        sides["Mininet"] = by_mininet
    results: Results = {}
    for count, rounds in ROUNDS.items():
        for shape in SHAPES:
            topology = topology_of(shape, count)
            for number in range(rounds):
                turn = list(sides) if number % 2 else list(reversed(sides))
                for name in turn:
                    if name != "Mininet" or number < MININET_ROUNDS.get(count, 0):
                        gc.collect()
                        sides[name](topology, results.setdefault((shape, count, name), Taken()))
    report(results, list(sides))
    return 0


def topology_of(shape: str, count: int) -> Topology:
    """`count` nodes; those of a star have the hub beside them."""
    names = [f"n{number}" for number in range(1, count + 1)]
    networks = ipaddress.ip_network("10.0.0.0/8").subnets(new_prefix=30)
    if shape == "chain":
        pairs = [(Endpoint(one, "right"), Endpoint(next_, "left")) for one, next_ in pairwise(names)]
    else:
        pairs = [(Endpoint(name, "eth0"), Endpoint(HUB, f"to-{name}")) for name in names]
        names.append(HUB)
    links = []
    for ends, network in zip(pairs, networks, strict=False):
        one, other = (Interface(addresses=(f"{address}/30",), state="up") for address in network.hosts())
        links.append(Link(ends, (one, other)))
    return Topology(tuple(Node(name) for name in names), tuple(links))


# The three sides


def by_tunlab(topology: Topology, taken: Taken) -> None:
    building = built(topology, up=True)
    began = time.perf_counter()
    standing = building.__enter__()
    taken.build.append(time.perf_counter() - began)
    del standing
    with watched(topology, named, taken):
        building.__exit__(None, None, None)


def by_ip(topology: Topology, taken: Taken) -> None:
    """The namespaces and the veth pairs by one `ip -batch`, then addresses and states by one `ip -n NODE -batch` each.

    A batch stays in the namespace that it began in: no faster way is known with ip alone.
    """
    first = [f"netns add {node.name}" for node in topology.nodes]
    inside: dict[str, list[str]] = {node.name: ["link set lo up"] for node in topology.nodes}
    for link in topology.links:
        one, other = link.ends
        first.append(f"link add {one.device} netns {one.node} type veth peer name {other.device} netns {other.node}")
        for end, interface in zip(link.ends, link.interfaces, strict=True):
            inside[end.node] += [f"address add {each} dev {end.device}" for each in interface.addresses]
            inside[end.node].append(f"link set {end.device} up")
    began = time.perf_counter()
    batch((), first)
    for node, lines in inside.items():
        batch(("-n", node), lines)
    taken.build.append(time.perf_counter() - began)
    with watched(topology, named, taken):
        for node in topology.nodes:
            ip("netns", "del", node.name)


def by_mininet(topology: Topology, taken: Taken) -> None:
    links = [
        [
            (end.node, end.device, interface.addresses[0])
            for end, interface in zip(link.ends, link.interfaces, strict=True)
        ]
        for link in topology.links
    ]
    with tempfile.NamedTemporaryFile("w") as plan:
        json.dump(([node.name for node in topology.nodes], links), plan)
        plan.flush()
        words = [MININET_PYTHON, "-c", MININET, plan.name]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(words, text=True, env=surroundings(), start_new_session=True, **pipes) as program:  # type: ignore[call-overload]
            said = json.loads(program.stdout.readline())
            taken.build.append(said["built"])
            with watched(topology, lambda name: f"/proc/{said['pids'][name]}/ns/net", taken):
                print(file=program.stdin, flush=True)
                said |= json.loads(program.stdout.readline())
            taken.back[-1] = said["stopped"]


def mininet_is_missing() -> str:
    """Why it cannot be measured; empty where it can."""
    if os.geteuid() != 0:
        return "it runs for root only."
    check = subprocess.run(
        [MININET_PYTHON, "-W", "ignore", "-c", "import mininet.net"], capture_output=True, check=False
    )
    if check.returncode or subprocess.run(["which", "mnexec"], capture_output=True, check=False).returncode:
        return f"{MININET_PYTHON} does not find it (apt-get install mininet)."
    return ""


# What they have in common


def surroundings() -> Mapping[str, str]:
    return os.environ | {"PATH": paths.search_path()}


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, env=surroundings())


def batch(options: Sequence[str], lines: Sequence[str]) -> None:
    subprocess.run(["ip", *options, "-batch", "-"], check=True, env=surroundings(), input="\n".join(lines), text=True)


def named(name: str) -> str:
    return str(paths.NETNS / name)


@contextmanager
def watched(topology: Topology, place: Callable[[str], str], taken: Taken) -> Iterator[None]:
    """See that the topology stands, then time its teardown, which is the block."""
    nodes = {topology.nodes[0].name, topology.nodes[-2].name, topology.nodes[-1].name}
    for number, node in enumerate(sorted(nodes)):
        expect(topology, node, place(node))
        # By a path below /run/netns: `ip` takes no other.
        name = os.path.relpath(place(node), paths.NETNS)
        ip("link", "add", f"canary{number}", "type", "veth", "peer", "name", "canary", "netns", name)
    began = time.perf_counter()
    yield
    taken.back.append(time.perf_counter() - began)
    while list(Path("/sys/class/net").glob("canary*")):
        if time.perf_counter() - began > PATIENCE:
            sys.exit(f"not gone after {PATIENCE:g} s")
        time.sleep(0.001)
    taken.gone.append(time.perf_counter() - began)


def expect(topology: Topology, node: str, place: str) -> None:
    """Fail where a side has not made what the topology says of a node."""
    words = ["nsenter", f"--net={place}", "ip", "-json", "address"]
    found = json.loads(subprocess.run(words, check=True, env=surroundings(), capture_output=True).stdout)
    wanted = {
        end.device: interface.addresses[0]
        for link in topology.links
        for end, interface in zip(link.ends, link.interfaces, strict=True)
        if end.node == node
    }
    there = {
        device["ifname"]: f"{address['local']}/{address['prefixlen']}"
        for device in found
        for address in device["addr_info"]
        if "UP" in device["flags"] and address["family"] == "inet" and device["ifname"] != "lo"
    }
    if there != wanted:
        sys.exit(f"{node} is not as it should be: {there} instead of {wanted}")


def report(results: Results, sides: Sequence[str]) -> None:
    print("seconds, medians of rounds in turn (`ip -batch`: one batch makes the namespaces and the pairs, then one")
    print("`ip -n NODE -batch` a node its addresses; its teardown is one `ip netns del` a node; back: when the call")
    print("returns, gone: when the kernel has freed everything):")
    print("  shape   nodes   by           rounds    build   teardown: back     gone")
    for (shape, count, name), taken in results.items():
        print(
            f"  {shape:5}   {count:5}   {name:10}   {len(taken.build):6}   {median(taken.build):6.3f}"
            f"           {median(taken.back):6.3f}   {median(taken.gone):6.3f}"
        )
    for shape in SHAPES:
        print(f"{shape}:")
        for name in sides:
            counts = [count for count in ROUNDS if (shape, count, name) in results]
            slopes = [
                f"{exponent(results, shape, name, less, more):.2f} from {less} to {more}"
                for less, more in pairwise(counts)
            ]
            print(f"  build, {name} grows with the nodes to the power of {', '.join(slopes)}")
        for count in ROUNDS:
            show_ratios(results, shape, count)


def exponent(results: Results, shape: str, name: str, less: int, more: int) -> float:
    times = [median(results[shape, count, name].build) for count in (less, more)]
    return math.log(times[1] / times[0]) / math.log(more / less)


def show_ratios(results: Results, shape: str, count: int) -> None:
    ours, theirs = results[shape, count, "tunlab"], results[shape, count, "ip -batch"]
    print(f"  {count} nodes: build, tunlab / ip -batch: {ratio(ours.build, theirs.build):.2f} (aim 0.6, floor 1)")
    mininet = results.get((shape, count, "Mininet"))
    if mininet:
        aim = " (aim 0.1)" if count == 100 else ""
        print(f"    build, tunlab / Mininet: {ratio(ours.build, mininet.build):.3f}{aim}")
    aim = " (aim 0.25)" if count == 500 else ""
    back, gone = ratio(ours.back, theirs.back), ratio(ours.gone, theirs.gone)
    print(f"    teardown, tunlab / ip netns del: back {back:.2f}, gone {gone:.2f}{aim}")


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return median(ours) / median(theirs)


if __name__ == "__main__":
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, Linux {os.uname().release}")
    main()
