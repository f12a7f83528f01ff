"""Every path that tunlab reads or writes, in one place."""

import os
import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent

TEMPLATE = PACKAGE / "labfile/template"  # of a new lab
TOPOLOGY_SCHEMA = PACKAGE / "labfile/topology/schema.json"
CLONE_DEVICE = Path("/dev/net/tun")
NETNS = Path("/run/netns")  # where ip-netns(8) looks for names
SANDBOX_RUN = Path("/run/tunlab")  # inside a sandbox, on its own tmpfs
LISTENERS = SANDBOX_RUN / "listeners"  # the sockets of those who hear what our programs report
WORK = SANDBOX_RUN / "work"  # the working directory of a lab's programs
STEPS = SANDBOX_RUN / "steps"  # when each step began
HOSTS = SANDBOX_RUN / "hosts"  # bound over /etc/hosts
OUTPUT = SANDBOX_RUN / "output"  # what the programs of a topology print
ENVIRONMENT = SANDBOX_RUN / "environment"  # a file for each node that has variables of its own
BASHRC = SANDBOX_RUN / "bashrc"  # of the learner's shell


def joined_bashrc(pid: int) -> Path:
    """Of a shell that was opened from another terminal: one each, by its pid inside."""
    return SANDBOX_RUN / f"bashrc-{pid}"


def labs() -> Path:
    """The labs: beside the package in a wheel, beside its folder in a checkout."""
    inside = PACKAGE / "labs"
    return inside if inside.is_dir() else PACKAGE.parent / "labs"


def find_lab(name: str) -> Path | None:
    """The folder of a shipped lab by its id, or None."""
    folder = labs() / name
    known = {path.name for path in labs().iterdir()}
    return folder if name in known and (folder / "lab.yaml").is_file() else None


def lab_ids() -> list[str]:
    """The ids of all shipped labs and sections, lab-1.10 after lab-1.9; nothing is opened."""
    names = (path.parent.name for path in labs().glob("*/lab.yaml"))
    return sorted(
        names, key=lambda name: [part.zfill(9) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]
    )


def sessions(uid: int) -> Path:
    """The folder of a user's running sessions: the runtime folder, else one of their own under /tmp."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") if uid == os.getuid() else None
    usable = runtime and Path(runtime).is_absolute() and Path(runtime).is_dir() and Path(runtime).stat().st_uid == uid
    return Path(str(runtime)) / "tunlab" if usable else Path(f"/tmp/tunlab-{uid}")


def all_sessions() -> list[tuple[int, Path]]:
    """Every folder with a name that `sessions` gives, and the uid in that name; its owner may be another."""
    named = [(path.parent.name, path) for path in Path("/run/user").glob("*/tunlab")]
    named += [(path.name.removeprefix("tunlab-"), path) for path in Path("/tmp").glob("tunlab-*")]
    return sorted((int(uid), path) for uid, path in named if uid.isdecimal())


def state(home: Path) -> Path:
    """Where a user's own state is kept; XDG_STATE_HOME counts only where it is absolute (XDG Base Directory)."""
    told = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (told if told.is_absolute() else home / ".local/state") / "tunlab"


def search_path() -> str:
    """Where a lab's programs are looked for: our own interpreter first, the user's PATH, then the sbin folders."""
    own = str(Path(sys.prefix) / "bin")
    return ":".join((own, os.environ.get("PATH", os.defpath), "/usr/local/sbin:/usr/sbin:/sbin"))
