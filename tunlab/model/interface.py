"""What any device of a topology may be given, whatever its kind."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interface:
    """What is None, or empty, is not set: the kernel's own choice stays.

    `mtu` is in bytes. `addresses` are written with their prefix length, IPv4 before IPv6, each in the file's order.
    `master` is a bridge of the same node. `state` is `up` or `down`; where it is None, `tunlab up` brings the device
    up, and a lab leaves it to its steps.
    """

    mtu: int | None = None
    mac: str | None = None
    addresses: tuple[str, ...] = ()
    master: str | None = None
    state: str | None = None


PLAIN = Interface()  # as the kernel makes it
