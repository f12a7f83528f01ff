"""Who the user really is: under sudo the programs of a lab run as the one who called it."""

import os
import pwd
from pathlib import Path

from tunlab.kernel.syscalls import capabilities_permitted, prctl, raise_ambient

_PR_SET_KEEPCAPS = 8  # linux/prctl.h
_MOST = 1 << 32


def real_uid() -> int:
    """The uid of the person at the keyboard."""
    return _from_sudo("SUDO_UID") if os.geteuid() == 0 else os.geteuid()


def real_home() -> Path:
    """The home folder of the person at the keyboard. Under sudo HOME is root's, so the account says it."""
    told = Path(os.environ.get("HOME", ""))
    if real_uid() == os.geteuid() and told.is_absolute():
        return told
    try:
        return Path(pwd.getpwuid(real_uid()).pw_dir)
    except KeyError:  # a uid without an account
        return Path("/")


def give_to_real_user(path: Path | int) -> None:
    """Under sudo: make the calling user the owner of what was just made for them."""
    if real_uid() != os.geteuid():
        os.chown(path, real_uid(), _from_sudo("SUDO_GID"))


def become_real_user() -> None:
    """Under sudo: drop to the calling user, keeping the capabilities as ambient ones (capabilities(7))."""
    uid = real_uid()
    if uid != os.geteuid():
        gid = _from_sudo("SUDO_GID")
        prctl(_PR_SET_KEEPCAPS, 1)
        os.setgroups(_groups(uid, gid))
        os.setgid(gid)
        os.setuid(uid)
    raise_ambient(capabilities_permitted())


def _groups(uid: int, gid: int) -> list[int]:
    try:
        return os.getgrouplist(pwd.getpwuid(uid).pw_name, gid)
    except KeyError:  # a uid without an account
        return [gid]


def _from_sudo(name: str) -> int:
    """What sudo(8) says, or root where it says nothing sensible."""
    value = os.environ.get(name, "")
    return int(value) if value.isdecimal() and int(value) < _MOST else 0
