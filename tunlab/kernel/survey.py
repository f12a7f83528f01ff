"""What a sandbox holds, seen from inside: its nodes, their devices, and the programs that run in them."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunlab import paths
from tunlab.errors import KernelError
from tunlab.kernel.guard import LOOKER
from tunlab.kernel.joined import enter_node, node_names

_NOBODY = ("Z", "X")  # states of a process that has ended (proc(5))


@dataclass(frozen=True, slots=True)
class ProgramSeen:
    """A process of a node: its pid inside the sandbox, and its command line."""

    pid: int
    command: str


@dataclass(frozen=True, slots=True)
class NodeSeen:
    """A node with its devices, in the kernel's order, and its programs."""

    name: str
    devices: tuple[str, ...]
    programs: tuple[ProgramSeen, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """All nodes, by name."""

    nodes: tuple[NodeSeen, ...]


def survey() -> Survey:
    """Inside, in a process that is free to stay in the last node that it looked at: `ask` starts such a one."""
    programs = _programs()
    return Survey(
        tuple(NodeSeen(name, seen, tuple(programs.get(_namespace(name), ()))) for name, seen in devices().items())
    )


def devices() -> dict[str, tuple[str, ...]]:
    """The same without the programs: what Tab offers. What only lies in /run/netns, and is no node, is left out."""
    found = {}
    for name in node_names():
        with suppress(KernelError):
            found[name] = _devices(name)
    return found


def from_data(data: dict[str, Any]) -> Survey:
    """What `dataclasses.asdict` made of a Survey, and JSON of that."""
    return Survey(
        tuple(
            NodeSeen(
                str(node["name"]),
                tuple(str(device) for device in node["devices"]),
                tuple(ProgramSeen(int(each["pid"]), str(each["command"])) for each in node["programs"]),
            )
            for node in data["nodes"]
        )
    )


def _devices(node: str) -> tuple[str, ...]:
    """The names in /proc/net/dev of that node, which is the one that this process is in from here on."""
    enter_node(node)
    lines = Path("/proc/thread-self/net/dev").read_bytes().split(b"\n")[2:-1]
    return tuple(os.fsdecode(line.partition(b":")[0].strip()) for line in lines)  # a name need not be UTF-8


def _namespace(node: str) -> int:
    with suppress(OSError):  # it has just gone
        return (paths.NETNS / node).stat().st_ino
    return 0


def _programs() -> dict[int, list[ProgramSeen]]:
    """By the inode of their network namespace; without the holder, and without those that only look in."""
    found: dict[int, list[ProgramSeen]] = {}
    for pid in sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()):
        process = Path("/proc", str(pid))
        with suppress(OSError):  # it ended, or it is not ours to see
            name, _, rest = (process / "stat").read_text(errors="replace").partition("(")[2].rpartition(")")
            if pid not in (1, os.getpid()) and name != LOOKER and rest.split()[0] not in _NOBODY:
                words = (process / "cmdline").read_bytes().split(b"\0")
                command = b" ".join(word for word in words if word).decode(errors="replace")
                namespace = (process / "ns/net").stat().st_ino
                found.setdefault(namespace, []).append(ProgramSeen(pid, command or name))
    return found
