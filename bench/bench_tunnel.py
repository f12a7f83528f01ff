"""What a tunnel costs: throughput, round trip, small packets and CPU time, by tunlab and by others, in turn.

Two network namespaces on a veth pair of MTU 1500, in a sandbox of this run's own. Every tunnel stands all the time,
each with a device and a network of its own, MTU 1400; only one is used at a time, and the rounds are interleaved.

    throughput   one TCP stream of iperf3, cubic, there; what the receiver got
    round trip   one ICMP echo of 84 bytes after the other, by a raw socket of ours: the median of a round
    small        UDP packets of 64 bytes (36 of data) as fast as iperf3 can; what arrived, in packets a second
    CPU          of the processes of each endpoint while the TCP stream runs, in seconds a GB; none of the kernel's own

Prints figures, asserts none. Floors and aims stand beside the ratios. Needs iperf3; what else is missing is left out.
"""

import array
import ctypes
import fcntl
import json
import os
import platform
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tunlab import paths
from tunlab.errors import KernelError, TunlabError
from tunlab.i18n import Words
from tunlab.kernel import sandbox, sysctl
from tunlab.kernel.namespaces import NetworkNamespace
from tunlab.kernel.netlink import Netlink
from tunlab.kernel.offloads import offloads

ROUNDS = 5
SECONDS = 3  # of each TCP stream
SMALL_SECONDS = 2
ECHOES = 500
TRIES = 4  # of a measurement by iperf3
PATIENCE = 20.0  # seconds for a tunnel to stand
MTU = 1400
HERE, THERE = "100.89.104.21", "100.89.104.22"
TICKS = os.sysconf("SC_CLK_TCK")
OPENVPN_PLAIN = "OpenVPN plain"
DIRECT = "veth, direct"

VTUN = """
options {{ port 5000; syslog daemon; }}
default {{ type tun; proto udp; encrypt no; compress no; keepalive no; stat no; persist no; multi yes; timeout 30; }}
bench {{ passwd bench; device {device}; }}
"""


@dataclass
class Side:
    """A node, and what runs in it for the tunnel that is measured."""

    namespace: NetworkNamespace
    netlink: Netlink

    def run(self, *words: str) -> str:
        with self.namespace.entered():
            return subprocess.run(words, check=True, capture_output=True, text=True, env=surroundings()).stdout

    def start(self, words: Sequence[str]) -> "subprocess.Popen[bytes]":
        with self.namespace.entered():
            return subprocess.Popen(
                list(words), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=surroundings(), start_new_session=True,
            )  # fmt: skip


@dataclass
class Tunnel:
    """One of those that are compared; `network` is the third number of its addresses."""

    name: str
    network: int
    pids: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    bits: list[float] = field(default_factory=list)
    retransmits: list[int] = field(default_factory=list)
    trip: list[float] = field(default_factory=list)
    small: list[float] = field(default_factory=list)
    cpu: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))

    def address(self, host: int) -> str:
        return HERE if not self.network and host == 1 else THERE if not self.network else f"10.77.{self.network}.{host}"


Maker = Callable[["Bench", Tunnel], None]


class Bench:
    """Both sides, and the processes that are to be ended."""

    def __init__(self, sides: tuple[Side, Side], folder: Path) -> None:
        self.sides = sides
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []

    def both(self, words: Callable[[int], Sequence[str]], tunnel: Tunnel) -> None:
        """Start the two ends; `words` gets 0 and 1."""
        for number, side in enumerate(self.sides):
            self.started.append(side.start(words(number)))
        one, other = self.started[-2:]
        tunnel.pids = ((one.pid,), (other.pid,))

    def settle(self, device: str, tunnel: Tunnel) -> None:
        """The device's address and MTU, once it is there; and its processes, with their children."""
        for number, side in enumerate(self.sides):
            wait(lambda side=side: side.netlink.link(device) is not None, f"{tunnel.name}: no {device}")
            side.netlink.set_link(device, state="up", mtu=MTU)
            with suppress(KernelError):  # openvpn and socat have given it one themselves
                side.netlink.add_address(device, f"{tunnel.address(number + 1)}/24")
        one, other = ((pid, *children(pid)) for (pid,) in tunnel.pids) if tunnel.pids[0] else ((), ())
        tunnel.pids = (tuple(one), tuple(other))
        wait(lambda: bool(trips(self, tunnel, 1)), f"{tunnel.name}: no answer")

    def end(self) -> None:
        for each in self.started:
            each.kill()
            each.wait()


# The tunnels


def direct(_bench: Bench, _tunnel: Tunnel) -> None:
    """Nothing around the packets, and the veth's own MTU."""


def ours(path: str, port: int) -> Maker:
    def make(bench: Bench, tunnel: Tunnel) -> None:
        places = (f"{HERE}:{port}", f"{THERE}:{port}")

        def words(number: int) -> list[str]:
            ends = ["--local", places[number], "--peer", places[1 - number]]
            return [str(Path(sys.prefix) / "bin/tunlab"), "tunnel", "--path", path, "--device", path, *ends]

        bench.both(words, tunnel)
        bench.settle(path, tunnel)

    return make


def openvpn(device: str, port: int, *more: str) -> Maker:
    def make(bench: Bench, tunnel: Tunnel) -> None:
        def words(number: int) -> list[str]:
            local, remote = (HERE, THERE) if number == 0 else (THERE, HERE)
            own, other = (tunnel.address(host) for host in ((1, 2) if number == 0 else (2, 1)))
            return [
                "openvpn", "--dev", device, "--dev-type", "tun", "--topology", "p2p", "--proto", "udp4",
                "--local", local, "--remote", remote, "--port", str(port), "--ifconfig", own, other,
                "--cipher", "none", "--auth", "none", "--tun-mtu", str(MTU), "--verb", "0", *more,
            ]  # fmt: skip

        bench.both(words, tunnel)
        bench.settle(device, tunnel)

    return make


def vtun(bench: Bench, tunnel: Tunnel) -> None:
    config = bench.folder / "vtund.conf"
    config.write_text(VTUN.format(device="vtun"))
    config.chmod(0o600)
    common = ["vtund", "-n", "-f", str(config), "-P", "5000"]
    server = bench.sides[1].start([*common, "-s"])
    bench.started.append(server)
    wait(lambda: listens(bench.sides[1], 5000), "vtun does not listen")
    client = bench.sides[0].start([*common, "bench", THERE])
    bench.started.append(client)
    tunnel.pids = ((client.pid,), (server.pid,))
    bench.settle("vtun", tunnel)


def socat(bench: Bench, tunnel: Tunnel) -> None:
    def words(number: int) -> list[str]:
        local, remote = (HERE, THERE) if number == 0 else (THERE, HERE)
        # The name of the option is socat's own: iff-up, iff-no-pi; 64 KB is the longest packet that it copies.
        return [
            "socat", "-b", "65536", f"TUN:{tunnel.address(number + 1)}/24,tun-name=socat,iff-no-pi,iff-up",
            f"UDP4-DATAGRAM:{remote}:8400,bind={local}:8400",
        ]  # fmt: skip

    bench.both(words, tunnel)
    bench.settle("socat", tunnel)


def vxlan(device: str, port: int, gso: bool) -> Maker:
    def make(bench: Bench, tunnel: Tunnel) -> None:
        for number, side in enumerate(bench.sides):
            local, remote = (HERE, THERE) if number == 0 else (THERE, HERE)
            ends = ("local", local, "remote", remote, "dstport", str(port), "dev", "eth0")
            side.run("ip", "link", "add", device, "type", "vxlan", "id", str(port), *ends)
            if not gso:
                with side.namespace.entered():
                    segment_before(device)
        bench.settle(device, tunnel)

    return make


def segment_before(device: str) -> None:
    """No segmentation by the device or behind it, and no joining: SIOCETHTOOL of linux/ethtool.h."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for command in (0x1F, 0x24, 0x2C):  # ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            fcntl.ioctl(asking, 0x8946, struct.pack("16sP16x", device.encode(), ctypes.addressof(value)))


TUNNELS: dict[str, tuple[str, Maker]] = {
    DIRECT: ("", direct),
    "vxlan, GSO": ("", vxlan("vxgso", 4789, True)),
    "vxlan, no GSO": ("", vxlan("vxnogso", 4790, False)),
    OPENVPN_PLAIN: ("openvpn", openvpn("ovpn", 1194)),
    "OpenVPN tuned": ("openvpn", openvpn("ovpnfast", 1195, "--sndbuf", "4194304", "--rcvbuf", "4194304", "--fast-io")),
    "vtun plain": ("vtund", vtun),
    "socat": ("socat", socat),
    "tunlab simple": ("", ours("simple", 8285)),
    "tunlab fast": ("", ours("fast", 8286)),
}


# Measuring


def main() -> None:
    if shutil.which("iperf3", path=paths.search_path()) is None:
        sys.exit("iperf3 is missing (apt-get install iperf3)")
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    chosen = sys.argv[2:]
    try:
        sys.exit(sandbox.run(lambda _: measure(rounds, chosen), lambda _: None))
    except TunlabError as error:
        sys.exit(Words("en").error(error))


def measure(rounds: int, chosen: Sequence[str]) -> int:
    tunnels = []
    with tempfile.TemporaryDirectory() as folder, two_nodes() as sides:
        bench = Bench(sides, Path(folder))
        try:
            for number, (name, (program, make)) in enumerate(TUNNELS.items()):
                if chosen and name not in (DIRECT, *chosen):
                    continue
                if program and shutil.which(program, path=paths.search_path()) is None:
                    print(f"{name} is left out: {program} is not installed")
                    continue
                tunnel = Tunnel(name, number)
                make(bench, tunnel)
                tunnels.append(tunnel)
            server = sides[1].start(["iperf3", "-s"])
            bench.started.append(server)
            wait(lambda: listens(sides[1], 5201), "iperf3 does not listen")
            surroundings_told(sides[0])
            for number in range(rounds):
                for tunnel in tunnels if number % 2 == 0 else reversed(tunnels):
                    stream(bench, tunnel)
                    tunnel.trip.append(statistics.median(trips(bench, tunnel, ECHOES)))
                    small(bench, tunnel)
        finally:
            bench.end()
    report(tunnels)
    return 0


@contextmanager
def two_nodes() -> Iterator[tuple[Side, Side]]:
    with ExitStack() as stack:
        sides = []
        for name in ("A", "B"):
            namespace = stack.enter_context(NetworkNamespace(name))
            with namespace.entered(), suppress(KernelError):  # vtund gives up where a device is asked before it is up
                sysctl.write("net.ipv6.conf.default.disable_ipv6", "1")
            sides.append(Side(namespace, stack.enter_context(Netlink(namespace))))
        one, other = sides
        one.netlink.add_veth("eth0", "eth0", other.namespace)
        for side, address in zip(sides, (HERE, THERE), strict=True):
            side.netlink.set_link("lo", state="up")
            side.netlink.add_address("eth0", f"{address}/24")
            side.netlink.set_link("eth0", state="up")
        yield one, other


def stream(bench: Bench, tunnel: Tunnel) -> None:
    before = [seconds_of(pids) for pids in tunnel.pids]
    told = iperf(bench, tunnel, "-t", str(SECONDS), "-C", "cubic")
    received = told["end"]["sum_received"]
    tunnel.bits.append(received["bits_per_second"])
    tunnel.retransmits.append(told["end"]["sum_sent"]["retransmits"])
    for number, pids in enumerate(tunnel.pids):
        if pids:
            tunnel.cpu[number].append((seconds_of(pids) - before[number]) / (received["bytes"] / 1e9))


def small(bench: Bench, tunnel: Tunnel) -> None:
    told = iperf(bench, tunnel, "-u", "-b", "0", "-l", "36", "-t", str(SMALL_SECONDS))
    total = told["end"]["sum"]
    tunnel.small.append((total["packets"] - total["lost_packets"]) / total["seconds"])


def iperf(bench: Bench, tunnel: Tunnel, *words: str) -> dict[str, dict[str, dict[str, float]]]:
    """What it tells at its end; a second time where its control connection has drowned in the flood."""
    wanted = ["iperf3", "-J", "-c", tunnel.address(2), "-B", tunnel.address(1), *words]
    for _ in range(TRIES):
        with bench.sides[0].namespace.entered():
            said = subprocess.run(wanted, check=False, capture_output=True, text=True, env=surroundings()).stdout
        result: dict[str, dict[str, dict[str, float]]] = json.loads(said)
        if result["end"]:
            return result
        print(f"{tunnel.name}: iperf3 once more: {result.get('error')}", flush=True)
    sys.exit(1)


def trips(bench: Bench, tunnel: Tunnel, count: int) -> list[float]:
    """Microseconds from sending an echo request to having its reply in hand; those that came within half a second."""
    with bench.sides[0].namespace.entered():
        echo = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    taken = []
    with echo:
        echo.settimeout(0.5)
        echo.bind((tunnel.address(1), 0))
        for number in range(1, count + 1):
            request = echo_request(number)
            began = time.perf_counter()
            try:
                echo.sendto(request, (tunnel.address(2), 0))
                while (reply := echo.recv(2000))[20:21] != b"\0" or reply[26:28] != request[6:8]:
                    pass
            except OSError:
                continue
            taken.append((time.perf_counter() - began) * 1e6)
    return taken


def echo_request(number: int) -> bytes:
    """84 bytes with its IP header (RFC 792, RFC 1071)."""
    message = bytearray(struct.pack("!BBHHH", 8, 0, 0, os.getpid() & 0xFFFF, number) + bytes(56))
    words = array.array("H", message)
    total = sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    struct.pack_into("=H", message, 2, ~(total + (total >> 16)) & 0xFFFF)
    return bytes(message)


def seconds_of(pids: Sequence[int]) -> float:
    """utime and stime (proc_pid_stat(5))."""
    total = 0
    for pid in pids:
        fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def children(pid: int) -> list[int]:
    """Its children, and theirs: vtun's server forks for a session, ours for a direction."""
    found = [int(each) for each in Path("/proc", str(pid), "task", str(pid), "children").read_text().split()]
    return [*found, *(other for each in found for other in children(each))]


def listens(side: Side, port: int) -> bool:
    return f":{port} " in side.run("ss", "-Hltn")


def wait(condition: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            print(otherwise, file=sys.stderr)  # we are inside: a sandbox passes on no more than a status
            sys.exit(1)
        time.sleep(0.01)


def surroundings() -> dict[str, str]:
    return os.environ | {"PATH": paths.search_path()}


# Telling


def surroundings_told(side: Side) -> None:
    with side.namespace.entered():
        state = ", ".join(f"{each.name} {'on' if each.on else 'off'}" for each in offloads("eth0"))
    for program, option in (("openvpn", "--version"), ("vtund", "-v"), ("socat", "-V"), ("iperf3", "--version")):
        if shutil.which(program, path=paths.search_path()):
            print(f"{program}: {version(program, option)}")
    print(f"eth0: {state}")
    print(f"congestion control of iperf3: cubic; MTU of eth0 1500, of the tunnels {MTU}")
    for name in ("rmem_default", "rmem_max", "wmem_default"):
        print(f"net.core.{name}: {Path('/proc/sys/net/core', name).read_text().strip()}", end="; ")
    print()


def version(program: str, option: str) -> str:
    done = subprocess.run([program, option], capture_output=True, text=True, check=False, env=surroundings())
    lines = (done.stdout + done.stderr).splitlines()
    return next((line.strip() for line in lines if "ersion" in line or "ver " in line or "iperf" in line
                 or "OpenVPN" in line), "?")[:70]  # fmt: skip


def report(tunnels: Sequence[Tunnel]) -> None:
    print(f"\n{len(tunnels[0].bits)} rounds in turn; minimum / median / maximum")
    print(f"  {'':15}  {'Gbit/s':>17}  {'sent anew':>9}  {'round trip us':>17}  {'64-byte kpps':>17}  CPU s/GB")
    for each in tunnels:
        cpu = " ".join(f"{statistics.median(side):5.1f}" for side in each.cpu if side)
        anew = int(statistics.median(each.retransmits))
        print(
            f"  {each.name:15}  {three([bits / 1e9 for bits in each.bits], 2)}  {anew:9}"
            f"  {three(each.trip, 0)}  {three([one / 1000 for one in each.small], 1)}  {cpu}"
        )
    other = next((each for each in tunnels if each.name == OPENVPN_PLAIN), None)
    if other is None:
        return
    # What else runs on the machine only ever makes a round worse: hence the best one, too.
    for of, best, least in (("medians", statistics.median, statistics.median), ("best rounds", max, min)):
        print(f"\nratios of the {of}, to OpenVPN plain:")
        for each in tunnels:
            if each is not other:
                print(
                    f"  {each.name:15}  throughput {best(each.bits) / best(other.bits):5.2f}"
                    f"  round trip {least(each.trip) / least(other.trip):5.2f}"
                    f"  64-byte packets {best(each.small) / best(other.small):5.2f}"
                )
    print("  of tunlab simple: floor               1                1.3                   0.9")
    print("                    aim                 1.4              0.9                   1.2")


def three(values: Sequence[float], digits: int) -> str:
    found = (min(values), statistics.median(values), max(values))
    return "/".join(f"{value:.{digits}f}".rjust(5) for value in found)


if __name__ == "__main__":
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, Linux {os.uname().release}")
    print(f"load of the last minute before it began: {os.getloadavg()[0]:.2f}")
    main()
