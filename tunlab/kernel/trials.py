"""Tries what labs do, in a sandbox made for that: what the kernel allows is found out by doing it."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial

from tunlab.errors import KernelError
from tunlab.kernel import device_kinds, probe, sandbox
from tunlab.kernel.errno_names import refusal
from tunlab.kernel.holder import FrontLine
from tunlab.kernel.namespaces import NetworkNamespace
from tunlab.kernel.netlink import Netlink
from tunlab.kernel.packet_socket import PacketSocket
from tunlab.kernel.tuntap import Flags, Tun

Trial = Callable[[], object]
Refusals = dict[str, KernelError | None]


def _far_end(kind: Flags) -> None:
    probe.open_clone_device()
    with Tun("", kind | Flags.NO_PI):
        pass


def _packet_socket() -> None:
    with PacketSocket():
        pass


def _namespace() -> None:
    with NetworkNamespace("node") as node, Netlink(node) as netlink:
        netlink.links()


def _veth() -> None:
    with NetworkNamespace("left") as left, NetworkNamespace("right") as right, Netlink(left) as netlink:
        netlink.add_veth("eth0", "eth0", right)


def _bridge() -> None:
    with NetworkNamespace("switch") as node, Netlink(node) as netlink:
        netlink.add_device("br0", "bridge")


def _ipv6() -> None:
    with NetworkNamespace("six") as node, Netlink(node) as netlink:
        netlink.add_address("lo", "2001:db8::1/64")


BASE: Mapping[str, Trial] = {
    "tun": partial(_far_end, Flags.TUN),
    "tap": partial(_far_end, Flags.TAP),
    "packet-socket": _packet_socket,
    "namespace": _namespace,
    "veth": _veth,
    "bridge": _bridge,
    "ipv6": _ipv6,
    "xfrm": probe.try_ipsec,
}


def with_kinds() -> dict[str, Trial]:
    """All trials: the base, and each kind of device whose module would not put devices of its own on the host."""
    kinds = [kind for kind in device_kinds.KINDS if not device_kinds.module_to_load(kind)]
    return {**BASE, **{kind: partial(device_kinds.make, kind) for kind in kinds}}


def try_all(trials: Mapping[str, Trial]) -> tuple[Refusals, int]:
    """Try each in one sandbox: what the kernel said, by name, None for yes; and the sandbox's exit status.

    Where that is not 0, the sandbox ended before its time, and the rest is not told. Raises KernelError where the
    kernel refuses the sandbox itself.
    """
    told = os.memfd_create("trials")
    try:
        status = sandbox.run(lambda front: _try_each(front, trials, told), lambda _: None)
        said = os.pread(told, os.fstat(told).st_size, 0)
    finally:
        os.close(told)
    reports = [json.loads(line) for line in said.splitlines()]
    return {name: KernelError(*refused) if refused else None for name, refused in reports}, status


def _try_each(front: FrontLine, trials: Mapping[str, Trial], told: int) -> int:
    """In the holder: a line for each as soon as it is known."""
    sys.unraisablehook = lambda _: None  # what a refused library object says at its end has been told by then
    for name, trial in trials.items():
        front.check()
        os.write(told, json.dumps((name, _refused(name, trial))).encode() + b"\n")
    return 0


def _refused(name: str, trial: Trial) -> tuple[str, str, str | None] | None:
    """What makes the KernelError anew, or None."""
    try:
        trial()
    except KernelError as error:
        found = error
    except OSError as error:
        found = refusal(error, name)
    except Exception as error:  # a library that cannot cope is a finding too
        found = KernelError(f"{type(error).__name__}: {error}", name)
    else:
        return None
    return found.errno_name, found.attempt, found.remedy
