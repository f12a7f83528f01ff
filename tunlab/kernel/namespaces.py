"""Network namespaces with names, as ip-netns(8) keeps them: bind mounts under /run/netns."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tunlab import paths
from tunlab.kernel.errno_names import attempting
from tunlab.kernel.open_files import allow_for
from tunlab.kernel.syscalls import CLONE_NEWNET, MS_BIND, mount, setns, unmount, unshare


class NetworkNamespace:
    """A network namespace that this process made; a context manager that gives it up again.

    A socket belongs to the namespace in which it was made: `with namespace.entered():` open what is
    needed there, then serve it from outside.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._fd = -1
        self._named = False

    def __enter__(self) -> "NetworkNamespace":
        path = paths.NETNS / self.name
        with attempting(f"ip netns add {self.name}"), _coming_back():
            unshare(CLONE_NEWNET)
            path.touch(exist_ok=False)
            self._named = True
            try:
                mount("/proc/thread-self/ns/net", path, None, MS_BIND)
                self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except BaseException:
                self.give_up_name()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        self.give_up_name()
        os.close(self._fd)

    def give_up_name(self) -> None:
        """Have ip-netns(8) find it no more; it lives as long as its descriptor. A second time does nothing."""
        if not self._named:
            return
        self._named = False
        path = paths.NETNS / self.name
        with suppress(OSError):  # somebody in the sandbox has deleted it (`ip netns del`)
            unmount(path)
        with suppress(OSError):
            path.unlink()

    def fileno(self) -> int:
        """The descriptor that refers to the namespace."""
        return self._fd

    def inode(self) -> int:
        """The namespace's identity: the number in `net:[4026531840]`."""
        return os.fstat(self._fd).st_ino

    @contextmanager
    def entered(self) -> Iterator[None]:
        """This thread is in the namespace for the length of the block."""
        with _coming_back():
            setns(self._fd, CLONE_NEWNET)
            yield


def own_inode() -> int:
    """The identity of the network namespace in which this thread is."""
    return Path("/proc/thread-self/ns/net").stat().st_ino


def open_named(name: str) -> int:
    """A descriptor of the namespace of that name; OSError where there is none. A FIFO that lies there delays nobody."""
    return os.open(paths.NETNS / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)


@contextmanager
def named() -> Iterator[list[tuple[str, int]]]:
    """The name of every network namespace that ip-netns(8) would list, with a descriptor of it for the block."""
    opened: list[tuple[str, int]] = []
    try:
        found = sorted(paths.NETNS.glob("*"))
        allow_for(len(found))
        for path in found:
            with suppress(OSError):  # it has just gone, or is not ours to see
                if identity(path.name):
                    opened.append((path.name, open_named(path.name)))
        yield opened
    finally:
        for _, fd in opened:
            os.close(fd)


def identity(name: str) -> int:
    """The identity of the namespace of that name; 0 where there is none. A lab that is rebuilt has another one."""
    try:
        found = (paths.NETNS / name).stat()
    except OSError:
        return 0
    return found.st_ino if found.st_dev != paths.NETNS.stat().st_dev else 0  # a file that is no mount point yet


@contextmanager
def visited(name: str) -> Iterator[None]:
    """This thread is in the namespace of that name for the length of the block; OSError where there is none."""
    with _coming_back():
        node = open_named(name)
        try:
            setns(node, CLONE_NEWNET)
        finally:
            os.close(node)
        yield


@contextmanager
def inside(descriptor: int) -> Iterator[None]:
    """This thread is in the network namespace behind that descriptor for the length of the block."""
    with _coming_back():
        with attempting("setns"):
            setns(descriptor, CLONE_NEWNET)
        yield


@contextmanager
def _coming_back() -> Iterator[None]:
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        setns(home, CLONE_NEWNET)
        os.close(home)
