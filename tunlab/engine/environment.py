"""The environment variables of whatever runs in a node: the lab's programs, and the learner's shell."""

import os

from tunlab import paths


def environment(node: str) -> dict[str, str]:
    """The user's own variables, and what our programs need to report what they read and wrote."""
    return dict(os.environ) | {
        "PATH": paths.search_path(),
        "TUNLAB_NODE": node,
        "TUNLAB_REPORTS": str(paths.REPORTS),
        "TMPDIR": str(paths.WORK),  # what cc leaves when it is killed goes with the sandbox
    }
