"""What a survey of a sandbox tells: nodes, devices, programs; and what it leaves out."""

import os
import signal
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from held import Held, held
from inside import forked

from tunlab import paths
from tunlab.errors import KernelError
from tunlab.kernel import joined
from tunlab.kernel.survey import NodeSeen, devices, from_data, survey

pytestmark = pytest.mark.needs("sandbox")


def seen(there: Held) -> dict[str, NodeSeen]:
    def look() -> dict[str, Any]:
        return joined.ask(there.pidfd, os.geteuid(), os.getegid(), lambda: asdict(survey()))

    return {node.name: node for node in from_data(forked(look)).nodes}


def test_nodes_devices_and_programs() -> None:
    def start() -> None:
        if os.fork() == 0:
            joined.enter_node("h2")
            os.execvp("sleep", ["sleep", "1000"])

    with held(start) as there:
        nodes = seen(there)
    assert {name: node.devices for name, node in nodes.items()} == {"h1": ("lo", "eth0"), "h2": ("lo", "eth0")}
    assert nodes["h1"].programs == ()
    [program] = nodes["h2"].programs
    assert program.command == "sleep 1000" and program.pid > 1


def test_a_strange_name_is_no_obstacle() -> None:
    """A process may call itself by any bytes, and in /run/netns may lie what is no node."""

    def start() -> None:
        Path("/run/netns/none").touch()
        os.mkfifo("/run/netns/pipe")
        if os.fork() == 0:
            joined.enter_node("h1")
            with Path("/proc/self/comm").open("wb") as comm:
                comm.write(b"\xff) Z (\xfe")
            signal.pause()

    with held(start) as there:
        nodes = seen(there)
    assert list(nodes) == ["h1", "h2"]
    assert len(nodes["h1"].programs) == 1


def test_a_device_whose_name_is_no_utf8() -> None:
    def add() -> None:
        subprocess.run(["ip", "-n", "h1", "link", "add", b"\xffx", "type", "veth"], check=True)

    with held(add) as there:
        assert seen(there)["h1"].devices[-1] == os.fsdecode(b"\xffx")


def test_the_folder_of_the_nodes_is_gone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(paths, "NETNS", tmp_path / "gone")
    with pytest.raises(KernelError, match="ENOENT"):
        joined.node_names()


def test_who_only_looks_is_no_program() -> None:
    with held() as there:
        told, tell = os.pipe()
        looker = os.fork()
        if looker == 0:

            def main() -> int:
                joined.enter_node("h1")
                os.write(tell, b"x")
                signal.pause()
                return 0

            joined.run(there.pidfd, os.geteuid(), os.getegid(), main, terminal=False, keep=[tell])
            os._exit(0)
        os.read(told, 1)
        nodes = seen(there)
        os.kill(looker, signal.SIGKILL)
        os.waitpid(looker, 0)
    assert nodes["h1"].programs == ()


def test_devices_alone() -> None:
    with held() as there:
        found = forked(lambda: joined.ask(there.pidfd, os.geteuid(), os.getegid(), devices))
    assert found == {"h1": ["lo", "eth0"], "h2": ["lo", "eth0"]}
