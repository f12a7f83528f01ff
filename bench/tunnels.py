"""The tunnels that are measured side by side, each between two nodes on a veth pair of MTU 1500."""

import array
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tunlab import paths
from tunlab.errors import KernelError
from tunlab.kernel import sysctl
from tunlab.kernel.namespaces import NetworkNamespace
from tunlab.kernel.netlink import Netlink

PATIENCE = 20.0  # seconds for a tunnel to stand
MTU = 1400
HERE, THERE = "100.89.104.21", "100.89.104.22"
OPENVPN_PLAIN, OPENVPN_TUNED, OPENVPN_GCM = "OpenVPN plain", "OpenVPN tuned", "OpenVPN GCM"
DIRECT = "veth, direct"
FAST, SIMPLE = "tunlab fast", "tunlab simple"
ENCRYPTED, ENCRYPTED_SIMPLE, COMPRESSED = "tunlab encrypted", "encrypted, simple", "tunlab compressed"
WIREGUARD = "wireguard-go"
VXLAN, VXLAN_NO_GSO = "vxlan, GSO", "vxlan, no GSO"
STOCK_BUFFER = 212_992  # bytes: net.core.rmem_max as Linux has it

TUNLAB = str(Path(sys.prefix) / "bin/tunlab")

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
    retransmits: list[float] = field(default_factory=list)
    trip: list[float] = field(default_factory=list)
    small: list[float] = field(default_factory=list)
    cpu: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    streams: dict[int, list[float]] = field(default_factory=dict)  # bits a second by the number of streams
    bare: list[float] = field(default_factory=list)  # bits a second without the veth pair's offloads
    text: list[float] = field(default_factory=list)  # bits a second of text
    wire: list[float] = field(default_factory=list)  # bytes on eth0 for each byte of that

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

    def settle(self, name: str, tunnel: Tunnel, name_there: str = "") -> None:
        """The device's address and MTU, once it is there; and its processes, with their children."""
        for number, (side, device) in enumerate(zip(self.sides, (name, name_there or name), strict=True)):
            wait(partial(has, side, device), f"{tunnel.name}: no {device}")
            side.netlink.set_link(device, state="up", mtu=MTU)
            with suppress(KernelError):  # openvpn and socat have given it one themselves
                side.netlink.add_address(device, f"{tunnel.address(number + 1)}/24")
        wait(lambda: bool(trips(self, tunnel, 1)), f"{tunnel.name}: no answer")
        one, other = ((pid, *children(pid)) for (pid,) in tunnel.pids) if tunnel.pids[0] else ((), ())
        tunnel.pids = (tuple(one), tuple(other))

    def end(self) -> None:
        for each in self.started:
            each.kill()
            each.wait()


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


def children(pid: int) -> list[int]:
    """Its children, and theirs: vtun's server forks for a session, ours for a direction."""
    found = [int(each) for each in Path("/proc", str(pid), "task", str(pid), "children").read_text().split()]
    return [*found, *(other for each in found for other in children(each))]


def has(side: Side, device: str) -> bool:
    return side.netlink.link(device) is not None


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


def direct(_bench: Bench, _tunnel: Tunnel) -> None:
    """Nothing around the packets, and the veth's own MTU."""


def openvpn_gcm(device: str, port: int, *more: str) -> Maker:
    """AES-128-GCM needs TLS: certificates that each end knows the other's by its fingerprint."""

    def make(bench: Bench, tunnel: Tunnel) -> None:
        files = [certificate(bench.folder / f"{device}{number}") for number in range(2)]
        roles = (["--tls-client"], ["--tls-server", "--dh", "none"])

        def words(number: int) -> list[str]:
            (own, key, _), (_, _, other) = files[number], files[1 - number]
            known = ["--cert", str(own), "--key", str(key), "--peer-fingerprint", other]
            ciphers = ["--data-ciphers", "AES-128-GCM", "--disable-dco"]
            return [*openvpn_words(tunnel, number, device, port), *roles[number], *known, *ciphers, *more]

        bench.both(words, tunnel)
        bench.settle(device, tunnel)

    return make


def certificate(path: Path) -> tuple[Path, Path, str]:
    """Its file, its key's, and its fingerprint as OpenVPN has it."""
    files = path.with_suffix(".crt"), path.with_suffix(".key")
    made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={path.name}", "-days", "9"]
    subprocess.run(
        ["openssl", "req", "-x509", *made, "-out", files[0], "-keyout", files[1]], check=True, capture_output=True
    )
    wanted = ["openssl", "x509", "-in", files[0], "-noout", "-fingerprint", "-sha256"]
    told = subprocess.run(wanted, check=True, capture_output=True, text=True).stdout
    return *files, told.strip().partition("=")[2]


def encrypted(path: str, port: int) -> Maker:
    """Our own, with keys of the run's own."""

    def make(bench: Bench, tunnel: Tunnel) -> None:
        files = [bench.folder / f"{port}.{number}" for number in range(2)]
        public = [bench.sides[0].run(TUNLAB, "tunnel", "keygen", str(each)).strip() for each in files]
        keys = [["--key-file", str(files[number]), "--peer-key", public[1 - number]] for number in range(2)]
        places, device = (f"{HERE}:{port}", f"{THERE}:{port}"), f"tunlab{port}"

        def words(number: int) -> list[str]:
            ends = ["--local", places[number], "--peer", places[1 - number]]
            return [TUNLAB, "tunnel", "--mode", "encrypted", "--path", path, "--device", device, *ends, *keys[number]]

        bench.both(words, tunnel)
        bench.settle(device, tunnel)

    return make


def ours(path: str, port: int, *more: str) -> Maker:
    def make(bench: Bench, tunnel: Tunnel) -> None:
        places, device = (f"{HERE}:{port}", f"{THERE}:{port}"), f"tunlab{port}"

        def words(number: int) -> list[str]:
            ends = ["--local", places[number], "--peer", places[1 - number]]
            return [TUNLAB, "tunnel", "--path", path, "--device", device, *ends, *more]

        bench.both(words, tunnel)
        bench.settle(device, tunnel)

    return make


def openvpn_words(tunnel: Tunnel, number: int, device: str, port: int) -> list[str]:
    local, remote = (HERE, THERE) if number == 0 else (THERE, HERE)
    own, other = (tunnel.address(host) for host in ((1, 2) if number == 0 else (2, 1)))
    return [
        "openvpn", "--dev", device, "--dev-type", "tun", "--topology", "p2p", "--proto", "udp4",
        "--local", local, "--remote", remote, "--port", str(port), "--ifconfig", own, other,
        "--tun-mtu", str(MTU), "--verb", "0",
    ]  # fmt: skip


def openvpn(device: str, port: int, *more: str) -> Maker:
    def make(bench: Bench, tunnel: Tunnel) -> None:
        def words(number: int) -> list[str]:
            plain = ["--cipher", "none", "--auth", "none"]
            return [*openvpn_words(tunnel, number, device, port), *plain, *more]

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


def wireguard(bench: Bench, tunnel: Tunnel) -> None:
    """The one of these that encrypts."""
    keys = [bench.sides[0].run("wg", "genkey").strip() for _ in range(2)]
    public = [
        subprocess.run(["wg", "pubkey"], input=key, capture_output=True, text=True, check=True).stdout.strip()
        for key in keys
    ]
    devices = ("wg0", "wg1")  # it has a socket of the device's name, in a folder that both ends share
    bench.both(lambda number: ["wireguard-go", "-f", devices[number]], tunnel)
    for number, (side, device) in enumerate(zip(bench.sides, devices, strict=True)):
        wait(partial(has, side, device), f"wireguard-go: no {device}")
        key = bench.folder / device
        key.write_text(keys[number])
        peer = ("endpoint", f"{(THERE, HERE)[number]}:51820", "allowed-ips", "0.0.0.0/0")
        side.run(
            "wg", "set", device, "listen-port", "51820", "private-key", str(key), "peer", public[1 - number], *peer
        )
    bench.settle("wg0", tunnel, "wg1")


def segment_before(device: str) -> None:
    """No segmentation by the device or behind it, and no joining: ETHTOOL_STSO, SGSO and SGRO of linux/ethtool.h."""
    _switch_off(device, (0x1F, 0x24, 0x2C))


def without_offloads(device: str) -> None:
    """Nothing of all that: ETHTOOL_STXCSUM, SRXCSUM and SSG too."""
    _switch_off(device, (0x17, 0x15, 0x19, 0x1F, 0x24, 0x2C))


def _switch_off(device: str, commands: Sequence[int]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for command in commands:
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            fcntl.ioctl(asking, 0x8946, struct.pack("16sP16x", device.encode(), ctypes.addressof(value)))


TUNED = ("--sndbuf", "4194304", "--rcvbuf", "4194304", "--fast-io", "--txqueuelen", "1000")
# By name: the programs that it takes, and what makes it.
TUNNELS: dict[str, tuple[tuple[str, ...], Maker]] = {
    DIRECT: ((), direct),
    VXLAN: ((), vxlan("vxgso", 4789, True)),
    VXLAN_NO_GSO: ((), vxlan("vxnogso", 4790, False)),
    OPENVPN_PLAIN: (("openvpn",), openvpn("ovpn", 1194)),
    OPENVPN_TUNED: (("openvpn",), openvpn("ovpnfast", 1195, *TUNED)),
    "vtun plain": (("vtund",), vtun),
    "socat": (("socat",), socat),
    OPENVPN_GCM: (("openvpn", "openssl"), openvpn_gcm("ovpngcm", 1196, *TUNED)),
    WIREGUARD: (("wireguard-go", "wg"), wireguard),
    SIMPLE: ((), ours("simple", 8285)),
    FAST: ((), ours("fast", 8286)),
    "fast, stock buffer": ((), ours("fast", 8287, "--receive-buffer", str(STOCK_BUFFER))),
    COMPRESSED: ((), ours("fast", 8288, "--mode", "compressed")),
    ENCRYPTED_SIMPLE: ((), encrypted("simple", 8289)),
    ENCRYPTED: ((), encrypted("fast", 8290)),
}
