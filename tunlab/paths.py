"""Every path that tunlab reads or writes, in one place."""

import os
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent

CLONE_DEVICE = Path("/dev/net/tun")
NETNS = Path("/run/netns")  # where ip-netns(8) looks for names
SANDBOX_RUN = Path("/run/tunlab")  # inside a sandbox, on its own tmpfs
REPORTS = SANDBOX_RUN / "reports.sock"
WORK = SANDBOX_RUN / "work"  # the working directory of a lab's programs
HOSTS = SANDBOX_RUN / "hosts"  # bound over /etc/hosts


def labs() -> Path:
    """The labs: beside the package in a wheel, beside its folder in a checkout."""
    inside = PACKAGE / "labs"
    return inside if inside.is_dir() else PACKAGE.parent / "labs"


def find_lab(name: str) -> Path | None:
    """The folder of a shipped lab by its id, or None."""
    folder = labs() / name
    known = {path.name for path in labs().iterdir()}
    return folder if name in known and (folder / "lab.yaml").is_file() else None


def sessions(uid: int) -> Path:
    """The folder of a user's running sessions: the runtime folder, else one of their own under /tmp."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") if uid == os.getuid() else None
    usable = runtime and Path(runtime).is_absolute() and Path(runtime).is_dir() and Path(runtime).stat().st_uid == uid
    return Path(str(runtime)) / "tunlab" if usable else Path(f"/tmp/tunlab-{uid}")


def search_path() -> str:
    """Where a lab's programs are looked for: our own interpreter first, the user's PATH, then the sbin folders."""
    own = str(Path(sys.prefix) / "bin")
    return ":".join((own, os.environ.get("PATH", os.defpath), "/usr/local/sbin:/usr/sbin:/sbin"))
