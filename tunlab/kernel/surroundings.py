"""What kind of machine this is: a container, WSL. To explain a refusal with, never to decide by."""

import re
from pathlib import Path


def container() -> str | None:
    """The program that runs the container we are in, `docker` or `podman`, or None."""
    if Path("/run/.containerenv").exists():  # podman-run(1)
        return "podman"
    return "docker" if Path("/.dockerenv").exists() else None


def wsl() -> int | None:
    """1 or 2 in the Windows Subsystem for Linux, else None. WSL 1 is not Linux: it has no namespaces.

    The releases are such as 4.4.0-19041-Microsoft and 5.15.90.1-microsoft-standard-WSL2.
    """
    release = read("/proc/sys/kernel/osrelease") or ""
    if not re.search("microsoft", release, re.IGNORECASE):
        return None
    return 1 if release.endswith("-Microsoft") else 2


def limit_of_none() -> str | None:
    """The setting by which no namespaces of some kind are allowed (namespaces(7)), or None."""
    for kind in ("user", "net", "mnt", "pid"):
        if read(f"/proc/sys/user/max_{kind}_namespaces") == "0":
            return f"user.max_{kind}_namespaces"
    return None


def read(path: str) -> str | None:
    """What a file says, without the space around; None where it cannot be read."""
    try:
        return Path(path).read_text().strip()
    except OSError:
        return None
