"""System calls that Python 3.11 has no name for, each raising OSError as os's own would."""

import ctypes
import os
import socket
import struct
from pathlib import Path

CLONE_NEWNS = 0x00020000  # linux/sched.h
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8  # linux/mount.h
MS_BIND, MS_REC, MS_PRIVATE, MS_SLAVE, MS_SHARED = 4096, 16384, 1 << 18, 1 << 19, 1 << 20
MNT_DETACH = 2

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_NAME = 15
PR_SET_CHILD_SUBREAPER = 36
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2

_CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h
_SYS_PIDFD_GETFD = 438  # the same number on every architecture since 5.6

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)
    return result


def unshare(flags: int) -> None:
    """unshare(2)."""
    _checked(_libc.unshare(flags), "unshare")


def setns(fd: int, kind: int) -> None:
    """setns(2): `kind` is the CLONE_NEW flag of the namespace that `fd` refers to; of a pidfd, several at once."""
    _checked(_libc.setns(fd, kind), "setns")


def mount(source: str, target: str | Path, kind: str | None, flags: int = 0, options: str | None = None) -> None:
    """mount(2)."""
    _checked(
        _libc.mount(
            source.encode(),
            os.fsencode(target),
            kind.encode() if kind else None,
            ctypes.c_ulong(flags),
            options.encode() if options else None,
        ),
        f"mount {target}",
    )


def unmount(target: str | Path, flags: int = MNT_DETACH) -> None:
    """umount2(2)."""
    _checked(_libc.umount2(os.fsencode(target), flags), f"umount {target}")


def prctl(option: int, *arguments: int) -> None:
    """prctl(2); missing arguments are 0, as the kernel demands of most options."""
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    _checked(_libc.prctl(option, *padded), "prctl")


def set_name(name: str) -> None:
    """What ps(1) shows of this process: 15 bytes at most. Also where /proc/self/comm is not ours to write."""
    text = ctypes.create_string_buffer(name.encode())  # which lives as long as the call
    prctl(PR_SET_NAME, ctypes.addressof(text))


def pidfd_getfd(pidfd: int, fd: int) -> int:
    """pidfd_getfd(2): a copy of another process's descriptor."""
    return _checked(_libc.syscall(_SYS_PIDFD_GETFD, pidfd, fd, 0), "pidfd_getfd")


def bind_packet(fd: int, index: int, protocol: int) -> None:
    """bind(2) of a packet socket: Python's takes a device's name, and has none for all of them (`index` 0)."""
    address = struct.pack("=HHi12x", socket.AF_PACKET, socket.htons(protocol), index)
    _checked(_libc.bind(fd, address, len(address)), "bind")


def capabilities_permitted() -> int:
    """The permitted set as a bit mask (capabilities(7))."""
    for line in Path("/proc/thread-self/status").read_text().splitlines():
        if line.startswith("CapPrm:"):
            return int(line.split()[1], 16)
    raise AssertionError("/proc/thread-self/status has no CapPrm")


def raise_ambient(mask: int) -> None:
    """Make the capabilities in `mask` inheritable and ambient, so that an exec as a plain uid keeps them."""
    words = [mask & 0xFFFFFFFF, mask >> 32]
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(*(word for half in words for word in (half, half, half)))
    _checked(_libc.capset(header, sets), "capset")
    for capability in range(mask.bit_length()):
        if mask >> capability & 1:
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)
