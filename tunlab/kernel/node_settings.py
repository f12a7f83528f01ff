"""What is set under /proc/sys/net, in the network namespace of the caller; it only reads."""

from pathlib import Path


def setting(*parts: str) -> int:
    """A number, such as that of `setting("ipv4", "conf", "eth0", "rp_filter")`; 0 where there is no such setting.

    The parts are given one by one, because a device's name may have dots in it.
    """
    try:
        return int(Path("/proc/sys/net", *parts).read_text())
    except (OSError, ValueError):
        return 0
