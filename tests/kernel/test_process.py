"""Programs of a lab: on a terminal of their own, in their node, and reaped."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inside import Node, Sandboxed, nodes

from tunlab.errors import KernelError
from tunlab.kernel.process import Process, reap, spawn

pytestmark = pytest.mark.needs("sandbox")

PATIENCE = 10.0  # seconds


def in_node(sandboxed: Sandboxed, act: Callable[[Node], Any]) -> Any:
    """What `act` returns, called with one fresh node."""

    def inside(_: Any) -> Any:
        with nodes("h1") as (h1,):
            return act(h1)

    return sandboxed(inside)


def start(node: Node, *words: str) -> Process:
    return spawn(words, node.namespace, os.environ | {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, Path("/"))


def heard(process: Process, until: Callable[[list[str]], bool] = lambda lines: False) -> list[str]:
    """What it prints until `until` says so, or to its end."""
    lines: list[str] = []
    while not until(lines):
        assert select.select([process], [], [], PATIENCE)[0], f"silent after {lines}"
        more = process.lines()
        if more is None:
            break
        lines += more
    return lines


def exit_code(*pids: int) -> list[int]:
    """The exit codes of these processes, in order, as `reap` tells them."""
    codes: dict[int, int] = {}
    deadline = time.monotonic() + PATIENCE
    while not codes.keys() >= set(pids):
        assert time.monotonic() < deadline, f"only {codes} have ended"
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        codes |= reap()
    return [codes[pid] for pid in pids]


def test_output_arrives_as_it_is_printed(sandboxed: Sandboxed) -> None:
    """A program whose output goes to a pipe would keep the first line to itself."""
    script = "import sys; print('first'); sys.stdin.readline(); print('second')"

    def act(h1: Node) -> tuple[list[str], list[str]]:
        process = start(h1, sys.executable, "-c", script)
        before = heard(process, lambda lines: bool(lines))
        os.write(process.fileno(), b"go\n")
        return before, heard(process)

    assert in_node(sandboxed, act) == (["first"], ["second"])


def test_line_without_an_end_is_not_lost(sandboxed: Sandboxed) -> None:
    assert in_node(sandboxed, lambda h1: heard(start(h1, "printf", r"one\ntwo"))) == ["one", "two"]


def test_much_output_is_whole(sandboxed: Sandboxed) -> None:
    lines = in_node(sandboxed, lambda h1: heard(start(h1, "seq", "50000")))
    assert lines == [str(number) for number in range(1, 50001)]


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -TERM $$", -15), ("kill -9 $$", -9)])
def test_exit_code(sandboxed: Sandboxed, script: str, code: int) -> None:
    assert in_node(sandboxed, lambda h1: exit_code(start(h1, "sh", "-c", script).pid)) == [code]


def test_interrupt_ends_it_as_control_c_would(sandboxed: Sandboxed) -> None:
    def act(h1: Node) -> list[int]:
        process = start(h1, "sh", "-c", "echo ready; exec sleep 1000")
        heard(process, lambda lines: "ready" in lines)
        process.interrupt()
        return exit_code(process.pid)

    assert in_node(sandboxed, act) == [-signal.SIGINT]


def test_kill_of_one_that_has_gone(sandboxed: Sandboxed) -> None:
    def act(h1: Node) -> None:
        process = start(h1, "true")
        exit_code(process.pid)
        process.interrupt()
        process.kill()
        process.close()

    in_node(sandboxed, act)


@pytest.mark.parametrize(
    ("words", "errno_name"),
    [(("no-such-program",), "ENOENT"), (("/etc/passwd", "x"), "EACCES"), (("/",), "EACCES")],
)
def test_program_that_cannot_be_executed(sandboxed: Sandboxed, words: tuple[str, ...], errno_name: str) -> None:
    with pytest.raises(KernelError) as refused:
        in_node(sandboxed, lambda h1: start(h1, *words))
    assert (refused.value.errno_name, refused.value.attempt) == (errno_name, " ".join(words))


def test_failed_start_leaves_nothing_open(sandboxed: Sandboxed) -> None:
    def act(h1: Node) -> int:
        before = len(list(Path("/proc/self/fd").iterdir()))
        with pytest.raises(KernelError):
            start(h1, "no-such-program")
        return len(list(Path("/proc/self/fd").iterdir())) - before

    assert in_node(sandboxed, act) == 0


def test_it_is_in_its_node(sandboxed: Sandboxed) -> None:
    """/sys shows the node's devices, for this process alone."""

    def act(h1: Node) -> tuple[list[str], list[str], str, int]:
        h1.netlink.add_device("br7", "bridge")
        seen = heard(start(h1, "ls", "-1", "/sys/class/net"))
        ours = sorted(path.name for path in Path("/sys/class/net").iterdir())
        (namespace,) = heard(start(h1, "readlink", "/proc/self/ns/net"))
        return sorted(seen), ours, namespace, h1.namespace.inode()

    seen, ours, namespace, inode = in_node(sandboxed, act)
    assert (seen, ours, namespace) == (["br7", "lo"], ["lo"], f"net:[{inode}]")


def test_it_has_a_terminal_environment_and_directory_of_its_own(sandboxed: Sandboxed) -> None:
    def act(h1: Node) -> list[str]:
        script = 'test -t 0 && test -t 1 && test -t 2 && echo "$GREETING $PWD $(ps -o sid= -p $$ | tr -d " ") $$"'
        environment = os.environ | {"GREETING": "hello"}
        return heard(spawn(["sh", "-c", script], h1.namespace, environment, Path("/usr")))

    greeting, folder, session, pid = in_node(sandboxed, act)[0].split()
    assert (greeting, folder, session) == ("hello", "/usr", pid)


def test_orphan_is_adopted_and_reaped(sandboxed: Sandboxed) -> None:
    def act(h1: Node) -> tuple[int, list[int]]:
        process = start(h1, "sh", "-c", "trap '' HUP; sleep 1000 & echo $!")
        orphan = int(heard(process, lambda lines: bool(lines))[0])
        assert exit_code(process.pid) == [0]
        parent = Path(f"/proc/{orphan}/stat").read_text().rpartition(")")[2].split()[1]
        os.kill(orphan, signal.SIGKILL)
        return int(parent), exit_code(orphan)

    assert in_node(sandboxed, act) == (1, [-signal.SIGKILL])


def test_nothing_to_reap(sandboxed: Sandboxed) -> None:
    assert sandboxed(lambda front: reap()) == {}
