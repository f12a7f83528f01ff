"""The mounts that make a sandbox look like a machine of its own: /proc, /sys, /run, /etc/hosts."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from tunlab import paths
from tunlab.kernel.syscalls import MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_REC, mount

RUN = Path("/run")


def furnish(keep: Iterable[Path]) -> None:
    """Mount all of it. Of the machine's /run only `keep` stays to be seen, and what the user and we need there.

    Raises OSError where the kernel refuses a mount.
    """
    # On a shared `/`, systemd's default, our mounts would otherwise appear outside.
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    kept = {path: os.open(path, os.O_PATH) for path in _below_run((*keep, *_needed()))}
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("tmpfs", str(RUN), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64m")
    for path, fd in kept.items():
        path.mkdir(parents=True)
        mount(f"/proc/self/fd/{fd}", path, None, MS_BIND | MS_REC)
        os.close(fd)
    paths.NETNS.mkdir()
    paths.WORK.mkdir(parents=True)
    paths.LISTENERS.mkdir()
    paths.LISTENERS.chmod(0o755)  # under sudo the programs are the real user's
    paths.HOSTS.write_text("127.0.0.1 localhost\n::1 localhost\n")
    if Path("/etc/hosts").is_file():
        mount(str(paths.HOSTS), "/etc/hosts", None, MS_BIND)


def _needed() -> list[Path]:
    """The user's runtime folder, the interpreter, and what PATH names: on some systems below /run."""
    places = [os.environ.get("XDG_RUNTIME_DIR", ""), sys.prefix, sys.base_prefix, *paths.search_path().split(":")]
    return [Path(place) for place in places if place]


def _below_run(wanted: Iterable[Path]) -> list[Path]:
    """Those that are folders below /run, outermost only, without the two that are the sandbox's own."""
    ours = (paths.NETNS, paths.SANDBOX_RUN)
    found: list[Path] = []
    for path in sorted({Path(os.path.normpath(path)) for path in wanted if path.is_absolute()}):
        inside = RUN in path.parents and path.is_dir()
        taken = any(other == path or other in path.parents for other in (*ours, *found))
        if inside and not taken:
            found.append(path)
    return found
