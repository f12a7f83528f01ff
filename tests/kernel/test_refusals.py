"""What the kernel may refuse: each becomes a KernelError with the errno's name and a remedy."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from inside import forked

from tunlab.errors import KernelError
from tunlab.kernel import probe, sandbox
from tunlab.kernel.syscalls import CLONE_NEWNS, CLONE_NEWUSER, MS_PRIVATE, MS_REC, mount, prctl, raise_ambient, unshare
from tunlab.messages.en import SENTENCES

pytestmark = pytest.mark.needs("sandbox")

NOBODY = 65534
PR_SET_DUMPABLE = 4


def refusal(attempt: Any) -> tuple[str, str | None]:
    """The errno's name and the remedy of the KernelError that `attempt` must raise."""
    try:
        attempt()
    except KernelError as error:
        return error.errno_name, error.remedy
    raise AssertionError("not refused")


def make_sandbox() -> int:
    return sandbox.run(lambda front: 0, lambda holder: None)


def become_a_user() -> None:
    """As root: go on as nobody, in a process that may still write its own uid_map."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        prctl(PR_SET_DUMPABLE, 1)


def enter_user_namespace(more: int = 0) -> None:
    uid, gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER | more)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def test_user_namespace_in_a_chroot(tmp_path: Path) -> None:
    """user_namespaces(7): EPERM, for a process whose root is not the root of its mount namespace."""

    def run() -> tuple[str, str | None]:
        if os.geteuid() != 0:
            enter_user_namespace()
        os.chroot(tmp_path)
        become_a_user()
        return refusal(make_sandbox)

    assert forked(run) == ("EPERM", "remedy_userns_container")


def test_no_more_user_namespaces() -> None:
    def run() -> tuple[str, str | None]:
        become_a_user()
        enter_user_namespace()
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        return refusal(make_sandbox)

    assert forked(run) == ("ENOSPC", "remedy_userns_none")


def test_root_without_the_capability() -> None:
    """Root in a container: in its own user namespace where the test runs as an ordinary user."""
    script = """
from tunlab.errors import KernelError
from tunlab.kernel import sandbox
try:
    sandbox.run(lambda front: 0, lambda holder: None)
except KernelError as error:
    print(error.errno_name, error.remedy)
"""
    mapped_to_root = [] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user"]
    words = [*mapped_to_root, "setpriv", "--bounding-set", "-sys_admin", sys.executable, "-c", script]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20)
    assert (done.stdout.split(), done.stderr) == (["EPERM", "remedy_root_unshare"], "")


def test_no_clone_device() -> None:
    def run() -> tuple[str, str | None]:
        hide_the_device()
        return refusal(probe.open_clone_device)

    assert forked(run) == ("ENOENT", "remedy_no_clone_device")


@pytest.mark.needs("root")  # mknod(2)
def test_clone_device_without_driver() -> None:
    """A node in /dev with a number that no driver has: the module is missing."""

    def run() -> tuple[str, str | None]:
        hide_the_device()
        os.mknod("/dev/net/tun", 0o20666, os.makedev(240, 4711))
        return refusal(probe.open_clone_device)

    assert forked(run) == ("ENXIO", "remedy_no_clone_device")


def test_clone_device_of_root_alone() -> None:
    """Mode 0600, as a bare system has it (here a plain file of that mode: mknod wants root)."""

    def run() -> tuple[str, str | None]:
        hide_the_device()
        Path("/dev/net/tun").touch(0o600 if os.geteuid() == 0 else 0o000)
        become_a_user()
        raise_ambient(0)  # no capability that would override the mode
        return refusal(probe.open_clone_device)

    assert forked(run) == ("EACCES", "remedy_clone_device_mode")


def test_every_remedy_has_a_sentence() -> None:
    named = {
        word
        for path in Path(probe.__file__).parent.glob("*.py")
        for word in path.read_text().replace('"', " ").split()
        if word.startswith("remedy_")
    }
    assert named and named <= SENTENCES.keys()


def hide_the_device() -> None:
    """In a mount namespace of its own: an empty folder over /dev/net."""
    if os.geteuid() == 0:
        unshare(CLONE_NEWNS)
    else:
        enter_user_namespace(CLONE_NEWNS)
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount("tmpfs", "/dev/net", "tmpfs", 0, "mode=755")
