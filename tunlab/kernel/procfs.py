"""What /proc tells about processes: who holds a tun device."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tunlab import paths
from tunlab.kernel.tuntap import namespace_of


@dataclass(frozen=True, slots=True)
class TunHolder:
    """A descriptor on a tun or tap device: `iff:` in /proc/PID/fdinfo/FD (drivers/net/tun.c)."""

    pid: int
    fd: int
    command: str


def tun_holders(device: str, namespace: int) -> Iterator[TunHolder]:
    """Who has `device` of the network namespace with that inode open, as far as we may see."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            yield from _held_by(entry, device, namespace)


def every_tun_holder() -> Iterator[tuple[int, str, TunHolder]]:
    """All that we may see, in one walk: the inode of the device's namespace, the device, and who has it open."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            for fd in _descriptors(entry):
                if device := _interface(entry, fd):
                    pid = int(entry.name)
                    yield namespace_of(pid, fd) or 0, device, TunHolder(pid, fd, _command(entry))


def holds_tun(pid: int, device: str, namespace: int) -> bool:
    """Whether that process has it open: cheaper than to look for all who do."""
    return any(True for _ in _held_by(Path("/proc", str(pid)), device, namespace))


def still_holds(holder: TunHolder, device: str) -> bool:
    """Whether that descriptor is still on a device of that name: far cheaper than to look for all holders anew."""
    return _interface(Path("/proc", str(holder.pid)), holder.fd) == device


def host_pid(pid: int, host_proc: int) -> int | None:
    """The pid by which the host knows a process of our PID namespace, or None where it has ended.

    `host_proc` is a descriptor of the host's /proc. Its `self` is this process, and there a pidfd of ours tells the
    pid in the host's terms (`Pid:` in fdinfo, since Linux 5.3); so no other process is looked at.
    """
    try:
        known = os.pidfd_open(pid)
    except OSError:
        return None
    try:
        with os.fdopen(os.open(f"self/fdinfo/{known}", os.O_RDONLY | os.O_CLOEXEC, dir_fd=host_proc)) as file:
            told = [line.split()[1] for line in file if line.startswith("Pid:")]
    except OSError:  # a sandbox whose process the host's /proc does not show
        return None
    finally:
        os.close(known)
    return next((int(number) for number in told if int(number) > 0), None)


def _held_by(process: Path, device: str, namespace: int) -> Iterator[TunHolder]:
    for fd in _descriptors(process):
        if _interface(process, fd) == device and namespace_of(int(process.name), fd) == namespace:
            yield TunHolder(int(process.name), fd, _command(process))


def _descriptors(process: Path) -> list[int]:
    try:
        return sorted(int(fd.name) for fd in (process / "fd").iterdir())
    except OSError:  # it ended, or it is not ours to see
        return []


def _interface(process: Path, fd: int) -> str | None:
    try:
        if (process / "fd" / str(fd)).readlink().name != paths.CLONE_DEVICE.name:
            return None
        for line in (process / "fdinfo" / str(fd)).read_text().splitlines():
            if line.startswith("iff:"):
                return line.removeprefix("iff:").strip()
    except OSError:
        pass
    return None


def _command(process: Path) -> str:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return b" ".join(word for word in words if word).decode(errors="replace")


def pending(pid: int, signum: int) -> bool:
    """Whether a process has yet to take a signal that it was sent (SigPnd and ShdPnd, proc_pid_status(5))."""
    try:
        lines = Path("/proc", str(pid), "status").read_text().splitlines()
    except OSError:
        return False
    masks = [int(line.split()[1], 16) for line in lines if line.startswith(("SigPnd:", "ShdPnd:"))]
    return any(mask >> (signum - 1) & 1 for mask in masks)


def parent_of(pid: int) -> int | None:
    """The pid of a process's parent; None where it has ended."""
    try:
        return int(Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def living() -> dict[int, str]:
    """The pids of all processes that this PID namespace has borne and that are not zombies, with their command lines.

    One that joined it from outside has no parent in it, as PID 1 has none (pid_namespaces(7)); it is left out.
    """
    return {
        int(entry.name): _command(entry)
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal() and _lives(entry)
    }


def _lives(process: Path) -> bool:
    try:
        state, parent = process.joinpath("stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return False
    return state not in "ZX" and (parent != "0" or process.name == "1")
