"""The environment variables of whatever runs in a node: the lab's programs, and the learner's shell."""

import os
import pwd

from tunlab import paths

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


def _ours(node: str) -> dict[str, str]:
    return {
        "PATH": paths.search_path(),
        "TUNLAB_NODE": node,
        "TUNLAB_REPORTS": str(paths.REPORTS),
        "TMPDIR": str(paths.WORK),  # what cc leaves when it is killed goes with the sandbox
    }
