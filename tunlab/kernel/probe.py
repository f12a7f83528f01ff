"""What this machine offers: found out by trying; the switches only explain a refusal."""

import errno
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tunlab import paths
from tunlab.errors import KernelError
from tunlab.kernel.errno_names import attempting

_PROGRAMS = {"vtun": "vtund"}  # by what a lab requires, where the program is called otherwise
_ESP = (
    "ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 1 mode tunnel aead rfc4106(gcm(aes)) 0x"
    + 20 * "00"
    + " 128"
).split()
_REFUSED = 2  # ip's status where the kernel says no


def open_clone_device() -> None:
    """Open /dev/net/tun and close it again. Raises KernelError with the remedy where that is refused."""
    remedies = {
        errno.ENOENT: "remedy_no_clone_device",
        errno.ENODEV: "remedy_no_clone_device",
        errno.ENXIO: "remedy_no_clone_device",
        errno.EACCES: "remedy_clone_device_mode",
        errno.EPERM: "remedy_clone_device_cgroup",
    }
    with attempting(f"open {paths.CLONE_DEVICE}", remedies):
        os.close(os.open(paths.CLONE_DEVICE, os.O_RDWR | os.O_CLOEXEC))


def missing(requirement: str) -> str | None:
    """The key of the sentence that says what is missing for `requirement` (tun, ipv6, xfrm, or a program), or None."""
    if requirement == "tun":
        return None if paths.CLONE_DEVICE.exists() else "missing_tun"
    if requirement == "ipv6":
        return None if Path("/proc/sys/net/ipv6").is_dir() else "missing_ipv6"
    if requirement == "xfrm":
        return None if _has_ipsec() else "missing_xfrm"
    program = _PROGRAMS.get(requirement, requirement)
    return None if shutil.which(program, path=paths.search_path()) else f"missing_{requirement}"


def try_ipsec() -> None:
    """Give the kernel a key for ESP, in a network namespace made for that; it loads its modules by itself.

    Raises KernelError where it has no IPsec, or none with ESP. Where no such namespace can be made, nothing is known.
    """
    with attempting("open a netlink socket to xfrm"):
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_XFRM).close()
    alone = ("unshare", *(("--user", "--map-root-user") if os.geteuid() else ()), "--net")
    variables = os.environ | {"PATH": paths.search_path()}
    done = subprocess.run([*alone, *_ESP], stdin=subprocess.DEVNULL, capture_output=True, env=variables, check=False)
    if done.returncode == _REFUSED:
        raise KernelError("EPROTONOSUPPORT", "ip xfrm state add proto esp")


@cache
def _has_ipsec() -> bool:
    try:
        try_ipsec()
    except KernelError:
        return False
    return True


def older_than(release: str) -> bool:
    """Whether the running kernel is older than a release such as 6.11."""
    return _numbers(os.uname().release) < _numbers(release)


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", release)[:2])


def first_missing(requirements: Iterable[str]) -> str | None:
    """The sentence's key for the first requirement that is not met, or None."""
    return next((key for each in requirements if (key := missing(each))), None)


def user_namespace_remedy() -> str:
    """The key of the sentence for a kernel that refuses an unprivileged user namespace."""
    if _switch("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        return "remedy_userns_apparmor"
    if _switch("/proc/sys/kernel/unprivileged_userns_clone") == "0":
        return "remedy_userns_debian"
    if _switch("/proc/sys/user/max_user_namespaces") == "0":
        return "remedy_userns_none"
    return "remedy_userns_container"


def _switch(path: str) -> str | None:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return None
