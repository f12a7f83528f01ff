"""The sandbox: who we are in it, what we see in it, and that it leaves nothing outside."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from inside import Sandboxed, forked, nodes, output

from tunlab.engine.loop import Loop
from tunlab.kernel import procfs, sandbox
from tunlab.kernel.holder import Ended
from tunlab.kernel.tuntap import Tun

pytestmark = pytest.mark.needs("sandbox")

# What a process says about itself that was exec'd, as the programs of a lab are.
ABOUT_ITSELF = ["sh", "-c", "id -u; id -g; grep CapAmb /proc/self/status"]


def host() -> tuple[str, str]:
    """The links and the mounts around us."""
    return output("ip", "-j", "link"), Path("/proc/self/mountinfo").read_text()


def test_holder_is_pid_1_under_our_own_uid(sandboxed: Sandboxed) -> None:
    assert sandboxed(lambda front: (os.getpid(), os.getuid(), os.getgid())) == (1, os.getuid(), os.getgid())


@pytest.mark.needs("user")
def test_user_maps_to_their_own_uid_alone(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> list[str]:
        return Path("/proc/self/uid_map").read_text().split()

    assert sandboxed(inside) == [str(os.getuid()), str(os.getuid()), "1"]


def test_exec_keeps_the_capabilities_as_ambient_ones(sandboxed: Sandboxed) -> None:
    uid, gid, ambient = sandboxed(lambda front: output(*ABOUT_ITSELF)).splitlines()
    assert (uid, gid) == (str(os.getuid()), str(os.getgid()))
    net_admin, net_raw, sys_admin = 1 << 12, 1 << 13, 1 << 21
    wanted = net_admin | net_raw | sys_admin
    assert int(ambient.split()[1], 16) & wanted == wanted


def test_proc_shows_our_processes_only(sandboxed: Sandboxed) -> None:
    assert sandboxed(lambda front: list(procfs.living())) == [1]


def test_sys_shows_our_devices_only(sandboxed: Sandboxed) -> None:
    assert sandboxed(lambda front: [path.name for path in Path("/sys/class/net").iterdir()]) == ["lo"]


def test_run_is_a_tmpfs_of_our_own(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> tuple[str, bool]:
        Path("/run/netns/mine").touch()
        return output("stat", "-f", "-c", "%T", "/run").strip(), Path("/run/netns/mine").exists()

    assert sandboxed(inside) == ("tmpfs", True)
    assert not Path("/run/netns/mine").exists()


def test_runtime_folder_is_bound_back(tmp_path: Path) -> None:
    """A stand-in for /run/user/1000, which a test machine need not have: made in a mount namespace of its own."""
    script = f"""
import os
from pathlib import Path
from tunlab.kernel import sandbox
from tunlab.kernel.syscalls import mount
mount("tmpfs", "/run", "tmpfs")
runtime = Path("/run/user/4711")
runtime.mkdir(parents=True)
(runtime / "bus").write_text("still here")
os.environ["XDG_RUNTIME_DIR"] = str(runtime)
def main(front):
    (runtime / "tunlab").mkdir()
    Path({str(tmp_path / "seen")!r}).write_text((runtime / "bus").read_text())
    return 0
assert sandbox.run(main, lambda holder: None) == 0
assert (runtime / "tunlab").is_dir()
"""
    in_a_mount_namespace(script, "private")
    assert (tmp_path / "seen").read_text() == "still here"


def test_hosts_file_is_ours(sandboxed: Sandboxed) -> None:
    outside = Path("/etc/hosts").read_text()
    assert sandboxed(lambda front: Path("/etc/hosts").read_text()) == "127.0.0.1 localhost\n::1 localhost\n"
    assert Path("/etc/hosts").read_text() == outside


@pytest.mark.parametrize("status", [0, 1, 3, 42])
def test_exit_status_is_passed_through(status: int) -> None:
    assert forked(lambda: sandbox.run(lambda front: status, lambda holder: None)) == status


def test_holder_killed_by_a_signal_gives_128_plus_its_number() -> None:
    def run() -> int:
        return sandbox.run(lambda front: signal.pause() or 0, lambda holder: os.kill(holder, signal.SIGKILL))

    assert forked(run) == 128 + signal.SIGKILL


def test_signal_to_the_front_reaches_the_holder() -> None:
    def run() -> int:
        front = os.getpid()

        def main(line: Any) -> int:
            told.close()
            try:
                tell.send(b"ready")
                with Loop() as loop:
                    loop.at_each_turn(line.check)
                    loop.wait(lambda: False, 60)
                return 0
            except Ended as ended:
                return 128 + ended.signum

        told, tell = socket.socketpair()
        passer_on = os.fork()
        if passer_on == 0:
            tell.close()
            told.recv(8)
            os.kill(front, signal.SIGTERM)
            os._exit(0)
        return sandbox.run(main, lambda holder: None)

    assert forked(run) == 128 + signal.SIGTERM


def test_exception_of_main_is_shown_and_ends_the_sandbox(tmp_path: Path) -> None:
    shown = tmp_path / "stderr"

    def run() -> int:
        with shown.open("w") as sys.stderr:
            return sandbox.run(lambda front: {}["no such key"], lambda holder: None)

    assert forked(run) == 1
    assert "KeyError: 'no such key'" in shown.read_text()


def test_signal_outside_of_main_is_no_traceback(tmp_path: Path) -> None:
    """A signal that nobody in `main` catches ends the sandbox with 128+N and without a word."""
    shown = tmp_path / "stderr"

    def run() -> int:
        with shown.open("w") as sys.stderr:
            return sandbox.run(lambda front: os.kill(1, signal.SIGTERM) or front.check() or 0, lambda holder: None)

    assert forked(run) == 128 + signal.SIGTERM
    assert shown.read_text() == ""


def test_everything_started_dies_with_the_holder() -> None:
    def run() -> bytes:
        told, tell = os.pipe()

        def main(_: Any) -> int:
            if os.fork() == 0:
                os.setsid()
                signal.pause()
            return 0

        assert sandbox.run(main, lambda holder: None) == 0
        os.close(tell)
        return os.read(told, 1)  # end-of-file: nobody has the other end open any more

    assert forked(run) == b""


@pytest.mark.needs("tun")
def test_ip_netns_exec_works(sandboxed: Sandboxed) -> None:
    def inside(_: Any) -> tuple[str, str, list[str]]:
        with nodes("h1", "h2") as (h1, _), h1.namespace.entered(), Tun("tun7"):
            named = output("ip", "netns", "list")
            seen = output("ip", "netns", "exec", "h1", "ls", "/sys/class/net").split()
            return named, output("ip", "netns", "exec", "h1", "ip", "-j", "link"), seen

    named, links, seen = sandboxed(inside)
    assert {line.split()[0] for line in named.splitlines()} == {"h1", "h2"}
    assert {link["ifname"] for link in json.loads(links)} == {"lo", "tun7"} == set(seen)


@pytest.mark.needs("tcpdump")
def test_tcpdump_runs(sandboxed: Sandboxed) -> None:
    """It drops root where it finds it, and so dies where root is only mapped."""

    def inside(_: Any) -> str:
        with nodes("h1") as (h1,), h1.namespace.entered():
            h1.netlink.set_link("lo", state="up")
            words = ["tcpdump", "-l", "-n", "-i", "lo", "--immediate-mode", "udp port 9"]
            with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as tcpdump:
                assert tcpdump.stdout and tcpdump.stderr
                while "listening on lo" not in (line := tcpdump.stderr.readline()):
                    assert line, "tcpdump ended"
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                    sender.sendto(b"x", ("127.0.0.1", 9))
                printed = tcpdump.stdout.readline()
                tcpdump.terminate()
            return printed

    assert "127.0.0.1.9: UDP, length 1" in sandboxed(inside)


@pytest.mark.needs("tun")
def test_host_is_unchanged() -> None:
    """Before, during and after."""
    before = host()

    def run() -> tuple[str, str]:
        ready, go = socket.socketpair()

        def main(_: Any) -> int:
            with nodes("h1") as (h1,), h1.namespace.entered(), Tun("tun0"):
                go.send(b"made")
                go.recv(8)
            return 0

        during: list[tuple[str, str]] = []
        looker = os.fork()
        if looker == 0:
            ready.recv(8)
            same = host() == before
            ready.send(b"seen")
            os._exit(0 if same else 1)
        assert sandbox.run(main, lambda holder: during.append(host())) == 0
        assert os.waitpid(looker, 0)[1] == 0, "the host changed while a lab ran"
        return during[0]

    assert forked(run) == before
    assert host() == before


def test_mounts_do_not_spread_over_a_shared_root() -> None:
    """systemd makes `/` shared: what is mounted in the sandbox must not appear outside."""
    in_a_mount_namespace(
        """
from pathlib import Path
from tunlab.kernel import sandbox
from tunlab.kernel.namespaces import NetworkNamespace
def mounts():
    return Path("/proc/self/mountinfo").read_text()
def main(front):
    with NetworkNamespace("h1"):
        return 0
before, during = mounts(), []
assert " shared:" in before
assert sandbox.run(main, lambda holder: during.append(mounts())) == 0
assert during == [before] and mounts() == before
""",
        "shared",
    )


def in_a_mount_namespace(script: str, propagation: str) -> None:
    """Run Python in a mount namespace of its own (and, as a user, the user namespace that takes)."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]
    words = ["unshare", *user, "--mount", "--propagation", propagation, sys.executable, "-c", script]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
