"""Who the user really is: under sudo the programs of a lab run as the one who called it."""

import os
import pwd

from tunlab.kernel.syscalls import capabilities_permitted, prctl, raise_ambient

_PR_SET_KEEPCAPS = 8  # linux/prctl.h


def real_uid() -> int:
    """The uid of the person at the keyboard."""
    return int(os.environ.get("SUDO_UID", "0")) if os.geteuid() == 0 else os.geteuid()


def become_real_user() -> None:
    """Under sudo: drop to the calling user, keeping the capabilities as ambient ones (capabilities(7))."""
    uid = real_uid()
    if uid != os.geteuid():
        account = pwd.getpwuid(uid)
        prctl(_PR_SET_KEEPCAPS, 1)
        os.initgroups(account.pw_name, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(uid)
    raise_ambient(capabilities_permitted())
