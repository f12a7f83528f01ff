"""The environment variables of whatever runs in a node: the lab's programs, and the learner's shell."""

import os
import pwd
from collections.abc import Iterable

from tunlab import paths

_MOST_BYTES = 1 << 20  # of a node's variables
_HARMLESS = ("TERM", "COLORTERM", "NO_COLOR", "LANG", "LANGUAGE", "TZ")


def environment(node: str) -> dict[str, str]:
    """The user's own variables, and what our programs need to report what they read and wrote."""
    return dict(os.environ) | _ours(node)


def environment_of(uid: int, node: str) -> dict[str, str]:
    """For a program that runs as another user: of our own variables only such as tell nothing: they can be read."""
    kept = {name: value for name, value in os.environ.items() if name in _HARMLESS or name.startswith("LC_")}
    try:
        account = pwd.getpwuid(uid)
        kept |= {"HOME": account.pw_dir, "USER": account.pw_name, "LOGNAME": account.pw_name}
    except KeyError:  # a uid without an account
        kept["HOME"] = "/"
    return kept | _ours(node)


def note_environment(node: str, variables: Iterable[tuple[str, str]]) -> None:
    """Inside: write down what the topology's file gives a node, for who joins it from another terminal."""
    paths.ENVIRONMENT.mkdir(exist_ok=True)
    (paths.ENVIRONMENT / node).write_text("".join(f"{name}={value}\0" for name, value in variables))


def noted(node: str) -> dict[str, str]:
    """Inside: what was written down; nothing where there is no such file, or one that is not like it.

    It may be another user's sandbox: whoever reads it has become that user before.
    """
    try:
        fd = os.open(paths.ENVIRONMENT / node, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return {}
    try:
        data = os.read(fd, _MOST_BYTES)
    except OSError:  # a folder, or a FIFO that somebody holds open
        return {}
    finally:
        os.close(fd)
    entries = (entry.partition("=") for entry in os.fsdecode(data).split("\0"))
    return {name: value for name, sign, value in entries if name and sign}


def _ours(node: str) -> dict[str, str]:
    return {
        "PATH": paths.search_path(),
        "TUNLAB_NODE": node,
        "TUNLAB_REPORTS": str(paths.LISTENERS),
        "TMPDIR": str(paths.WORK),  # what cc leaves when it is killed goes with the sandbox
    }
