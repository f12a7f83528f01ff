"""Kernel settings under net., in the network namespace of the caller (sysctl(8))."""

from pathlib import Path

from tunlab.errors import TunlabError
from tunlab.kernel.errno_names import attempting


def write(key: str, value: str) -> None:
    """Set `net.…` to `value`. Raises KernelError; TunlabError for a key that is not the namespace's own."""
    attempt = f"sysctl -w {key}={value}"
    top, *below = key.split(".")
    if top != "net" or not below or "" in below or "/" in key:
        raise TunlabError("sysctl_outside_net", setting=key)
    with attempting(attempt):
        Path("/proc/sys", top, *below).write_text(value)
