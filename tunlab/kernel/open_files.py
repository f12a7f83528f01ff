"""How many files a process may have open (getrlimit(2)): raised as far as a topology needs it."""

import resource

from tunlab.errors import TunlabError

_OF_A_NODE = 3  # its namespace, a capture, and the terminal of a program
_OTHERS = 64


def allow_for(nodes: int) -> None:
    """Have room for what we open for that many nodes. Raises TunlabError where the machine lets us have less."""
    files = _OF_A_NODE * nodes + _OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and files > hard:
        raise TunlabError("too_many_nodes", files=files, most=hard)
    if soft != resource.RLIM_INFINITY and files > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
