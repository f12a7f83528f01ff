"""tun and tap devices by ioctl on the clone device (Documentation/networking/tuntap.rst, linux/if_tun.h)."""

import errno
import fcntl
import os
import socket
import struct
from enum import IntFlag

from tunlab import paths
from tunlab.kernel.errno_names import attempting
from tunlab.kernel.syscalls import pidfd_getfd

TUNSETIFF = 0x400454CA
TUNSETPERSIST = 0x400454CB
TUNSETOWNER = 0x400454CC
TUNSETOFFLOAD = 0x400454D0
TUNSETVNETHDRSZ = 0x400454D8
TUNGETDEVNETNS = 0x54E3
_SIOCGIFFLAGS, _IFF_UP = 0x8913, 1  # linux/sockios.h, linux/if.h
_SIOCGIFMTU = 0x8921

_NAME_LENGTH = 15  # IFNAMSIZ without the closing zero
_IFREQ_INT = struct.Struct("16si20x")
_IFREQ = struct.Struct("16sH22x")  # linux/if.h: the name, then ifr_flags; 40 bytes in all


class Flags(IntFlag):
    """IFF_ flags that TUNSETIFF takes."""

    TUN = 0x0001
    TAP = 0x0002
    MULTI_QUEUE = 0x0100
    NO_PI = 0x1000
    VNET_HDR = 0x4000


class Offload(IntFlag):
    """TUN_F_ flags: what the stack may leave to the program behind the device. USO: Linux 6.2."""

    NONE = 0
    CSUM = 0x01
    TSO4 = 0x02
    TSO6 = 0x04
    USO4 = 0x20
    USO6 = 0x40


REMEDIES = {
    errno.EBUSY: "remedy_tun_busy",
    errno.EINVAL: "remedy_tun_invalid",
    errno.EPERM: "remedy_tun_owner",
}


class Tun:
    """One open queue of a tun or tap device; closing it ends the device unless that is persistent."""

    def __init__(self, name: str = "", flags: Flags = Flags.TUN | Flags.NO_PI) -> None:
        self._wanted = name
        self._flags = flags
        self.name = name
        self.fd = -1

    def __enter__(self) -> "Tun":
        with attempting(f"open {paths.CLONE_DEVICE}"):
            fd = os.open(paths.CLONE_DEVICE, os.O_RDWR | os.O_CLOEXEC)
        try:
            with attempting(f"TUNSETIFF {self._wanted or '(any name)'} {self._flags!s}", REMEDIES):
                name = self._wanted.encode()
                if len(name) > _NAME_LENGTH:  # the kernel would cut it off and make another device
                    raise OSError(errno.ENAMETOOLONG, "name too long", self._wanted)
                answer = fcntl.ioctl(fd, TUNSETIFF, _IFREQ.pack(name, self._flags))
        except BaseException:
            os.close(fd)
            raise
        if not self._flags & Flags.VNET_HDR:  # who had it before us may have left some, and packets of 64 KB with them
            fcntl.ioctl(fd, TUNSETOFFLOAD, Offload.NONE)
        self.fd = fd
        self.name = _IFREQ.unpack(answer)[0].rstrip(b"\0").decode()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)
        self.fd = -1

    def fileno(self) -> int:
        return self.fd

    def persist(self, stay: bool = True) -> None:
        """Have the device stay when its last queue is closed (or go again)."""
        with attempting(f"TUNSETPERSIST {self.name}"):
            fcntl.ioctl(self.fd, TUNSETPERSIST, int(stay))

    def own(self, uid: int) -> None:
        """Let a user attach to the device without CAP_NET_ADMIN."""
        with attempting(f"TUNSETOWNER {self.name} {uid}"):
            fcntl.ioctl(self.fd, TUNSETOWNER, uid)

    def offload(self, *choices: Offload) -> Offload:
        """Take the first of these that the kernel knows. Only with Flags.VNET_HDR: it tells what is left to be done."""
        fcntl.ioctl(self.fd, TUNSETVNETHDRSZ, struct.pack("=i", 10))
        for each in choices:
            try:
                fcntl.ioctl(self.fd, TUNSETOFFLOAD, each)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
            else:
                return each
        return Offload.NONE


def is_up(name: str) -> bool:
    """Whether somebody has brought a device of this namespace up: IFF_UP (netdevice(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        answer = fcntl.ioctl(asking, _SIOCGIFFLAGS, _IFREQ.pack(name.encode(), 0))
    return bool(_IFREQ.unpack(answer)[1] & _IFF_UP)


def mtu(name: str) -> int:
    """That of a device of this namespace, in bytes (netdevice(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        answer = fcntl.ioctl(asking, _SIOCGIFMTU, _IFREQ_INT.pack(name.encode(), 0))
    return int(_IFREQ_INT.unpack(answer)[1])


def add_persistent(name: str, kind: str) -> None:
    """What `ip tuntap add dev NAME mode tun|tap` does. Raises KernelError."""
    with Tun(name, (Flags.TUN if kind == "tun" else Flags.TAP) | Flags.NO_PI) as tun:
        tun.persist()


def namespace_of(pid: int, fd: int) -> int | None:
    """The inode of the network namespace of the device behind another process's tun descriptor.

    None where the kernel does not let us see it. (fdinfo says `iff: tun0` alike in every namespace.)
    """
    taken: list[int] = []
    try:
        taken.append(os.pidfd_open(pid))
        taken.append(pidfd_getfd(taken[0], fd))
        taken.append(fcntl.ioctl(taken[1], TUNGETDEVNETNS))
        return os.fstat(taken[2]).st_ino
    except OSError:
        return None
    finally:
        for each in taken:
            os.close(each)
